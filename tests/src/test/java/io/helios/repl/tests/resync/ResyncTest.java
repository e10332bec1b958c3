package io.helios.repl.tests.resync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.status.MendedTable;
import io.helios.repl.status.RepairReport;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** After a gap, and after tampering, the whole engine moves what differs; the source is written to all the time. */
class ResyncTest {

  private static final String[] TABLES = {
    "CREATE TABLE orders (tenant_id text, id bigint, note text, n int, PRIMARY KEY (tenant_id, id))",
    "CREATE TABLE log (tenant_id text NOT NULL, n int, note text)",
    "ALTER TABLE log REPLICA IDENTITY FULL",
    "INSERT INTO orders SELECT t, i, 'note ' || i FROM generate_series(1, 4000) i, unnest(ARRAY['a', 'b']) t",
    "INSERT INTO log SELECT t, i % 300, 'x' FROM generate_series(1, 1000) i, unnest(ARRAY['a', 'b']) t",
  };
  private static final String ORDERS = "SELECT * FROM orders WHERE tenant_id = 'a' ORDER BY id";
  private static final String LOG = "SELECT n, note, count(*) FROM log WHERE tenant_id = 'a' GROUP BY 1, 2 ORDER BY 1, 2";

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  private Replication replicate() {
    return new Replication(directory, source, target, new Tenancy.ByColumn("tenant_id"), null);
  }

  @Test
  void afterAGapOnlyWhatDiffersIsMovedWhileTheSourceIsWrittenTo() throws Exception {
    source.execute(TABLES);
    gap();
    try (Replication replication = replicate();
        Writer writer = new Writer(source)) {
      UUID a = replication.add("a", DesiredState.RUNNING);
      replication.becomes(a, TenantState.NEEDS_RESYNC);
      writer.awaitTransactions(20);
      replication.fleet.resyncTenant(a);
      replication.becomes(a, TenantState.STREAMING);
      assertThat(replication.fleet.status(a).copy().done()).isEqualTo(2);
      assertThat(replication.fleet.status(a).copy().rows()).isPositive().isLessThan(2500);
      assertThat(told(replication, "tenant-resynced"))
          .singleElement()
          .asString()
          .matches("resynced: [\\d,]+ of [\\d,]+ rows differed in 2 tables; [\\d,]+ KiB were moved");
      writer.awaitTransactions(20);
      writer.close();
      replication.catchUp(a);
      replication.equal(ORDERS);
      replication.equal(LOG);
      assertThat(replication.fleet.status(a).conflicts()).isZero();
    }
  }

  /** A gap in which 100 of a's orders changed, and some of its log. */
  private void gap() {
    try (Replication replication = replicate()) {
      replication.start("a");
    }
    source.execute(
        "SELECT pg_drop_replication_slot('helios_" + source.name() + "')",
        "DELETE FROM orders WHERE id <= 20",
        "UPDATE orders SET note = 'changed' WHERE id BETWEEN 21 AND 80",
        "INSERT INTO orders SELECT 'a', i, 'new' FROM generate_series(90001, 90020) i",
        "DELETE FROM log WHERE n = 7",
        "INSERT INTO log VALUES ('a', 7, 'y'), ('a', 7, 'y')");
  }

  @Test
  void aResyncThatIsBrokenOffKeepsTheTablesThatAreDoneAndGoesOnWithTheRest() throws Exception {
    source.execute(TABLES);
    gap();
    try (Connection holder = target.connect()) {
      holder.setAutoCommit(false);
      // orders comes after log, and must wait for this row.
      execute(holder, "SET session_replication_role = replica", "UPDATE orders SET n = 1 WHERE tenant_id = 'a' AND id = 5");
      try (Replication replication = replicate()) {
        UUID a = replication.add("a", DesiredState.RUNNING);
        replication.becomes(a, TenantState.NEEDS_RESYNC);
        replication.fleet.resyncTenant(a);
        await().atMost(Replication.PATIENCE).until(() -> waits("DELETE FROM"));
      }
      assertThat(finished()).containsExactly("log|t", "orders|f");
      holder.rollback();
    }
    String point = target.value("SELECT copied_at_lsn FROM helios.copied_table WHERE table_name = 'log'");
    await().atMost(Replication.PATIENCE).until(() -> !waits(""));
    source.execute("UPDATE orders SET note = 'later' WHERE id = 3000", "INSERT INTO log VALUES ('a', 8, 'later')");
    try (Replication replication = replicate()) {
      UUID a = replication.add("a", DesiredState.RUNNING);
      replication.becomes(a, TenantState.STREAMING);
      replication.catchUp(a);
      replication.equal(ORDERS);
      replication.equal(LOG);
      assertThat(replication.fleet.status(a).copy().rows()).isEqualTo(81);
      assertThat(replication.fleet.status(a).conflicts()).isZero();
    }
    assertThat(target.value("SELECT copied_at_lsn FROM helios.copied_table WHERE table_name = 'log'")).isEqualTo(point);
  }

  private List<String> finished() {
    return target.query("SELECT table_name, finished FROM helios.copied_table ORDER BY 1");
  }

  private boolean waits(String statement) {
    return !target
        .query("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            + " AND query LIKE '" + statement + "%'")
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"column", "schema"})
  void aStreamingTenantIsRepairedWhileTheSourceIsWrittenTo(String tenancy) throws Exception {
    boolean byColumn = tenancy.equals("column");
    source.execute(TABLES);
    if (!byColumn) {
      source.execute("CREATE SCHEMA of_a", "ALTER TABLE orders SET SCHEMA of_a", "ALTER TABLE log SET SCHEMA of_a");
    }
    String where = byColumn ? "" : "of_a.";
    try (Replication replication = new Replication(
            directory, source, target,
            byColumn ? new Tenancy.ByColumn("tenant_id") : new Tenancy.BySchema("of_{key}"), null);
        Writer writer = new Writer(source, where)) {
      UUID a = replication.start("a");
      writer.awaitTransactions(5);
      if (byColumn) {
        target.execute("INSERT INTO orders SELECT 'z', i, 'of nobody we know' FROM generate_series(1, 50) i");
      }
      target.transaction(
          "SET LOCAL session_replication_role = replica",
          "UPDATE " + where + "orders SET note = 'tampered' WHERE tenant_id = 'a' AND id BETWEEN 3001 AND 3007",
          "DELETE FROM " + where + "orders WHERE tenant_id = 'a' AND id IN (3011, 3012)",
          "INSERT INTO " + where + "orders VALUES ('a', -1, 'extra')",
          "DELETE FROM " + where + "log WHERE tenant_id = 'a' AND n = 299");

      RepairReport report = Fleet.await(replication.fleet.repair(a, Replication.PATIENCE), Replication.PATIENCE);

      assertThat(report.after().equal()).isTrue();
      assertThat(report.tables()).extracting(MendedTable::table, MendedTable::brought, MendedTable::removed)
          .containsExactlyInAnyOrder(
              tuple((byColumn ? "public." : where) + "orders", 9L, 8L),
              tuple((byColumn ? "public." : where) + "log", 3L, 0L));
      assertThat(told(replication, "tenant-repaired")).singleElement().asString()
          .startsWith("repaired: 12 rows differed in 2 tables;");
      assertThat(replication.fleet.status(a).state()).isEqualTo(TenantState.STREAMING);
      writer.awaitTransactions(5);
      writer.close();
      replication.catchUp(a);
      replication.equal(ORDERS.replace("FROM ", "FROM " + where));
      replication.equal(LOG.replace("FROM ", "FROM " + where));
      assertThat(replication.fleet.status(a).conflicts()).isZero();
      if (byColumn) {
        assertThat(target.value("SELECT count(*) FROM orders WHERE tenant_id = 'z'")).isEqualTo("50");
      }
      RepairReport again = Fleet.await(replication.fleet.repair(a, Replication.PATIENCE), Replication.PATIENCE);
      assertThat(again.tables()).isEmpty();
      assertThat(again.after().equal()).isTrue();
    }
  }

  @Test
  void aTenantThatDoesNotStreamIsNotRepairedAndTheResyncIsNamed() throws Exception {
    source.execute(TABLES);
    try (Replication replication = replicate()) {
      UUID a = replication.start("a");
      replication.fleet.pauseTenant(a);
      replication.becomes(a, TenantState.PAUSED);
      assertThatThrownBy(() -> Fleet.await(replication.fleet.repair(a, Replication.PATIENCE), Replication.PATIENCE))
          .isInstanceOfSatisfying(
              OperatorException.class,
              e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.TENANT_NOT_STREAMING));
    }
  }

  @Test
  void aTenantWithMoreDifferencesThanARepairIsGoodForIsMendedByAResync() throws Exception {
    source.execute(TABLES);
    try (Replication replication = replicate()) {
      UUID a = replication.start("a");
      target.transaction(
          "SET LOCAL session_replication_role = replica",
          "UPDATE orders SET note = 'tampered' WHERE tenant_id = 'a' AND id > 1000",
          "UPDATE log SET note = 'tampered' WHERE tenant_id = 'a' AND n = 5");
      assertThatThrownBy(() -> Fleet.await(replication.fleet.repair(a, Replication.PATIENCE), Replication.PATIENCE))
          .isInstanceOfSatisfying(
              OperatorException.class,
              e -> {
                assertThat(e.problem().code()).isEqualTo(ErrorCode.REPAIR_TOO_LARGE);
                assertThat(e.problem().hint()).isEqualTo("helios-repl tenant resync a");
              });
      source.execute("UPDATE orders SET note = 'goes on' WHERE id = 1");
      replication.catchUp(a);
      replication.fleet.resyncTenant(a);
      await().atMost(Replication.PATIENCE).until(() -> !told(replication, "tenant-resynced").isEmpty());
      replication.becomes(a, TenantState.STREAMING);
      assertThat(told(replication, "tenant-resynced")).singleElement().asString()
          .startsWith("resynced: 0 of 1,000 rows differed in 1 tables, 1 tables were copied;"); // the log is repaired by then
      replication.catchUp(a);
      replication.equal(ORDERS);
      replication.equal(LOG);
    }
  }

  @Test
  void aForcedCopyMovesEverything() throws Exception {
    source.execute(TABLES);
    try (Replication replication = replicate()) {
      UUID a = replication.start("a");
      replication.fleet.resyncTenant(a, true);
      await().atMost(Replication.PATIENCE).until(() -> !told(replication, "tenant-resynced").isEmpty());
      replication.becomes(a, TenantState.STREAMING);
      assertThat(replication.fleet.status(a).copy().rows()).isEqualTo(5000);
      source.execute("UPDATE orders SET note = 'goes on' WHERE id = 1");
      replication.catchUp(a);
      replication.equal(ORDERS);
      replication.equal(LOG);
    }
  }

  private static List<String> told(Replication replication, String kind) {
    return replication.events.stream().filter(event -> event.kind().equals(kind)).map(FleetEvent::message).toList();
  }

  private static void execute(Connection connection, String... statements) throws SQLException {
    for (String sql : statements) {
      connection.createStatement().execute(sql);
    }
  }

  /** Small transactions on both tables, one after the other, until it is closed. */
  private static final class Writer implements AutoCloseable {

    private final Thread thread;
    private volatile boolean stopping;
    private volatile int transactions;
    private final List<Throwable> failures = new ArrayList<>();

    Writer(Database source) {
      this(source, "");
    }

    Writer(Database source, String where) {
      this.thread = Thread.ofPlatform().name("writer").start(() -> run(source, where));
    }

    private void run(Database source, String where) {
      try (Connection connection = source.connect()) {
        connection.setAutoCommit(false);
        for (int i = 1; !stopping; i++) {
          execute(
              connection,
              "INSERT INTO " + where + "orders VALUES ('a', " + (100_000 + i) + ", 'live')",
              "UPDATE " + where + "orders SET n = " + i + " WHERE id = " + (100 + i % 50),
              "DELETE FROM " + where + "orders WHERE id = " + (100_000 + i - 5),
              "INSERT INTO " + where + "log VALUES ('a', " + (1000 + i % 20) + ", 'live')",
              "DELETE FROM " + where + "log WHERE n = " + (1000 + (i + 10) % 20));
          connection.commit();
          transactions = i;
        }
      } catch (SQLException e) {
        failures.add(e);
      }
    }

    void awaitTransactions(int more) {
      int from = transactions;
      await().atMost(Replication.PATIENCE).until(() -> transactions >= from + more || !failures.isEmpty());
      assertThat(failures).isEmpty();
    }

    @Override
    public void close() throws InterruptedException {
      stopping = true;
      thread.join();
    }
  }
}
