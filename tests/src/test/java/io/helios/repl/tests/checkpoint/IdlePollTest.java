package io.helios.repl.tests.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.capture.CaptureMode;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a poll costs where nothing has changed, while others write to the same database. */
class IdlePollTest {

  /** Polls are made when they are asked for, and at no other time. */
  private static final CaptureMode MODE =
      new CaptureMode.Checkpoint(
          "updated_at", Duration.ofHours(1), null, null, null, CaptureMode.Checkpoint.LONGEST_TRANSACTION);

  /** Blocks of the table and its indexes that somebody has looked at, in memory or not. */
  private static final String FETCHED =
      "SELECT sum(pg_stat_get_blocks_fetched(oid)) FROM pg_class WHERE relname LIKE 'orders%'";

  @TempDir Path directory;

  @Test
  @Tag("long")
  void aPollOfALargeTableInWhichNothingHasChangedReadsAHandfulOfPages() throws Exception {
    Database source = Database.create(Postgres.shared(17, "source"));
    Database target = Database.create(Postgres.shared(17, "target"));
    source.execute(
        "CREATE TABLE orders (tenant_id text, id bigint, note text, updated_at timestamptz NOT NULL,"
            + " PRIMARY KEY (tenant_id, id))",
        "INSERT INTO orders SELECT 't' || i % 100, i, 'a note on order ' || i, now() - i * interval '1 second'"
            + " FROM generate_series(1, 100000) i",
        "CREATE INDEX orders_updated_at ON orders (updated_at)",
        "ANALYZE orders");
    try (Replication replication =
        new Replication(MODE, directory, source, target, new Tenancy.ByColumn("tenant_id"))) {
      UUID tenant = replication.start("t1");
      settle(replication, tenant, source); // the horizon rises to the first polls
      long before = Long.parseLong(source.value(FETCHED));
      int polls = settle(replication, tenant, source);
      long blocks = Long.parseLong(source.value(FETCHED)) - before;
      assertThat(blocks).as("statistics have come").isPositive();
      assertThat(blocks / polls).as("%,d blocks of 1,500 in %d polls", blocks, polls).isLessThan(20);
      source.execute("UPDATE orders SET note = 'new', updated_at = clock_timestamp() WHERE tenant_id = 't1' AND id = 1");
      replication.catchUp(tenant);
      replication.equal("SELECT * FROM orders WHERE tenant_id = 't1' ORDER BY id");
    }
  }

  /** Polls while others have transactions, for as long as a session may keep its statistics to itself. */
  private static int settle(Replication replication, UUID tenant, Database source) throws InterruptedException {
    long until = System.nanoTime() + Duration.ofMillis(2500).toNanos();
    int polls = 0;
    while (System.nanoTime() < until) {
      source.execute("SELECT pg_current_xact_id()");
      replication.catchUp(tenant);
      polls++;
    }
    return polls;
  }
}
