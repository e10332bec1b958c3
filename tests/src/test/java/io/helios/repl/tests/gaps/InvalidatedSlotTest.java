package io.helios.repl.tests.gaps;

import static org.awaitility.Awaitility.await;

import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The server takes the slot out of service. */
@Tag("long")
class InvalidatedSlotTest {

  @TempDir Path directory;

  private void isLostAndCured(LocalPostgres server, String reason, String... provocation) throws Exception {
    Orders orders =
        new Orders(directory, Database.create(server), Database.create(Postgres.shared(17, "target")));
    orders.create();
    try (Replication replication = orders.replicate()) {
      replication.start("a");
      replication.start("b");
    }
    await()
        .atMost(Replication.PATIENCE)
        .until(
            () -> {
              orders.source().execute(provocation);
              return orders
                  .source()
                  .value("SELECT wal_status FROM pg_replication_slots WHERE slot_name = '" + orders.slot() + "'")
                  .equals("lost");
            });
    orders.write("a", 200, 210);
    try (Replication replication = orders.replicate()) {
      UUID a = replication.add("a", DesiredState.RUNNING);
      UUID b = replication.add("b", DesiredState.RUNNING);
      Assertions.assertThat(Orders.gap(replication, a, ErrorCode.SLOT_LOST).why()).contains(reason);
      Orders.gap(replication, b, ErrorCode.SLOT_LOST);
      orders.resync(replication, a, b);
    }
  }

  @Test
  void forItsWalWasMoreThanItMightHoldBack() throws Exception {
    try (LocalPostgres server =
        Postgres.start(
            17,
            Map.of("max_slot_wal_keep_size", "1MB", "min_wal_size", "32MB", "max_wal_size", "32MB", "fsync", "off"))) {
      isLostAndCured(
          server,
          "wal_removed",
          "CREATE TABLE IF NOT EXISTS filler (i int)",
          "INSERT INTO filler SELECT generate_series(1, 100)",
          "SELECT pg_switch_wal()",
          "CHECKPOINT");
    }
  }

  @Test
  void forItWasIdleForTooLong() throws Exception {
    try (LocalPostgres server = Postgres.start(18, Map.of("idle_replication_slot_timeout", "1s", "fsync", "off"))) {
      isLostAndCured(server, "idle_timeout", "CHECKPOINT");
    }
  }
}
