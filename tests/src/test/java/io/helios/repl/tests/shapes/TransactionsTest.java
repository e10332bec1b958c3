package io.helios.repl.tests.shapes;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.capture.SourceHealth;
import io.helios.repl.capture.SourceScope;
import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.status.Finding;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Transactions of every kind through the whole engine: what was committed arrives, and nothing else. */
class TransactionsTest {

  private static final Tenancy BY_COLUMN = new Tenancy.ByColumn("tenant_id");
  private static final String ORDERS =
      "CREATE TABLE orders (tenant_id text, id int, v text, PRIMARY KEY (tenant_id, id))";

  @TempDir Path directory;

  private final Database target = Database.create(Postgres.shared(17, "target"));

  /** To be rid of transactions that stay open, where a millisecond is long. */
  private static List<String> whatDoctorWouldRun(Database source) throws SQLException {
    SourceScope scope = new SourceScope("shop", BY_COLUMN, TableFilter.ALL, null, "none", "none");
    try (Connection connection = source.connect()) {
      return SourceHealth.run(connection, scope, Set.of(), 1 << 30, Duration.ofMillis(1)).stream().map(Finding::hint).toList();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 18})
  void whatIsRolledBackPreparedOrEmptyComesOutAsItWasCommitted(int major) throws Exception {
    try (LocalPostgres server = Postgres.start(major, Map.of("max_prepared_transactions", "10", "fsync", "off",
        "logical_decoding_work_mem", "64kB"))) {
      Database source = Database.create(server);
      source.execute(ORDERS, "INSERT INTO orders VALUES ('a', 0, 'first')");
      try (Replication replication = new Replication(directory, source, target, BY_COLUMN, null);
          Connection one = source.connect();
          Connection two = source.connect()) {
        UUID a = replication.start("a");
        one.setAutoCommit(false);
        two.setAutoCommit(false);

        run(one, "INSERT INTO orders VALUES ('a', 1, 'kept')", "SAVEPOINT s", "INSERT INTO orders VALUES ('a', 2, 'undone')",
            "UPDATE orders SET v = 'undone'", "SAVEPOINT s2", "DELETE FROM orders", "ROLLBACK TO s",
            "INSERT INTO orders VALUES ('a', 3, 'after')", "SAVEPOINT s3", "UPDATE orders SET v = v || '!'", "RELEASE s3");
        one.commit();

        // Interleaved, and committed in the other order than begun; one of them is rolled back.
        run(one, "INSERT INTO orders SELECT 'a', g, 'one' FROM generate_series(100, 1500) g");
        run(two, "INSERT INTO orders SELECT 'a', g, 'two' FROM generate_series(2000, 3000) g");
        run(one, "UPDATE orders SET v = 'one again' WHERE id = 100");
        try (Connection three = source.connect()) {
          three.setAutoCommit(false);
          run(three, "INSERT INTO orders SELECT 'a', g, 'never' FROM generate_series(4000, 6000) g");
          run(two, "DELETE FROM orders WHERE id = 2001");
          two.commit();
          run(one, "INSERT INTO orders VALUES ('a', 2001, 'taken over')");
          one.commit();
          three.rollback();
        }

        // Prepared: seen only once committed, however long that takes, and in that order.
        run(one, "INSERT INTO orders VALUES ('a', 10, 'prepared')", "UPDATE orders SET v = 'prepared' WHERE id = 0",
            "PREPARE TRANSACTION 'kept " + major + "'");
        run(two, "INSERT INTO orders VALUES ('a', 11, 'prepared')", "PREPARE TRANSACTION 'undone " + major + "'");
        source.execute("INSERT INTO orders VALUES ('a', 12, 'meanwhile')");
        replication.catchUp(a);
        assertThat(target.query("SELECT id FROM orders WHERE id BETWEEN 10 AND 12")).containsExactly("12");
        assertThat(whatDoctorWouldRun(source)).contains("ROLLBACK PREPARED 'kept " + major + "';", "ROLLBACK PREPARED 'undone " + major + "';");
        source.execute("ROLLBACK PREPARED 'undone " + major + "'", "COMMIT PREPARED 'kept " + major + "'");
        assertThat(whatDoctorWouldRun(source)).noneMatch(hint -> hint.contains("PREPARED"));

        // Nothing at all, others' messages, and messages alone.
        source.transaction();
        source.transaction("SELECT txid_current()");
        source.transaction("CREATE TABLE passing (id int)", "DROP TABLE passing");
        source.execute("SELECT pg_logical_emit_message(false, 'somebody', 'not transactional')");
        source.transaction("SELECT pg_logical_emit_message(true, 'somebody', repeat('x', 100000))");
        source.transaction("SELECT pg_logical_emit_message(true, 'helios', 'not ours')",
            "INSERT INTO orders VALUES ('a', 20, 'beside a message')",
            "SELECT pg_logical_emit_message(false, '', '')");
        replication.catchUp(a);
        replication.equal("SELECT * FROM orders ORDER BY id");
        assertThat(target.query("SELECT * FROM helios.conflict")).isEmpty();
        assertThat(target.value("SELECT count(*) FROM orders")).isEqualTo("2408");
      }
    }
  }

  @Test
  void truncationTakesTheTenantsRowsAndNoOthers() throws Exception {
    Database source = Database.create(Postgres.shared(17, "source"));
    source.execute(ORDERS,
        "CREATE TABLE lines (tenant_id text, id int GENERATED BY DEFAULT AS IDENTITY, o int, PRIMARY KEY (tenant_id, id),"
            + " FOREIGN KEY (tenant_id, o) REFERENCES orders)",
        "CREATE TABLE notes (tenant_id text, id int, PRIMARY KEY (tenant_id, id))",
        "CREATE TABLE more_notes (PRIMARY KEY (tenant_id, id)) INHERITS (notes)");
    for (String tenant : List.of("a", "b", "c")) {
      source.execute("INSERT INTO orders SELECT '" + tenant + "', g, 'v' FROM generate_series(1, 20) g",
          "INSERT INTO lines (tenant_id, o) SELECT '" + tenant + "', g FROM generate_series(1, 20) g",
          "INSERT INTO notes SELECT '" + tenant + "', g FROM generate_series(1, 5) g",
          "INSERT INTO more_notes SELECT '" + tenant + "', g FROM generate_series(1, 5) g");
    }
    try (Replication replication = new Replication(directory, source, target, BY_COLUMN, null)) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      // Another tenant lives here, under foreign keys of the target's own.
      target.execute("ALTER TABLE lines ADD FOREIGN KEY (tenant_id, o) REFERENCES orders",
          "INSERT INTO orders VALUES ('z', 1, 'theirs')", "INSERT INTO lines VALUES ('z', 1, 1)",
          "INSERT INTO notes VALUES ('z', 1)", "INSERT INTO more_notes VALUES ('z', 1)");
      source.transaction("INSERT INTO orders VALUES ('a', 100, 'before')", "TRUNCATE orders RESTART IDENTITY CASCADE",
          "INSERT INTO orders VALUES ('a', 1, 'after')", "INSERT INTO lines (tenant_id, o) VALUES ('a', 1)");
      source.execute("TRUNCATE ONLY notes", "INSERT INTO orders VALUES ('b', 7, 'again')");
      replication.catchUp(a);
      replication.catchUp(b);
      for (String table : List.of("orders", "lines", "ONLY notes", "ONLY more_notes")) {
        String of = "SELECT * FROM " + table + " WHERE tenant_id IN ('a', 'b') ORDER BY 1, 2";
        assertThat(target.query(of)).as(table).isEqualTo(source.query(of));
        assertThat(target.value("SELECT count(*) FROM " + table + " WHERE tenant_id = 'z'")).as(table).isEqualTo("1");
      }
      assertThat(target.value("SELECT count(*) FROM ONLY more_notes")).isEqualTo("11");
      source.transaction("TRUNCATE lines, orders, notes, more_notes");
      replication.catchUp(a);
      replication.catchUp(b);
      assertThat(target.query("SELECT tenant_id FROM orders UNION ALL SELECT tenant_id FROM lines UNION ALL"
          + " SELECT tenant_id FROM ONLY notes UNION ALL SELECT tenant_id FROM ONLY more_notes")).containsOnly("z").hasSize(4);
      assertThat(target.query("SELECT * FROM helios.conflict")).isEmpty();
    }
  }

  @Test
  void sixtyTablesInOneTransaction() throws Exception {
    tables(60);
  }

  @Tag("long")
  @Test
  void thousandsOfTablesInOneTransaction() throws Exception {
    tables(2_000);
  }

  private void tables(int count) throws Exception {
    Database source = Database.create(Postgres.shared(17, "source"));
    source.transaction(IntStream.range(0, count)
        .mapToObj(i -> "CREATE TABLE t" + i + " (tenant_id text, id int, v text, PRIMARY KEY (tenant_id, id))")
        .toArray(String[]::new));
    try (Replication replication = new Replication(directory, source, target, BY_COLUMN, null)) {
      UUID a = replication.start("a");
      source.transaction(IntStream.range(0, count)
          .boxed()
          .flatMap(i -> List.of("INSERT INTO t" + i + " VALUES ('a', 1, 'x'), ('a', 2, 'y'), ('b', 1, 'z')",
              "UPDATE t" + i + " SET v = '" + i + "' WHERE id = 1", "DELETE FROM t" + (i + 1) / 2 + " WHERE id = 2").stream())
          .toArray(String[]::new));
      replication.catchUp(a);
      String all = IntStream.range(0, count).mapToObj(i -> "SELECT " + i + " AS t, id, v FROM t" + i + " WHERE tenant_id = 'a'")
          .collect(java.util.stream.Collectors.joining(" UNION ALL "));
      if (count <= 500) {
        replication.equal("SELECT * FROM (" + all + ") s ORDER BY 1, 2");
      } else {
        for (int i = 0; i < count; i += 97) {
          replication.equal("SELECT * FROM t" + i + " WHERE tenant_id = 'a' ORDER BY id");
        }
      }
      assertThat(target.value("SELECT count(DISTINCT xmin::text) FROM (SELECT xmin FROM t0 UNION ALL SELECT xmin FROM t"
          + (count - 1) + ") s")).isEqualTo("1");
    }
  }

  private static void run(Connection connection, String... statements) throws Exception {
    try (var statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }
}
