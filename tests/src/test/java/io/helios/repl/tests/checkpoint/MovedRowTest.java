package io.helios.repl.tests.checkpoint;

import static org.awaitility.Awaitility.await;

import io.helios.repl.capture.CaptureMode;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A poll finds where a row is, and nobody tells who had it. */
class MovedRowTest {

  private static final String ALL = "SELECT * FROM orders ORDER BY id";

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  @Test
  void rowsThatTwoTenantsOfOneTableExchangeEndWithTheirNewTenantsAndNobodyStops() throws Exception {
    source.execute(
        "CREATE TABLE orders (id bigint PRIMARY KEY, tenant_id text NOT NULL, note text,"
            + " updated_at timestamptz NOT NULL DEFAULT clock_timestamp())",
        "CREATE INDEX ON orders (updated_at)",
        "INSERT INTO orders SELECT i, CASE i % 2 WHEN 0 THEN 'a' ELSE 'b' END, 'note' FROM generate_series(1, 200) i");
    CaptureMode capture = new CaptureMode.Checkpoint(
        "updated_at", Duration.ofMillis(100), null, Duration.ofSeconds(1), null, CaptureMode.Checkpoint.LONGEST_TRANSACTION);
    try (Replication replication =
        new Replication(capture, directory, source, target, new Tenancy.ByColumn("tenant_id"))) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      source.execute("UPDATE orders SET tenant_id = CASE tenant_id WHEN 'a' THEN 'b' ELSE 'a' END, note = 'moved',"
          + " updated_at = clock_timestamp() WHERE id IN (10, 11, 20)");
      source.execute("INSERT INTO orders VALUES (1000, 'a', 'after', clock_timestamp()), (1001, 'b', 'after', clock_timestamp())");
      await().atMost(Replication.PATIENCE).untilAsserted(() -> replication.equal(ALL));
      replication.becomes(a, TenantState.STREAMING);
      replication.becomes(b, TenantState.STREAMING);
      replication.catchUp(a);
      replication.catchUp(b);
    }
  }
}
