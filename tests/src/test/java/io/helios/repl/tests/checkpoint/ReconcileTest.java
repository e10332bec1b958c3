package io.helios.repl.tests.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.capture.CaptureMode;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.CountingProxy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the column of a polled source does not show is found by comparing, and only what differs is moved. */
class ReconcileTest {

  private static final String ORDERS = "SELECT * FROM orders WHERE tenant_id = 'a' ORDER BY id";

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  /** Polled every 100 ms; intervals of null are not configured. */
  private static CaptureMode polled(@Nullable Duration reconcile, @Nullable Duration fullRefresh) {
    return new CaptureMode.Checkpoint(
        "updated_at", Duration.ofMillis(100), null, reconcile, fullRefresh, CaptureMode.Checkpoint.LONGEST_TRANSACTION);
  }

  private static List<String> told(Replication replication, String kind) {
    return replication.events.stream().filter(event -> event.kind().equals(kind)).map(FleetEvent::message).toList();
  }

  private void createOrders(int rows) {
    source.execute(
        "CREATE TABLE orders (tenant_id text, id bigint, note text, updated_at timestamptz NOT NULL DEFAULT now(),"
            + " PRIMARY KEY (tenant_id, id))",
        "CREATE INDEX ON orders (updated_at)",
        "INSERT INTO orders SELECT t, i, 'note ' || i FROM generate_series(1, " + rows + ") i, unnest(ARRAY['a', 'b']) t",
        "ANALYZE");
  }

  @ParameterizedTest
  @ValueSource(strings = {"column", "schema"})
  void rowsThatWereDeletedAreRemovedAndLittleIsMoved(String tenancy) throws Exception {
    boolean byColumn = tenancy.equals("column");
    createOrders(50_000);
    if (!byColumn) {
      source.execute("DELETE FROM orders WHERE tenant_id = 'b'", "CREATE SCHEMA of_a", "ALTER TABLE orders SET SCHEMA of_a");
    }
    String where = byColumn ? "" : "of_a.";
    String all = ORDERS.replace("FROM ", "FROM " + where);
    try (CountingProxy proxy = new CountingProxy(source.settings().port());
        Replication replication =
            new Replication(
                new CaptureMode.Checkpoint(
                    "updated_at", Duration.ofMillis(500), null, Duration.ofSeconds(2), null,
                    CaptureMode.Checkpoint.LONGEST_TRANSACTION),
                directory,
                source,
                proxy.through(source.settings()),
                target,
                byColumn ? new Tenancy.ByColumn("tenant_id") : new Tenancy.BySchema("of_{key}"))) {
      UUID a = replication.start("a");
      if (byColumn) {
        replication.start("b");
      }
      long copied = proxy.bytes();
      source.execute(
          "DELETE FROM " + where + "orders WHERE tenant_id = 'a' AND id % 1000 = 7",
          "UPDATE " + where + "orders SET note = 'seen', updated_at = now() WHERE tenant_id = 'a' AND id % 1000 = 8");
      await().atMost(Replication.PATIENCE).until(() -> target.value("SELECT count(*) FROM " + where + "orders WHERE tenant_id = 'a'")
          .equals("49950"));
      await().atMost(Replication.PATIENCE).until(() -> !told(replication, "tenant-reconciled").isEmpty());
      long moved = proxy.bytes() - copied;
      assertThat(moved * 2).as("%,d bytes, for polls and comparisons, of %,d", moved, copied).isLessThan(copied);
      assertThat(told(replication, "tenant-reconciled").getFirst()).matches("reconciled: \\d+ rows differed in 1 tables; .*");
      replication.catchUp(a);
      replication.equal(all);
      assertThat(replication.meters.get("helios.repl.reconcile.rows").tag("op", "removed").counter().count())
          .isGreaterThanOrEqualTo(50);
      assertThat(replication.fleet.status(a).state()).isEqualTo(TenantState.STREAMING);
      assertThat(replication.fleet.status(a).conflicts()).isZero();
      if (byColumn) {
        replication.equal("SELECT * FROM orders WHERE tenant_id = 'b' ORDER BY id");
      }
    }
  }

  @Test
  @Tag("long")
  void whatSomebodyDidToTheTargetIsMended() throws Exception {
    createOrders(5000);
    try (Replication replication = replicate(polled(Duration.ofSeconds(1), null))) {
      UUID a = replication.start("a");
      target.transaction(
          "SET LOCAL session_replication_role = replica",
          "DELETE FROM orders WHERE tenant_id = 'a' AND id IN (5, 6)",
          "UPDATE orders SET note = 'tampered' WHERE tenant_id = 'a' AND id = 7",
          "INSERT INTO orders VALUES ('a', -1, 'extra'), ('z', 1, 'of nobody we know')");
      awaitEqual(ORDERS);
      await().atMost(Replication.PATIENCE).until(() -> !told(replication, "tenant-reconciled").isEmpty());
      assertThat(told(replication, "tenant-reconciled")).first().asString().startsWith("reconciled: 3 rows differed in 1 tables; ");
      assertThat(target.value("SELECT count(*) FROM orders WHERE tenant_id = 'z'")).isEqualTo("1");
      assertThat(replication.fleet.status(a).state()).isEqualTo(TenantState.STREAMING);
    }
  }

  @Test
  void afterARestartItGoesOn() throws Exception {
    createOrders(1000);
    try (Replication replication = replicate(polled(Duration.ofHours(1), null))) {
      replication.start("a");
    }
    source.execute("DELETE FROM orders WHERE id <= 10");
    try (Replication replication = replicate(polled(Duration.ofSeconds(1), null))) {
      UUID a = replication.add("a", DesiredState.RUNNING);
      awaitEqual(ORDERS);
      assertThat(replication.fleet.status(a).state()).isEqualTo(TenantState.STREAMING);
    }
  }

  @Test
  void rowsThatMovedToAnotherTenantAreInOnePlace() throws Exception {
    createOrders(1000);
    try (Replication replication = replicate(polled(Duration.ofSeconds(1), null))) {
      replication.start("a");
      replication.start("b");
      source.execute(
          "UPDATE orders SET tenant_id = 'b', id = id + 100000, updated_at = now() WHERE tenant_id = 'a' AND id <= 10",
          "UPDATE orders SET tenant_id = 'a', id = id + 100000 WHERE tenant_id = 'b' AND id <= 5");
      awaitEqual("SELECT * FROM orders ORDER BY tenant_id, id");
    }
  }

  @Test
  void aValueThatWentBackAndAChangeThatLeftItAloneAreFound() throws Exception {
    createOrders(1000);
    try (Replication replication = replicate(polled(Duration.ofSeconds(1), null))) {
      replication.start("a");
      source.execute(
          "UPDATE orders SET note = 'went back', updated_at = '2001-01-01' WHERE id = 1",
          "UPDATE orders SET note = 'left alone' WHERE id = 2");
      awaitEqual(ORDERS);
    }
  }

  @Test
  void whenMostOfATableDiffersItIsMendedAllTheSame() throws Exception {
    createOrders(5000);
    try (Replication replication = replicate(polled(Duration.ofSeconds(1), null))) {
      UUID a = replication.start("a");
      source.execute("DELETE FROM orders WHERE tenant_id = 'a' AND id > 100", "UPDATE orders SET note = 'silently'");
      awaitEqual(ORDERS);
      assertThat(told(replication, "tenant-resynced")).isEmpty();
      assertThat(replication.fleet.status(a).state()).isEqualTo(TenantState.STREAMING);
    }
  }

  @Test
  void aTableWithoutTheColumnIsRefreshedAndTheOthersAreLeftToThePolls() throws Exception {
    createOrders(1000);
    source.execute(
        "CREATE TABLE plan (tenant_id text, id int PRIMARY KEY, name text)",
        "INSERT INTO plan SELECT 'a', i, 'plan ' || i FROM generate_series(1, 50) i");
    try (Replication replication = replicate(polled(null, Duration.ofSeconds(1)))) {
      UUID a = replication.start("a");
      source.execute(
          "DELETE FROM plan WHERE id = 1",
          "INSERT INTO plan VALUES ('a', 51, 'new')",
          "UPDATE plan SET name = 'altered' WHERE id > 10",
          "DELETE FROM orders WHERE tenant_id = 'a' AND id = 1",
          "UPDATE orders SET note = 'seen', updated_at = now() WHERE tenant_id = 'a' AND id = 2");
      awaitEqual("SELECT * FROM plan ORDER BY id");
      replication.catchUp(a);
      assertThat(target.value("SELECT note FROM orders WHERE tenant_id = 'a' AND id = 2")).isEqualTo("seen");
    }
  }

  @Test
  @Tag("long")
  void anOperatorsVerificationGoesFirst() throws Exception {
    createOrders(5000);
    try (Replication replication = replicate(polled(Duration.ofMillis(20), null))) {
      UUID a = replication.start("a");
      for (int i = 0; i < 5; i++) {
        source.execute("UPDATE orders SET note = 'x" + i + "', updated_at = now() WHERE id <= 50");
        replication.catchUp(a);
        assertThat(Fleet.await(replication.fleet.verify(a, Replication.PATIENCE), Replication.PATIENCE).equal()).isTrue();
        assertThat(Fleet.await(replication.fleet.repair(a, Replication.PATIENCE), Replication.PATIENCE).after().equal()).isTrue();
      }
      await().atMost(Replication.PATIENCE)
          .until(() -> replication.meters.find("helios.repl.reconcile.runs").tag("outcome", "equal").counter() != null);
      assertThat(told(replication, "reconcile")).isEmpty();
    }
  }

  @Test
  void whatKeepsItFromReconcilingIsToldOnceAndSoIsThatItIsOver() throws Exception {
    createOrders(1000);
    try (Replication replication = replicate(polled(Duration.ofMillis(100), null))) {
      UUID a = replication.start("a");
      target.execute("ALTER TABLE orders RENAME TO away");
      await().atMost(Replication.PATIENCE).until(() -> !told(replication, "reconcile").isEmpty());
      assertThat(told(replication, "reconcile")).singleElement().asString().startsWith("not reconciled, it is tried again: ");
      target.execute("ALTER TABLE away RENAME TO orders");
      await().atMost(Replication.PATIENCE).until(() -> told(replication, "reconcile").size() == 2);
      assertThat(told(replication, "reconcile").getLast()).startsWith("over: ");
      assertThat(replication.fleet.status(a).state()).isEqualTo(TenantState.STREAMING);
    }
  }

  private Replication replicate(CaptureMode capture) {
    return new Replication(capture, directory, source, target, new Tenancy.ByColumn("tenant_id"));
  }

  private void awaitEqual(String sql) {
    await().atMost(Replication.PATIENCE).untilAsserted(() -> assertThat(target.query(sql)).isEqualTo(source.query(sql)).isNotEmpty());
  }
}
