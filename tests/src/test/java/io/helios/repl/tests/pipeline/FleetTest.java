package io.helios.repl.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The engine as a whole on real servers: tenancies, and days that are not good. */
class FleetTest {

  private static final Tenancy BY_COLUMN = new Tenancy.ByColumn("tenant_id");
  private static final String ORDERS =
      "CREATE TABLE orders (tenant_id text, id bigint, note text, PRIMARY KEY (tenant_id, id))";

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  private Replication replicate(Tenancy tenancy, @Nullable TableFilter reference) {
    return new Replication(directory, source, target, tenancy, reference);
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 18})
  void otherMajorsReplicateToo(int major) throws Exception {
    Database from = Database.create(Postgres.shared(major, "source"));
    Database to = Database.create(Postgres.shared(major, "target"));
    from.execute(ORDERS, "INSERT INTO orders SELECT 'a', i, 'x' FROM generate_series(1, 100) i");
    try (Replication replication = new Replication(directory, from, to, BY_COLUMN, null)) {
      UUID a = replication.start("a");
      from.execute("UPDATE orders SET note = 'y' WHERE id % 2 = 0", "DELETE FROM orders WHERE id > 90");
      replication.catchUp(a);
      replication.equal("SELECT * FROM orders ORDER BY id");
      assertThat(io.helios.repl.pipeline.Fleet.await(replication.fleet.verify(a, Replication.PATIENCE), Replication.PATIENCE).equal())
          .isTrue();
    }
  }

  @Test
  void aTenantIsASchema() throws Exception {
    for (String schema : List.of("tenant_a", "tenant_b")) {
      source.execute(
          "CREATE SCHEMA " + schema,
          "CREATE TABLE " + schema + ".notes (id int PRIMARY KEY, text text)",
          "INSERT INTO " + schema + ".notes SELECT i, 'n' FROM generate_series(1, 50) i");
    }
    try (Replication replication = replicate(new Tenancy.BySchema("tenant_{key}"), null)) {
      UUID a = replication.start("a");
      source.execute("INSERT INTO tenant_a.notes VALUES (51, 'new')", "UPDATE tenant_b.notes SET text = 'not mine'");
      replication.catchUp(a);
      replication.equal("SELECT * FROM tenant_a.notes ORDER BY id");
      assertThat(target.value("SELECT to_regclass('tenant_b.notes') IS NULL")).isEqualTo("t");
      source.execute("TRUNCATE tenant_a.notes", "INSERT INTO tenant_a.notes VALUES (1, 'again')");
      replication.catchUp(a);
      replication.equal("SELECT * FROM tenant_a.notes ORDER BY id");
    }
  }

  @Test
  void aTenantIsADatabaseAndReferenceTablesGoAlong() throws Exception {
    source.execute(
        "CREATE TABLE orders (id int PRIMARY KEY, plan int)",
        "CREATE TABLE plans (id int PRIMARY KEY, name text)",
        "INSERT INTO plans VALUES (1, 'small'), (2, 'large')",
        "INSERT INTO orders SELECT i, 1 FROM generate_series(1, 50) i");
    try (Replication replication = replicate(new Tenancy.ByDatabase(), new TableFilter(List.of("public.plans")))) {
      UUID all = replication.start("everything");
      UUID plans =
          replication.fleet.statuses().entrySet().stream()
              .filter(e -> e.getValue().tenant().startsWith("_reference."))
              .findFirst()
              .orElseThrow()
              .getKey();
      replication.becomes(plans, TenantState.STREAMING);
      source.execute("UPDATE plans SET name = 'huge' WHERE id = 2", "DELETE FROM orders WHERE id < 10");
      replication.catchUp(all);
      replication.catchUp(plans);
      replication.equal("SELECT * FROM orders ORDER BY id");
      replication.equal("SELECT * FROM plans ORDER BY id");
    }
  }

  @Test
  void aKeyIsNeverSql() throws Exception {
    String key = "x'; DROP TABLE orders; -- \"quoted\" \\ $$";
    source.execute(ORDERS);
    try (var connection = source.connect();
        var insert = connection.prepareStatement("INSERT INTO orders SELECT ?, i, 'n' FROM generate_series(1, 20) i")) {
      insert.setString(1, key);
      insert.execute();
      try (Replication replication = replicate(BY_COLUMN, null)) {
        UUID id = replication.start(key);
        insert.getConnection().createStatement().execute("UPDATE orders SET note = 'streamed'");
        replication.catchUp(id);
        replication.equal("SELECT * FROM orders ORDER BY id");
      }
    }
  }

  @Test
  void aColumnThatTheTargetLacksStopsTheTenantByNameAndMendingItLetsItGoOn() throws Exception {
    source.execute(ORDERS, "INSERT INTO orders VALUES ('a', 1, 'x'), ('b', 1, 'x')");
    target.execute(ORDERS);
    try (Replication replication = replicate(BY_COLUMN, null)) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      source.execute("ALTER TABLE orders ADD COLUMN extra int", "INSERT INTO orders VALUES ('a', 2, 'y', 7)");
      var error = Objects.requireNonNull(replication.becomes(a, TenantState.FAILED).error());
      assertThat(error.code()).isEqualTo(ErrorCode.SCHEMA_CHANGE_REFUSED);
      assertThat(error.table()).isEqualTo("public.orders");
      assertThat(error.lsn()).isNotNull();
      assertThatThrownBy(() -> replication.catchUp(a)).isInstanceOf(HeliosException.class);
      assertThat(replication.fleet.status(b).state()).isEqualTo(TenantState.STREAMING);

      target.execute("ALTER TABLE orders ADD COLUMN extra int");
      source.execute("INSERT INTO orders VALUES ('a', 3, 'z', 8)");
      replication.fleet.startTenant(a);
      replication.becomes(a, TenantState.STREAMING);
      replication.catchUp(a);
      replication.equal("SELECT * FROM orders WHERE tenant_id = 'a' ORDER BY id");
    }
  }

  @Test
  void aTableWhoseIdentityCannotCarryTheTenantIsRefusedWithTheSqlThatMendsIt() throws Exception {
    source.execute("CREATE TABLE orders (tenant_id text NOT NULL, id bigint PRIMARY KEY)");
    try (Replication replication = replicate(BY_COLUMN, null)) {
      UUID a = replication.add("a", DesiredState.CREATED);
      replication.fleet.startTenant(a);
      var error = Objects.requireNonNull(replication.becomes(a, TenantState.FAILED).error());
      assertThat(error.table()).isEqualTo("public.orders");
      source.execute(error.hint().split(";\\s*\n|\n"));
      replication.fleet.startTenant(a);
      replication.becomes(a, TenantState.STREAMING);
    }
  }

  @Test
  void pausedItFallsBehindStoppedItKeepsItsPlaceStartedTwiceItStreamsOnce() throws Exception {
    source.execute(ORDERS, "INSERT INTO orders VALUES ('a', 1, 'x')");
    try (Replication replication = replicate(BY_COLUMN, null)) {
      UUID a = replication.start("a");
      replication.fleet.startTenant(a);
      assertThat(replication.fleet.status(a).state()).isEqualTo(TenantState.STREAMING);
      replication.fleet.pauseTenant(a);
      replication.becomes(a, TenantState.PAUSED);
      source.execute("INSERT INTO orders VALUES ('a', 2, 'while paused')");
      await().atMost(Replication.PATIENCE).until(() -> {
        Double lag = replication.fleet.status(a).lagSeconds();
        return lag != null && lag > 0;
      });
      assertThat(target.value("SELECT count(*) FROM orders")).isEqualTo("1");
      replication.fleet.stopTenant(a);
      replication.becomes(a, TenantState.STOPPED);
      source.execute("INSERT INTO orders VALUES ('a', 3, 'while stopped')");
      replication.fleet.startTenant(a);
      replication.becomes(a, TenantState.STREAMING);
      replication.catchUp(a);
      replication.equal("SELECT * FROM orders ORDER BY id");
      assertThat(replication.fleet.status(a).copy().rows()).isZero();
    }
  }

  @Test
  void aTargetThatGoesAwayIsSeenAndWaitedForWhileTheSourceIsCaptured() throws Exception {
    Path data = directory.resolve("target");
    int port;
    LocalPostgres first = LocalPostgres.start(Map.of(), null, data, 0);
    port = first.port();
    source.execute(ORDERS, "INSERT INTO orders VALUES ('a', 1, 'x')");
    Database away = Database.create(first);
    try (Replication replication = new Replication(directory.resolve("fleet"), source, away, BY_COLUMN, null)) {
      UUID a = replication.start("a");
      String walsender = walsender();
      first.close();
      source.execute("INSERT INTO orders SELECT 'a', i, 'meanwhile' FROM generate_series(2, 500) i");
      await().atMost(Replication.PATIENCE).until(() -> replication.fleet.status(a).error() != null);
      assertThat(replication.fleet.status(a).state()).isEqualTo(TenantState.STREAMING);
      try (LocalPostgres second = LocalPostgres.start(Map.of(), null, data, port)) {
        replication.catchUp(a);
        assertThat(new Database(second, away.name()).query("SELECT * FROM orders ORDER BY id"))
            .isEqualTo(source.query("SELECT * FROM orders ORDER BY id"));
        assertThat(replication.fleet.status(a).error()).isNull();
        assertThat(walsender()).isEqualTo(walsender);
      }
    }
  }

  private String walsender() {
    return source.value("SELECT active_pid FROM pg_replication_slots WHERE slot_name = 'helios_" + source.name() + "'");
  }

  @Test
  void aSecondServerOnTheSameSlotSaysWhoHoldsIt() throws Exception {
    source.execute(ORDERS);
    Database other = Database.create(Postgres.shared(17, "target"));
    try (Replication first = replicate(BY_COLUMN, null);
        Replication second = new Replication(directory.resolve("other"), source, other, BY_COLUMN, null)) {
      first.start("a");
      UUID b = second.add("b", DesiredState.CREATED);
      second.fleet.startTenant(b);
      await().atMost(Replication.PATIENCE).until(() -> second.fleet.status(b).error() != null);
      var error = Objects.requireNonNull(second.fleet.status(b).error());
      assertThat(error.code()).isEqualTo(ErrorCode.SLOT_IN_USE);
      assertThat(error.message() + error.why() + error.hint()).contains(walsender());
    }
  }

  @Test
  void aDroppedSlotIsAGapThatIsNeverResumedOverInSilence() throws Exception {
    source.execute(ORDERS, "INSERT INTO orders SELECT 'a', i, 'x' FROM generate_series(1, 50) i");
    try (Replication replication = replicate(BY_COLUMN, null)) {
      replication.start("a");
    }
    source.execute(
        "SELECT pg_drop_replication_slot('helios_" + source.name() + "')", "DELETE FROM orders WHERE id < 10");
    try (Replication replication = replicate(BY_COLUMN, null)) {
      UUID a = replication.add("a", DesiredState.RUNNING);
      assertThat(Objects.requireNonNull(replication.becomes(a, TenantState.NEEDS_RESYNC).error()).hint())
          .contains("resync");
      assertThatThrownBy(() -> replication.fleet.startTenant(a)).isInstanceOf(HeliosException.class);
      replication.fleet.resyncTenant(a);
      replication.becomes(a, TenantState.STREAMING);
      replication.catchUp(a);
      replication.equal("SELECT * FROM orders ORDER BY id");
    }
  }

  @Test
  void aTenantThatIsRemovedLeavesItsRowsWritableAndNothingElse() throws Exception {
    source.execute(ORDERS, "INSERT INTO orders VALUES ('a', 1, 'x'), ('b', 1, 'x')");
    try (Replication replication = replicate(BY_COLUMN, null)) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      assertThatThrownBy(() -> target.execute("UPDATE orders SET note = 'mine' WHERE tenant_id = 'a'"))
          .hasMessageContaining("here");
      replication.fleet.removeTenant(a, false);
      target.execute("UPDATE orders SET note = 'mine' WHERE tenant_id = 'a'");
      assertThatThrownBy(() -> target.execute("UPDATE orders SET note = 'mine' WHERE tenant_id = 'b'"))
          .hasMessageContaining("here");
      replication.fleet.removeTenant(b, true);
      assertThat(target.query("SELECT tenant_id FROM orders")).containsExactly("a");
      assertThat(target.query("SELECT * FROM helios.replica")).isEmpty();
    }
  }
}
