package io.helios.repl.tests.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A source that is polled by a column, with a role that may read, and nothing else. */
class CheckpointTest {

  private static final String ORDERS =
      "CREATE TABLE orders (tenant_id text, id bigint, note text, changed timestamptz DEFAULT now(), PRIMARY KEY (tenant_id, id))";

  private static final String INDEX = "CREATE INDEX ON orders (changed)";
  private static final String ALL = "SELECT * FROM orders WHERE tenant_id = 'a' ORDER BY id";

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  private void insert(String tenant, int from, int to) {
    source.execute("INSERT INTO orders SELECT '" + tenant + "', i, E'a\tb\\\\N\n\\\\' || i FROM generate_series(" + from + ", " + to + ") i");
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 18})
  void insertsAndUpdatesArriveWithTheRightToReadAndNothingElse(int major) throws Exception {
    Database from = Database.create(Postgres.shared(major, "source"));
    Database to = Database.create(Postgres.shared(major, "target"));
    from.execute(ORDERS, INDEX, "INSERT INTO orders SELECT t, i, 'x' FROM unnest(ARRAY['a', 'b']) t, generate_series(1, 100) i");
    ConnectionSettings reader = Polling.reader(from);
    assertThat(from.value("SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = '" + reader.user() + "'")).isEqualTo("f");
    try (Replication replication = Polling.replicate(directory, from, reader, to)) {
      UUID a = replication.start("a");
      from.execute(
          "INSERT INTO orders SELECT t, i, 'new' FROM unnest(ARRAY['a', 'b']) t, generate_series(101, 150) i",
          "UPDATE orders SET note = 'changed', changed = now() WHERE id % 2 = 0");
      replication.catchUp(a);
      assertThat(to.query(ALL)).isEqualTo(from.query(ALL)).hasSize(150);
      assertThat(to.value("SELECT count(*) FROM orders")).isEqualTo("150");
      assertThat(replication.fleet.status(a).conflicts()).isZero();
      from.execute("INSERT INTO orders VALUES ('a', 1000, 'by itself')");
      await().atMost(Replication.PATIENCE).until(() -> to.query(ALL).size() == 151);
      assertThat(Fleet.await(replication.fleet.verify(a, Replication.PATIENCE), Replication.PATIENCE).equal()).isTrue();
    }
    assertThat(from.query("SELECT slot_name FROM pg_replication_slots WHERE database = '" + from.name() + "'")).isEmpty();
    assertThat(from.query("SELECT pubname FROM pg_publication")).isEmpty();
  }

  @Test
  void afterARestartItGoesOnWhereItWas() throws Exception {
    source.execute(ORDERS, INDEX);
    insert("a", 1, 100);
    ConnectionSettings reader = Polling.reader(source);
    try (Replication replication = Polling.replicate(directory, source, reader, target)) {
      UUID a = replication.start("a");
      insert("a", 101, 110);
      replication.catchUp(a);
    }
    insert("a", 111, 120);
    source.execute("UPDATE orders SET note = 'meanwhile', changed = now() WHERE id = 5");
    try (Replication replication = Polling.replicate(directory, source, reader, target)) {
      UUID a = replication.add("a", DesiredState.RUNNING);
      replication.becomes(a, TenantState.STREAMING);
      replication.catchUp(a);
      replication.equal(ALL);
      assertThat(replication.events).noneMatch(event -> event.problem() != null);
    }
  }

  @Test
  void aCrashBetweenTheJournalAndTheStateLetsRowsComeAgain() throws Exception {
    source.execute(ORDERS, INDEX);
    ConnectionSettings reader = Polling.reader(source);
    Path state = directory.resolve("journal/shop/checkpoint.state");
    byte[] before;
    try (Replication replication = Polling.replicate(directory, source, reader, target)) {
      UUID a = replication.start("a");
      insert("a", 1, 100);
      replication.catchUp(a);
      before = Files.readAllBytes(state);
      insert("a", 101, 200);
      source.execute("UPDATE orders SET note = 'again', changed = now() WHERE id % 7 = 0");
      replication.catchUp(a);
    }
    assertThat(Files.readAllBytes(state)).isNotEqualTo(before);
    Files.write(state, before);
    source.execute("UPDATE orders SET note = 'once more', changed = now() WHERE id % 11 = 0");
    try (Replication replication = Polling.replicate(directory, source, reader, target)) {
      UUID a = replication.add("a", DesiredState.RUNNING);
      replication.becomes(a, TenantState.STREAMING);
      replication.catchUp(a);
      replication.equal(ALL);
      assertThat(replication.fleet.status(a).conflicts()).isZero();
    }
  }

  @Test
  void withoutAStateItIsAGapOfThoseThatWereCopied() throws Exception {
    source.execute(ORDERS, INDEX);
    insert("a", 1, 100);
    ConnectionSettings reader = Polling.reader(source);
    Path state = directory.resolve("journal/shop/checkpoint.state");
    try (Replication replication = Polling.replicate(directory, source, reader, target)) {
      replication.start("a");
    }
    Files.delete(state);
    insert("a", 101, 110);
    try (Replication replication = Polling.replicate(directory, source, reader, target)) {
      UUID a = replication.add("a", DesiredState.RUNNING);
      replication.becomes(a, TenantState.NEEDS_RESYNC);
      assertThat(Objects.requireNonNull(replication.fleet.status(a).error()).code()).isEqualTo(ErrorCode.CHECKPOINT_STATE_LOST);
      replication.fleet.resyncTenant(a);
      replication.becomes(a, TenantState.STREAMING);
      insert("a", 111, 120);
      replication.catchUp(a);
      replication.equal(ALL);
    }
  }

  @Test
  void aColumnThatIsAddedFollowsAndATableThatIsRewrittenLosesNothing() throws Exception {
    source.execute(ORDERS, INDEX);
    ConnectionSettings reader = Polling.reader(source);
    try (Replication replication = Polling.replicate(directory, source, reader, target)) {
      UUID a = replication.start("a");
      for (int i = 0; i < 5; i++) {
        insert("a", i * 100, i * 100 + 50);
        source.execute("ALTER TABLE orders SET UNLOGGED", "ALTER TABLE orders SET LOGGED", "VACUUM FULL orders");
      }
      source.execute("ALTER TABLE orders ADD more int DEFAULT 7");
      insert("a", 1000, 1010);
      replication.catchUp(a);
      replication.equal(ALL);
    }
  }

  @Test
  void aTableWithoutTheColumnStopsTheTenantByName() throws Exception {
    source.execute(ORDERS, INDEX, "CREATE TABLE plain (tenant_id text, id int PRIMARY KEY)");
    ConnectionSettings reader = Polling.reader(source);
    try (Replication replication = Polling.replicate(directory, source, reader, target)) {
      UUID a = replication.add("a", DesiredState.CREATED);
      replication.fleet.startTenant(a);
      await().atMost(Replication.PATIENCE).until(() -> replication.fleet.status(a).error() != null);
      assertThat(Objects.requireNonNull(replication.fleet.status(a).error()).table()).isEqualTo("public.plain");
    }
  }

  @Test
  void tenantsThatShareATableEachGetTheirOwn() throws Exception {
    source.execute(ORDERS, INDEX, "CREATE TABLE nobodys (n int)", "INSERT INTO orders SELECT 't' || i, 1, 'x' FROM generate_series(1, 10) i");
    ConnectionSettings reader = Polling.reader(source);
    try (Replication replication = Polling.replicate(directory, source, reader, target)) {
      UUID first = replication.start("t1");
      UUID second = replication.start("t2");
      source.execute("UPDATE orders SET note = 'y', changed = now()");
      replication.catchUp(first);
      replication.catchUp(second);
      assertThat(target.query("SELECT tenant_id, note FROM orders ORDER BY 1")).containsExactly("t1|y", "t2|y");
    }
  }

  @Test
  void schemasAndPartitionsArePolledToo() throws Exception {
    for (String schema : List.of("tenant_a", "tenant_b")) {
      source.execute(
          "CREATE SCHEMA " + schema,
          "CREATE TABLE " + schema + ".notes (id int, day int, text text, changed timestamptz DEFAULT now(), PRIMARY KEY (id, day))"
              + " PARTITION BY RANGE (day)",
          "CREATE TABLE " + schema + ".notes_1 PARTITION OF " + schema + ".notes FOR VALUES FROM (0) TO (10)",
          "CREATE TABLE " + schema + ".notes_2 PARTITION OF " + schema + ".notes FOR VALUES FROM (10) TO (20)",
          "CREATE INDEX ON " + schema + ".notes (changed)",
          "INSERT INTO " + schema + ".notes SELECT i, i % 20, 'n' FROM generate_series(1, 50) i");
    }
    try (Replication replication =
        new Replication(Polling.MODE, directory, source, target, new Tenancy.BySchema("tenant_{key}"))) {
      UUID a = replication.start("a");
      Polling.polls(replication, a, 3);
      source.execute(
          "INSERT INTO tenant_a.notes VALUES (51, 3, 'new'), (52, 13, 'new')",
          "UPDATE tenant_a.notes SET text = 'changed', changed = now() WHERE id % 3 = 0",
          "UPDATE tenant_b.notes SET text = 'not mine', changed = now()");
      replication.catchUp(a);
      replication.equal("SELECT * FROM tenant_a.notes ORDER BY id");
      assertThat(target.value("SELECT to_regclass('tenant_b.notes') IS NULL")).isEqualTo("t");
    }
  }

  @Test
  void aTenantIsADatabaseAndReferenceTablesArePolledToo() throws Exception {
    source.execute(
        "CREATE TABLE orders (id int PRIMARY KEY, plan int, changed timestamptz DEFAULT now())",
        "CREATE TABLE plans (id int PRIMARY KEY, name text, changed timestamptz DEFAULT now())",
        "CREATE INDEX ON orders (changed)",
        "CREATE INDEX ON plans (changed)",
        "INSERT INTO plans VALUES (1, 'small'), (2, 'large')",
        "INSERT INTO orders SELECT i, 1 FROM generate_series(1, 50) i");
    try (Replication replication =
        new Replication(
            Polling.MODE, directory, source, target, new Tenancy.ByDatabase(), new TableFilter(List.of("public.plans")))) {
      UUID all = replication.start("everything");
      UUID plans = replication.fleet.statuses().entrySet().stream()
          .filter(e -> e.getValue().tenant().startsWith("_reference."))
          .findFirst()
          .orElseThrow()
          .getKey();
      replication.becomes(plans, TenantState.STREAMING);
      source.execute(
          "UPDATE plans SET name = 'huge', changed = now() WHERE id = 2",
          "UPDATE orders SET plan = 2, changed = now() WHERE id < 10",
          "INSERT INTO orders VALUES (51, 2)");
      replication.catchUp(all);
      replication.catchUp(plans);
      replication.equal("SELECT * FROM orders ORDER BY id");
      replication.equal("SELECT * FROM plans ORDER BY id");
    }
  }

  /** Scans of the index, and transactions, per poll: they do not grow with the tenants. */
  @Test
  @Tag("long")
  void howeverManyTenantsATableHasItIsPolledByOneQuery() throws Exception {
    int tenants = 150; // from a hundred on they are told apart here, not by the source
    source.execute(ORDERS, INDEX);
    for (int i = 0; i < tenants; i++) {
      insert("t" + i, 1, 10);
    }
    source.execute("ANALYZE orders");
    try (Replication replication = Polling.replicate(directory, source, Polling.reader(source), target)) {
      UUID first = replication.start("t0");
      double one = scansPerPoll(replication, first);
      for (int i = 1; i < tenants; i++) {
        UUID id = replication.add("t" + i, DesiredState.CREATED);
        replication.fleet.startTenant(id);
      }
      for (int i = 1; i < tenants; i++) {
        replication.becomes(UUID.nameUUIDFromBytes(("t" + i).getBytes(StandardCharsets.UTF_8)), TenantState.STREAMING);
      }
      source.execute("UPDATE orders SET note = 'changed', changed = now() WHERE id = 5");
      replication.catchUp(first);
      double all = scansPerPoll(replication, first);
      System.out.printf("scans a poll: %.2f with one tenant, %.2f with %d%n", one, all, tenants);
      assertThat(one).isPositive();
      assertThat(all).isLessThan(2 * one + 1);
      for (int i = 1; i < tenants; i++) {
        replication.catchUp(UUID.nameUUIDFromBytes(("t" + i).getBytes(StandardCharsets.UTF_8)));
      }
      replication.equal("SELECT * FROM orders ORDER BY tenant_id, id");
    }
  }

  /** A poll with nothing new to find reads no table; each of these has something, and a few more begin by themselves. */
  private double scansPerPoll(Replication replication, UUID tenant) throws Exception {
    long scans = scans();
    int polls = 40;
    for (int i = 0; i < polls; i++) {
      source.execute("UPDATE orders SET note = note || '.', changed = now() WHERE tenant_id = 't0' AND id = 1");
      replication.catchUp(tenant);
    }
    return (scans() - scans) / (double) polls;
  }

  /** Statistics of a session show when it has been idle for a moment, at the latest after ten seconds. */
  private long scans() throws InterruptedException {
    Thread.sleep(Duration.ofSeconds(2));
    return Long.parseLong(source.value(
        "SELECT sum(idx_scan) + (SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'orders')"
            + " FROM pg_stat_user_indexes WHERE relname = 'orders' AND indexrelname <> 'orders_pkey'"));
  }

  @Test
  void aKeyIsNeverSqlAndNoElementOfAList() throws Exception {
    String key = "x'; DROP TABLE orders; -- \"quoted\" \\ $$ {,} NULL";
    source.execute(ORDERS, INDEX);
    try (var connection = source.connect();
        var insert = connection.prepareStatement("INSERT INTO orders SELECT ?, i, 'n' FROM generate_series(1, 20) i ON CONFLICT (tenant_id, id) DO UPDATE SET note = 'again', changed = clock_timestamp()");
        Replication replication = Polling.replicate(directory, source, Polling.reader(source), target)) {
      insert.setString(1, key);
      insert.execute();
      UUID id = replication.start(key);
      insert.execute();
      insert.setString(1, "x");
      insert.execute();
      replication.catchUp(id);
      assertThat(target.query("SELECT tenant_id, id, note FROM orders ORDER BY id"))
          .isEqualTo(source.query("SELECT tenant_id, id, note FROM orders WHERE tenant_id <> 'x' ORDER BY id"))
          .hasSize(20);
    }
  }

  @Test
  void aRightThatIsTakenBackIsNamedAndEverythingComesOnceItIsGivenAgain() throws Exception {
    source.execute(ORDERS, INDEX);
    ConnectionSettings reader = Polling.reader(source);
    try (Replication replication = Polling.replicate(directory, source, reader, target)) {
      UUID a = replication.start("a");
      insert("a", 1, 50);
      replication.catchUp(a);
      source.execute("REVOKE SELECT ON orders FROM " + reader.user());
      insert("a", 51, 60);
      await().atMost(Replication.PATIENCE).until(() -> replication.fleet.status(a).error() != null);
      Problem error = Objects.requireNonNull(replication.fleet.status(a).error());
      assertThat(error.code()).isEqualTo(ErrorCode.POLL_FAILED);
      assertThat(error.table()).isEqualTo("public.orders");
      insert("a", 61, 70);
      source.execute("GRANT SELECT ON orders TO " + reader.user());
      await().atMost(Replication.PATIENCE).untilAsserted(() -> replication.equal(ALL));
      await().atMost(Replication.PATIENCE).until(() -> replication.fleet.status(a).error() == null);
      source.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'helios-repl/capture' AND datname = current_database()");
      insert("a", 71, 80);
      await().atMost(Replication.PATIENCE).untilAsserted(() -> replication.equal(ALL));
      assertThat(replication.fleet.status(a).conflicts()).isZero();
    }
  }

  /** Ids of transactions that were found, but were never flushed, are given again to others. */
  @Tag("long")
  @Test
  void aCrashOfTheSourceThatForgetsTransactionsHidesNoneOfThoseThatFollow() throws Exception {
    try (LocalPostgres own = Postgres.start(17, Map.of("wal_writer_delay", "10s", "autovacuum", "off"))) {
      Database from = Database.create(own);
      from.execute(ORDERS, INDEX);
      ConnectionSettings reader = Polling.reader(from);
      try (Replication replication = Polling.replicate(directory, from, reader, target)) {
        UUID a = replication.start("a");
        from.execute("INSERT INTO orders VALUES ('a', 1, 'kept')");
        Polling.polls(replication, a, 3);
        try (Polling.Session forgetful = new Polling.Session(from.connect())) {
          forgetful.run("SET synchronous_commit = off");
          for (int i = 100; i < 120; i++) {
            forgetful.run("INSERT INTO orders VALUES ('a', " + i + ", 'forgotten')");
            replication.catchUp(a);
          }
          ProcessHandle.of(Long.parseLong(forgetful.value("SELECT pg_backend_pid()"))).orElseThrow().destroyForcibly();
        }
        await().atMost(Replication.PATIENCE).ignoreExceptions().until(() -> !from.query("SELECT 1").isEmpty());
        for (int i = 200; i < 220; i++) {
          from.execute("INSERT INTO orders VALUES ('a', " + i + ", 'after')");
        }
        await().atMost(Replication.PATIENCE).ignoreExceptions().untilAsserted(() -> replication.catchUp(a));
        assertThat(target.query("SELECT id FROM orders WHERE note = 'after' ORDER BY id"))
            .isEqualTo(from.query("SELECT id FROM orders WHERE note = 'after' ORDER BY id"))
            .hasSize(20);
        assertThat(replication.fleet.status(a).state()).isEqualTo(TenantState.STREAMING);
      }
    }
  }
}
