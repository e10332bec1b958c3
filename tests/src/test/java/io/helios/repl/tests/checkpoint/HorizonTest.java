package io.helios.repl.tests.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.status.TenantState;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Values that were taken early and are committed late, and all else that loses rows to those who poll. Most of it with a counter:
 * polls of times look back half a minute anyhow, which would hide what is wrong.
 */
class HorizonTest {

  private static final String ALL = "SELECT * FROM orders WHERE tenant_id = 'a' ORDER BY id";
  private static final String VALUE = "nextval('versions')";

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  private static ConnectionSettings create(Database source, String type, String value) {
    source.execute(
        "CREATE SEQUENCE versions",
        "CREATE TABLE orders (tenant_id text DEFAULT 'a', id bigint, note text, changed " + type
            + " DEFAULT " + value + ", PRIMARY KEY (tenant_id, id))",
        "CREATE INDEX ON orders (changed)");
    source.execute("INSERT INTO orders SELECT 'a', i, 'before' FROM generate_series(1, 20) i");
    return Polling.reader(source);
  }

  private Replication replicate(ConnectionSettings reader) {
    return Polling.replicate(directory, source, reader, target);
  }

  private void insert(int from, int to) {
    source.execute("INSERT INTO orders (id, note) SELECT i, 'x' FROM generate_series(" + from + ", " + to + ") i");
  }

  /** The horizon rises with each poll, as far as it may. */
  private void pass(Replication replication, UUID tenant, int from) throws InterruptedException {
    for (int i = 0; i < 5; i++) {
      insert(from + i, from + i);
      replication.catchUp(tenant);
    }
  }

  @Test
  void aTransactionThatTookItsValueAndWroteOnlyAfterLaterOnesWerePassedIsNotMissed() throws Exception {
    try (Replication replication = replicate(create(source, "bigint", VALUE));
        Polling.Session early = Polling.begin(source)) {
      UUID a = replication.start("a");
      Polling.polls(replication, a, 3);
      String value = early.value("SELECT " + VALUE); // it has no transaction id, and no snapshot of anybody's tells of it
      pass(replication, a, 100);
      early.run("INSERT INTO orders VALUES ('a', 1000, 'late', " + value + ")");
      replication.catchUp(a);
      early.commit();
      replication.catchUp(a);
      replication.equal(ALL);
      assertThat(target.query(ALL)).hasSize(26);
    }
  }

  @Test
  void aTransactionThatWroteEarlyAndCommitsAfterLaterOnesWerePassedIsNotMissed() throws Exception {
    try (Replication replication = replicate(create(source, "bigint", VALUE))) {
      UUID a = replication.start("a");
      Polling.polls(replication, a, 3);
      try (Polling.Session early = Polling.begin(source, "INSERT INTO orders (id, note) VALUES (1000, 'late')")) {
        pass(replication, a, 100);
        early.commit();
      }
      replication.catchUp(a);
      replication.equal(ALL);
    }
  }

  @Test
  void rowsAfterASavepointOfATransactionThatWasOpenAreNotMissed() throws Exception {
    try (Replication replication = replicate(create(source, "bigint", VALUE))) {
      UUID a = replication.start("a");
      Polling.polls(replication, a, 3);
      try (Polling.Session early = Polling.begin(
          source,
          "INSERT INTO orders (id) VALUES (1000)",
          "SAVEPOINT s",
          "INSERT INTO orders (id) VALUES (1001)",
          "RELEASE SAVEPOINT s",
          "SAVEPOINT t",
          "INSERT INTO orders (id) VALUES (1002)")) {
        pass(replication, a, 100);
        early.run("SAVEPOINT u", "INSERT INTO orders (id) VALUES (1003)");
        pass(replication, a, 200);
        early.commit();
      }
      replication.catchUp(a);
      replication.equal(ALL);
    }
  }

  @Test
  void aTransactionInProgressWhenTheTableJoinedIsNotMissed() throws Exception {
    ConnectionSettings reader = create(source, "bigint", VALUE);
    try (Polling.Session early = Polling.begin(source)) {
      String value = early.value("SELECT " + VALUE);
      insert(100, 110);
      try (Replication replication = replicate(reader)) {
        UUID a = replication.start("a");
        pass(replication, a, 200);
        early.run("INSERT INTO orders VALUES ('a', 1000, 'late', " + value + ")");
        early.commit();
        replication.catchUp(a);
        replication.equal(ALL);
      }
    }
  }

  @Test
  void aTransactionThatOutlivesARestartIsNotMissed() throws Exception {
    ConnectionSettings reader = create(source, "bigint", VALUE);
    try (Polling.Session early = Polling.begin(source)) {
      try (Replication replication = replicate(reader)) {
        UUID a = replication.start("a");
        Polling.polls(replication, a, 3);
        early.value("SELECT " + VALUE);
        early.run("UPDATE orders SET note = 'late', changed = currval('versions') WHERE id = 7");
        pass(replication, a, 100);
      }
      insert(300, 310);
      try (Replication replication = replicate(reader)) {
        UUID a = replication.add("a", DesiredState.RUNNING);
        replication.becomes(a, TenantState.STREAMING);
        pass(replication, a, 400);
        early.commit();
        replication.catchUp(a);
        replication.equal(ALL);
        assertThat(target.value("SELECT note FROM orders WHERE id = 7")).isEqualTo("late");
      }
    }
  }

  @Test
  void aPreparedTransactionIsWaitedForHoweverItBegan() throws Exception {
    try (LocalPostgres own = Postgres.start(17, Map.of("max_prepared_transactions", "10"))) {
      Database from = Database.create(own);
      ConnectionSettings reader = create(from, "bigint", VALUE);
      try (Replication replication = Polling.replicate(directory, from, reader, target);
          Polling.Session first = Polling.begin(from, "INSERT INTO orders (id) VALUES (1000)", "PREPARE TRANSACTION 'first'")) {
        UUID a = replication.start("a");
        Polling.polls(replication, a, 3);
        try (Polling.Session second = Polling.begin(from, "INSERT INTO orders (id) VALUES (1001)")) {
          for (int i = 100; i < 105; i++) {
            from.execute("INSERT INTO orders (id) VALUES (" + i + ")");
            replication.catchUp(a);
          }
          from.execute("COMMIT PREPARED 'first'"); // until then it held the horizon; now only the other one does
          for (int i = 200; i < 205; i++) {
            from.execute("INSERT INTO orders (id) VALUES (" + i + ")");
            replication.catchUp(a);
          }
          second.run("PREPARE TRANSACTION 'second'");
        }
        for (int i = 300; i < 305; i++) {
          from.execute("INSERT INTO orders (id) VALUES (" + i + ")");
          replication.catchUp(a);
        }
        from.execute("COMMIT PREPARED 'second'");
        replication.catchUp(a);
        assertThat(target.query(ALL)).isEqualTo(from.query(ALL)).hasSize(37);
        first.connection().rollback();
      }
    }
  }

  @Test
  void thousandsOfRowsWithOneValueInManyTransactionsArriveOnce() throws Exception {
    try (Replication replication = replicate(create(source, "bigint", "1"))) {
      UUID a = replication.start("a");
      for (int i = 0; i < 4; i++) {
        source.execute("INSERT INTO orders SELECT 'a', i, 'tie', 77 FROM generate_series(" + (i * 2000 + 100) + ", " + (i * 2000 + 2099) + ") i");
        Polling.polls(replication, a, 2);
      }
      replication.equal(ALL);
      long bytes = volume(replication, a);
      Polling.polls(replication, a, 5);
      assertThat(volume(replication, a)).as("nothing comes again").isEqualTo(bytes);
    }
  }

  private static long volume(Replication replication, UUID tenant) {
    return replication.fleet.status(tenant).rawBytes();
  }

  /** Values a smallest step apart, in one transaction that commits after another: whoever rounds, misses some. */
  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
    "timestamptz|now() + i * '1 microsecond'::interval",
    "timestamp|'2026-11-21 12:00:00.000001'::timestamp + i * '1 microsecond'::interval",
    "date|'2026-01-01'::date + i",
    "bigint|9007199254740993 + i",
    "numeric|12345678901234567890.000000000000000001 + i * 0.000000000000000001",
    "uuid|concat('00000000-0000-7000-8000-', to_char(i, 'FM000000000000'))::uuid",
  })
  void anyOrderedTypeServesAtItsFullPrecision(String type, String value) throws Exception {
    ConnectionSettings reader = create(source, type, value.replaceAll("\\bi\\b", "0"));
    try (Replication replication = replicate(reader)) {
      UUID a = replication.start("a");
      String insert = "INSERT INTO orders SELECT 'a', i, 'x', " + value + " FROM generate_series(%d, %d) i";
      source.execute(insert.formatted(100, 110));
      Polling.polls(replication, a, 3);
      try (Polling.Session early = Polling.begin(source, insert.formatted(111, 120))) {
        for (int i = 121; i < 126; i++) {
          source.execute(insert.formatted(i, i));
          replication.catchUp(a);
        }
        early.commit();
      }
      replication.catchUp(a);
      replication.equal(ALL);
    }
  }

  @Test
  void rowsWithoutAValueAreFoundAndEachOnce() throws Exception {
    try (Replication replication = replicate(create(source, "timestamptz", "now()"))) {
      UUID a = replication.start("a");
      source.execute("INSERT INTO orders SELECT 'a', i, 'none', NULL FROM generate_series(100, 150) i");
      Polling.polls(replication, a, 3);
      replication.equal(ALL);
      source.execute("UPDATE orders SET note = 'still none' WHERE id BETWEEN 120 AND 130", "UPDATE orders SET changed = NULL WHERE id = 3");
      Polling.polls(replication, a, 3);
      replication.equal(ALL);
      long bytes = volume(replication, a);
      Polling.polls(replication, a, 5);
      assertThat(volume(replication, a)).isEqualTo(bytes);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"timestamptz", "timestamp"})
  void aValueInTheFutureHidesNobody(String type) throws Exception {
    try (Replication replication = replicate(create(source, type, "now()"))) {
      UUID a = replication.start("a");
      source.execute("INSERT INTO orders VALUES ('a', 1000, 'future', now() + interval '3 days')", "INSERT INTO orders VALUES ('a', 1001, 'end', 'infinity')");
      Polling.polls(replication, a, 3);
      replication.equal(ALL);
      pass(replication, a, 100);
      source.execute("UPDATE orders SET note = 'still future' WHERE id >= 1000", "INSERT INTO orders (id) VALUES (200)");
      await().atMost(Replication.PATIENCE).untilAsserted(() -> replication.equal(ALL));
      replication.catchUp(a);
      long bytes = volume(replication, a);
      Polling.polls(replication, a, 5);
      assertThat(volume(replication, a)).isEqualTo(bytes);
    }
  }

  @Test
  void aTransactionThatStaysOpenDelaysNobody() throws Exception {
    try (Replication replication = replicate(create(source, "timestamptz", "now()"));
        Polling.Session idle = Polling.begin(source);
        Polling.Session writing = Polling.begin(source, "CREATE TABLE elsewhere AS SELECT 1 AS one")) {
      UUID a = replication.start("a");
      pass(replication, a, 100);
      insert(200, 300);
      await().atMost(Replication.PATIENCE).untilAsserted(() -> replication.equal(ALL));
      await().atMost(Replication.PATIENCE).untilAsserted(() -> assertThat(replication.fleet.status(a).lagSeconds()).isZero());
      replication.catchUp(a); // what a poll in between has found, the next whole one finds once more
      long bytes = volume(replication, a);
      Polling.polls(replication, a, 5);
      assertThat(volume(replication, a)).as("nothing comes again meanwhile").isEqualTo(bytes);
      idle.commit();
      writing.commit();
    }
  }

  @Test
  void anIdlePollReadsTheIndexAndNotTheTable() throws Exception {
    ConnectionSettings reader = create(source, "timestamptz", "now()");
    source.execute("INSERT INTO orders SELECT 'b', i, 'x', now() - i * interval '1 second' FROM generate_series(1, 50000) i");
    try (Replication replication = replicate(reader)) {
      UUID a = replication.start("a");
      Polling.polls(replication, a, 5);
    }
    source.execute("SELECT pg_stat_force_next_flush()", "SELECT pg_stat_reset()");
    try (Replication replication = replicate(reader)) {
      UUID a = replication.add("a", DesiredState.RUNNING);
      replication.becomes(a, TenantState.STREAMING);
      pass(replication, a, 100);
      assertThat(target.value("SELECT count(*) FROM orders")).isEqualTo("25");
    }
    String scans = "SELECT seq_scan, idx_scan > 0, idx_tup_fetch < 5000 FROM pg_stat_user_tables WHERE relname = 'orders'";
    await().atMost(Replication.PATIENCE).untilAsserted(() -> assertThat(source.query(scans)).isEqualTo(List.of("0|t|t")));
  }
}
