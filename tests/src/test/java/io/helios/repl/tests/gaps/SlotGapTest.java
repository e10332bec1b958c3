package io.helios.repl.tests.gaps;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.status.TenantState;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Somebody else touches the replication slot. */
class SlotGapTest {

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));
  private Orders orders;

  @BeforeEach
  void tables() {
    orders = new Orders(directory, source, target);
    orders.create();
  }

  /** Two tenants that stream, and then a server that is stopped. */
  private void replicatedAndStopped() throws InterruptedException {
    try (Replication replication = orders.replicate()) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      orders.write("a", 100, 110);
      replication.catchUp(a);
      replication.catchUp(b);
    }
    orders.awaitSlotFree();
  }

  private void gapThenResync(ErrorCode code, String... mending) throws InterruptedException {
    try (Replication replication = orders.replicate()) {
      UUID a = replication.add("a", DesiredState.RUNNING);
      UUID b = replication.add("b", DesiredState.RUNNING);
      Problem problem = Orders.gap(replication, a, code);
      Orders.gap(replication, b, code);
      for (String sql : mending) {
        assertThat(problem.hint()).contains(sql);
        source.execute(sql);
      }
      orders.resync(replication, a, b);
      assertThat(replication.events)
          .anySatisfy(
              event -> {
                assertThat(event.kind()).isEqualTo("source");
                assertThat(event.severity()).isEqualTo(FleetEvent.Severity.ERROR);
                assertThat(event.problem().code()).isEqualTo(code);
              });
    }
  }

  private String drop() {
    return "SELECT pg_drop_replication_slot('" + orders.slot() + "')";
  }

  private String create(String plugin) {
    return "SELECT pg_create_logical_replication_slot('" + orders.slot() + "', '" + plugin + "')";
  }

  @Test
  void droppedWhileWeStreamItIsAGap() throws Exception {
    try (Replication replication = orders.replicate()) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      await()
          .atMost(Replication.PATIENCE)
          .ignoreExceptions()
          .until(
              () -> {
                source.execute(
                    "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '"
                        + orders.slot() + "'",
                    drop());
                return true;
              });
      orders.write("a", 100, 110);
      Orders.gap(replication, a, ErrorCode.SLOT_MISSING);
      Orders.gap(replication, b, ErrorCode.SLOT_MISSING);
      orders.resync(replication, a, b);
    }
  }

  @Tag("long")
  @Test
  void droppedWhileWeAreStoppedItIsAGapAndStaysOneThroughARestart() throws Exception {
    replicatedAndStopped();
    source.execute(drop());
    orders.write("a", 200, 210);
    try (Replication replication = orders.replicate()) {
      Orders.gap(replication, replication.add("a", DesiredState.RUNNING), ErrorCode.SLOT_MISSING);
      Orders.gap(replication, replication.add("b", DesiredState.RUNNING), ErrorCode.SLOT_MISSING);
      replication.fleet.prepareSource("shop", false);
    }
    try (Replication replication = orders.replicate()) {
      UUID a = replication.add("a", DesiredState.RUNNING);
      UUID b = replication.add("b", DesiredState.RUNNING);
      Orders.gap(replication, a, null);
      Orders.gap(replication, b, null);
      orders.resync(replication, a, b);
    }
  }

  @Tag("long")
  @Test
  void madeAnewUnderItsNameItIsAGap() throws Exception {
    replicatedAndStopped();
    source.execute(drop());
    orders.write("a", 200, 210);
    source.execute(create("pgoutput"));
    gapThenResync(ErrorCode.SLOT_MOVED);
  }

  @Test
  void madeAnewWithNothingWrittenMeanwhileItIsAGap() throws Exception {
    replicatedAndStopped();
    source.execute(drop(), create("pgoutput"));
    gapThenResync(ErrorCode.SLOT_MOVED);
  }

  @Test
  void madeAnewAtTheVerySamePositionNothingIsLostAndItGoesOn() throws Exception {
    replicatedAndStopped();
    orders.write("a", 200, 210);
    source.execute(
        "SELECT pg_copy_logical_replication_slot('" + orders.slot() + "', 'kept_" + source.name() + "')",
        drop(),
        "SELECT pg_copy_logical_replication_slot('kept_" + source.name() + "', '" + orders.slot() + "')",
        "SELECT pg_drop_replication_slot('kept_" + source.name() + "')");
    try (Replication replication = orders.replicate()) {
      UUID a = replication.add("a", DesiredState.RUNNING);
      replication.becomes(a, TenantState.STREAMING);
      replication.catchUp(a);
      orders.equal(replication);
    }
  }

  @Test
  void advancedBySomebodyItIsAGap() throws Exception {
    replicatedAndStopped();
    orders.write("a", 200, 210);
    source.execute("SELECT pg_replication_slot_advance('" + orders.slot() + "', pg_current_wal_lsn())");
    gapThenResync(ErrorCode.SLOT_MOVED);
  }

  @Test
  @Tag("long")
  void madeAnewWithAnotherPluginItIsAGapAndIsNotTouched() throws Exception {
    replicatedAndStopped();
    source.execute(drop(), create("test_decoding"));
    gapThenResync(ErrorCode.SLOT_UNFIT, drop());
  }
}
