package io.helios.repl.tests.bench;

import io.helios.repl.apply.HomeLease;
import io.helios.repl.apply.ReadOnlyGuard;
import io.helios.repl.apply.TargetSchema;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * What the guard of a tenant that is about to be moved costs those who write: the same transactions by turns for a tenant
 * whose guard is armed, the same under a lease, for another of the same table, and with no guard on the table.
 */
final class GuardBenchmark {

  private static final long WARM_UP_NANOS = 300_000_000L;
  private static final long MEASURED_NANOS = 1_500_000_000L;
  private static final UUID TENANT = UUID.randomUUID();

  private static final String EACH_ROW = "the same where the guard looks at each row";

  private interface Work {
    void run(Connection connection, int tenant, int i) throws SQLException;
  }

  /** How a guard is put up. */
  private interface Arming {
    void run(Connection connection, UUID tenant, String schema, String table, String column, String key) throws SQLException;
  }

  private static final Map<String, Work> WORK = new LinkedHashMap<>();

  static {
    WORK.put("one row is updated", GuardBenchmark::update);
    WORK.put(
        "two rows are updated, one is added",
        (c, tenant, i) -> {
          update(c, tenant, i);
          update(c, tenant, i + 7);
          insert(c, tenant, 1);
        });
    WORK.put("1,000 rows are added by one statement", (c, tenant, i) -> insert(c, tenant, 1_000));
    WORK.put(EACH_ROW, (c, tenant, i) -> insert(c, tenant, 1_000));
  }

  private final Servers servers;

  GuardBenchmark(Servers servers) {
    this.servers = servers;
  }

  String run(int rounds) throws Exception {
    DatabasePair pair = servers.newPair(1);
    StringBuilder text =
        new StringBuilder("| transaction | no guard | another tenant's guard is armed | its own is armed | part | and under a lease | part |\n"
            + "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    try (Connection connection = pair.connectSource()) {
      BenchTable.create(connection);
      BenchTable.fill(connection, 2, BenchTable.ROWS_PER_TENANT);
      BenchTable.execute(connection, "CREATE SEQUENCE added START 10000000");
      TargetSchema.install(connection);
      connection.setAutoCommit(false);
      for (Map.Entry<String, Work> work : WORK.entrySet()) {
        List<Double> none = new ArrayList<>();
        List<Double> others = new ArrayList<>();
        List<Double> own = new ArrayList<>();
        List<Double> leased = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
          none.add(time(connection, work.getValue(), 1));
          arm(connection, work.getKey().equals(EACH_ROW) ? ReadOnlyGuard::install : ReadOnlyGuard::arm);
          others.add(time(connection, work.getValue(), 2));
          own.add(time(connection, work.getValue(), 1));
          lease(connection);
          leased.add(time(connection, work.getValue(), 1));
          disarm(connection);
        }
        text.append(
            "| %s | %s µs | %s µs | %s µs | %s | %s µs | %s |%n"
                .formatted(
                    work.getKey(),
                    Figures.thousands(Figures.median(none)),
                    Figures.thousands(Figures.median(others)),
                    Figures.thousands(Figures.median(own)),
                    Figures.ratio(Figures.median(own) / Figures.median(none)),
                    Figures.thousands(Figures.median(leased)),
                    Figures.ratio(Figures.median(leased) / Figures.median(none))));
      }
      connection.setAutoCommit(true);
    } finally {
      servers.drop(pair);
    }
    System.out.print(text);
    return text.toString();
  }

  private static void arm(Connection connection, Arming arming) throws SQLException {
    BenchTable.execute(
        connection,
        "INSERT INTO helios.replica (tenant, name, tenant_key, epoch, source, source_system, source_region, role)"
            + " VALUES ('" + TENANT + "', 'one', '1', 1, 'next', 1, 'there', 'primary')");
    arming.run(connection, TENANT, "public", "item", "tenant_id", "1");
    connection.commit();
  }

  /** One that lasts for the measurement. */
  private static void lease(Connection connection) throws SQLException {
    HomeLease lease = new HomeLease(connection, "benchmark");
    lease.create();
    lease.bind(TENANT);
    lease.renew(lease.clockMillis(), HomeLease.LONGEST.toMillis());
    connection.commit();
  }

  private static void disarm(Connection connection) throws SQLException {
    ReadOnlyGuard.lift(connection, TENANT);
    BenchTable.execute(connection, "DELETE FROM helios.replica");
    connection.commit();
    connection.setAutoCommit(true);
    ReadOnlyGuard.sweep(connection);
    connection.setAutoCommit(false);
  }

  /** Microseconds a transaction. */
  private static double time(Connection connection, Work work, int tenant) throws SQLException {
    BenchTable.execute(connection, "DELETE FROM item WHERE id >= 10000000");
    connection.commit();
    count(connection, work, tenant, WARM_UP_NANOS);
    long begun = System.nanoTime();
    int transactions = count(connection, work, tenant, MEASURED_NANOS);
    return (System.nanoTime() - begun) / 1e3 / transactions;
  }

  /** For so long; how many there were. */
  private static int count(Connection connection, Work work, int tenant, long nanos) throws SQLException {
    long until = System.nanoTime() + nanos;
    int transactions = 0;
    while (System.nanoTime() - until < 0) {
      one(connection, work, tenant, transactions++);
    }
    return transactions;
  }

  private static void one(Connection connection, Work work, int tenant, int i) throws SQLException {
    work.run(connection, tenant, i);
    connection.commit();
  }

  private static void update(Connection connection, int tenant, int i) throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement("UPDATE item SET state = state + 1 WHERE tenant_id = ? AND id = ?")) {
      update.setInt(1, tenant);
      update.setLong(2, i % BenchTable.ROWS_PER_TENANT);
      update.executeUpdate();
    }
  }

  private static void insert(Connection connection, int tenant, int rows) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO item SELECT ?, nextval('added'), 'added', 1, 0, '{}', now() FROM generate_series(1, ?)")) {
      insert.setInt(1, tenant);
      insert.setInt(2, rows);
      insert.executeUpdate();
    }
  }
}
