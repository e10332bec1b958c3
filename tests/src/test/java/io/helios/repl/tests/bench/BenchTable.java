package io.helios.repl.tests.bench;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;

/**
 * The table that everybody replicates: 100 tenants share it. Its backlog is 150,000 transactions of two changes each,
 * two thirds of them inserts and one third updates of older rows, spread over all tenants.
 */
final class BenchTable {

  static final int TENANTS = 100;
  static final int ROWS_PER_TENANT = 1000;
  static final int TRANSACTIONS = 150_000;
  static final int CHANGES = 2 * TRANSACTIONS;

  private static final String DEFINITION =
      """
      CREATE TABLE item (
        tenant_id integer NOT NULL, id bigint NOT NULL, title text NOT NULL, amount numeric(10, 2) NOT NULL,
        state integer NOT NULL, data jsonb NOT NULL, changed timestamptz NOT NULL, PRIMARY KEY (tenant_id, id))
      """;

  private static final String ROW =
      "'item number ' || %1$s || ' of a tenant', (%1$s %% 10000) / 7.0, 0, jsonb_build_object('n', %1$s, 'tag', md5((%1$s)::text)), now()";

  private BenchTable() {}

  /** Makes the empty table. */
  static void create(Connection connection) throws SQLException {
    execute(connection, DEFINITION);
  }

  /** Fills it with the rows that are there before anybody starts; row 0 of each tenant is the marker. */
  static void fill(Connection connection, int tenants, int rowsPerTenant) throws SQLException {
    execute(
        connection,
        "INSERT INTO item SELECT t, i, " + ROW.formatted("i") + " FROM generate_series(1, " + tenants
            + ") t, generate_series(0, " + rowsPerTenant + ") i");
    execute(connection, "VACUUM ANALYZE item");
  }

  static void produceBacklog(Connection connection) throws SQLException {
    execute(connection, "SET synchronous_commit = off");
    execute(
        connection,
        """
        DO $$
        BEGIN
          FOR n IN 1 .. %d LOOP
            INSERT INTO item SELECT 1 + n %% %d, 1000000 + n, %s;
            IF n %% 3 = 0 THEN
              INSERT INTO item SELECT 1 + n * 7 %% %d, 2000000 + n, %s;
            ELSE
              UPDATE item SET state = state + 1, amount = amount + 1, changed = now()
              WHERE tenant_id = 1 + n * 31 %% %d AND id = 1 + (hashint4(n) & 2147483647) %% %d;
            END IF;
            COMMIT;
          END LOOP;
        END $$
        """
            .formatted(TRANSACTIONS, TENANTS, ROW.formatted("n"), TENANTS, ROW.formatted("n"), TENANTS, ROWS_PER_TENANT));
  }

  /** The last transaction: whoever shows all its rows has everything before it. */
  static void mark(Connection source, int tenants) throws SQLException {
    execute(source, "UPDATE item SET state = -1 WHERE id = 0 AND tenant_id BETWEEN 1 AND " + tenants);
  }

  /** Waits until the target shows the {@link #mark} of every tenant. Returns the nanosecond clock at that moment. */
  static long awaitMark(Connection target, int tenants, Duration patience) throws SQLException, InterruptedException {
    String sql =
        "SELECT count(*) FROM item WHERE state = -1 AND id = 0 AND tenant_id = ANY (ARRAY(SELECT generate_series(1, " + tenants + ")))";
    long deadline = System.nanoTime() + patience.toNanos();
    String oneOf = "SELECT count(*) FROM item WHERE state = -1 AND id = 0 AND tenant_id = " + tenants;
    while (System.nanoTime() < deadline) {
      if ("1".equals(DatabasePair.value(target, oneOf)) && Long.parseLong(DatabasePair.value(target, sql)) == tenants) {
        return System.nanoTime();
      }
      Thread.sleep(10);
    }
    throw new IllegalStateException("not caught up within " + patience);
  }

  /** A number that two equal tables share. */
  static String fingerprint(Connection connection) throws SQLException {
    return DatabasePair.value(connection, "SELECT count(*) || ':' || coalesce(sum(hashtextextended(i::text, 0)), 0) FROM item i");
  }

  static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
