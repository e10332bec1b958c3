package io.helios.repl.tests.gaps;

import static org.awaitility.Awaitility.await;

import io.helios.repl.status.TenantState;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose WAL is kept for nobody. */
class HeldWalTest {

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  @Test
  void whileAllTenantsOfASourceNeedAResyncItsSlotGoesOn() throws Exception {
    Orders orders = new Orders(directory, source, target);
    orders.create();
    try (Replication replication = orders.replicate()) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      replication.fleet.shredKey(a);
      replication.fleet.shredKey(b);
      replication.becomes(a, TenantState.NEEDS_RESYNC);
      replication.becomes(b, TenantState.NEEDS_RESYNC);
      orders.write("a", 100, 110);
      String written = source.value("SELECT pg_current_wal_lsn()");
      orders.write("a", 200, 210);
      String past = "SELECT confirmed_flush_lsn > '" + written + "' FROM pg_replication_slots WHERE slot_name = '"
          + orders.slot() + "'";
      await().atMost(Replication.PATIENCE).until(() -> "t".equals(source.value(past)));
      orders.resync(replication, a, b);
    }
  }
}
