package io.helios.repl.tests.gaps;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.status.TenantState;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The primary dies and its standby is promoted, which kept our slot in step (PostgreSQL 17, {@code
 * sync_replication_slots}).
 */
@Tag("long")
class PromotedStandbyTest {

  @TempDir Path directory;

  private OwnServer primary;
  private OwnServer standby;
  private Orders orders;

  @BeforeEach
  void start() {
    primary = OwnServer.start(directory.resolve("primary"));
    Database source = primary.database(Postgres.createDatabase(primary.server()));
    orders = new Orders(directory.resolve("fleet"), source, Database.create(Postgres.shared(17, "target")));
    orders.create();
  }

  @AfterEach
  void end() {
    if (standby != null) {
      standby.close();
    }
    primary.close();
  }

  /** A standby of the primary as it is now, not started. */
  private void makeStandby() throws SQLException, IOException {
    standby = primary.standby(directory.resolve("standby"), "sync_replication_slots = on");
  }

  private Database standbyDatabase() {
    return standby.database(orders.source().name());
  }

  private void awaitSlotAtStandby(Replication replication, UUID tenant) {
    String there =
        "SELECT count(*) FROM pg_replication_slots WHERE synced AND NOT temporary AND slot_name = '" + orders.slot() + "'";
    int[] from = {10_000};
    await()
        .atMost(Replication.PATIENCE)
        .until(
            () -> {
              // The slot is kept there once its WAL and catalogs are: both move on with what is written and confirmed.
              orders.write("a", from[0], ++from[0]);
              from[0]++;
              orders.source().execute("SELECT pg_log_standby_snapshot()");
              replication.catchUp(tenant);
              return standbyDatabase().value(there).equals("1");
            });
  }

  private void awaitReplay() {
    String end = orders.source().value("SELECT pg_current_wal_lsn()");
    await()
        .atMost(Replication.PATIENCE)
        .until(() -> standbyDatabase().value("SELECT pg_last_wal_replay_lsn() >= '" + end + "'").equals("t"));
  }

  private void promote() {
    assertThat(standbyDatabase().value("SELECT pg_promote()")).isEqualTo("t");
  }

  @Test
  void atTheSameAddressReplicationGoesOnWithoutAGap() throws Exception {
    try (Replication replication = orders.replicate()) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      makeStandby();
      standby.start();
      awaitSlotAtStandby(replication, a);
      orders.write("a", 300, 330);
      orders.write("b", 300, 330);
      primary.stop();
      promote();
      standby.stop();
      standby = new OwnServer(standby.data(), Map.of(), primary.port());
      standby.start();
      orders.write("a", 400, 430);
      orders.write("b", 400, 430);
      for (UUID tenant : new UUID[] {a, b}) {
        await().atMost(Replication.PATIENCE).ignoreExceptions().untilAsserted(() -> replication.catchUp(tenant));
        assertThat(replication.fleet.status(tenant).state()).isEqualTo(TenantState.STREAMING);
        assertThat(replication.fleet.status(tenant).conflicts()).isZero();
      }
      orders.equal(replication);
      assertThat(orders.source().value("SELECT timeline_id FROM pg_control_checkpoint()")).isEqualTo("2");
    }
  }

  @Test
  void promotedWithoutWhatWasCapturedItIsAGap() throws Exception {
    try (Replication replication = orders.replicate()) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      makeStandby();
      standby.start();
      awaitSlotAtStandby(replication, a);
      awaitReplay();
      standby.stop();
      orders.write("a", 300, 330);
      orders.write("b", 300, 330);
      replication.catchUp(a);
      replication.catchUp(b);
    }
    primary.stop();
    standby.start();
    promote();
    orders = new Orders(orders.directory(), standbyDatabase(), orders.target());
    orders.write("a", 400, 800);
    try (Replication replication = orders.replicate()) {
      UUID a = replication.add("a", DesiredState.RUNNING);
      UUID b = replication.add("b", DesiredState.RUNNING);
      Orders.gap(replication, a, ErrorCode.TIMELINE_FORKED);
      Orders.gap(replication, b, ErrorCode.TIMELINE_FORKED);
      orders.resync(replication, a, b);
    }
  }

  @Test
  void promotedWithoutTheSlotItIsAGap() throws Exception {
    try (Replication replication = orders.replicate()) {
      replication.start("a");
      replication.start("b");
      makeStandby();
    }
    standby.append("postgresql.auto.conf", "sync_replication_slots = off\n");
    standby.start();
    awaitReplay();
    primary.stop();
    promote();
    orders = new Orders(orders.directory(), standbyDatabase(), orders.target());
    try (Replication replication = orders.replicate()) {
      UUID a = replication.add("a", DesiredState.RUNNING);
      UUID b = replication.add("b", DesiredState.RUNNING);
      Orders.gap(replication, a, ErrorCode.SLOT_MISSING);
      Orders.gap(replication, b, ErrorCode.SLOT_MISSING);
      orders.resync(replication, a, b);
    }
  }
}
