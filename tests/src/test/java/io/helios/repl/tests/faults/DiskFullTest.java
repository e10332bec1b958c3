package io.helios.repl.tests.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The disk of the journal is full. Capture waits, says so, and tells the source nothing that is not durable; the rest goes
 * on; and when there is room again so does capture, by itself. Readers see whole transactions at every moment.
 */
class DiskFullTest {

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  /** Each transaction brings ten rows that do not compress. */
  private void write(String tenant, int from, int transactions) {
    for (int i = 0; i < transactions; i++) {
      source.execute(
          "INSERT INTO orders SELECT '" + tenant + "', " + (from + i * 10) + " + n,"
              + " (SELECT string_agg(md5(random()::text || n || g), '') FROM generate_series(1, 100) g)"
              + " FROM generate_series(0, 9) n");
    }
  }

  private void wholeTransactionsOnly() {
    assertThat(target.query("SELECT tenant_id, id / 10 FROM orders GROUP BY 1, 2 HAVING count(*) <> 10")).isEmpty();
  }

  private Lsn slot() {
    return Lsn.parse(
        source.value(
            "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = 'helios_" + source.name() + "'"));
  }

  private List<FleetEvent> told(Replication replication, FleetEvent.Severity severity) {
    return replication.events.stream()
        .filter(event -> event.severity() == severity && event.kind().equals("source"))
        .filter(event -> event.problem() != null && event.problem().code() == ErrorCode.JOURNAL_WRITE_FAILED)
        .toList();
  }

  @Test
  void captureWaitsAndSaysSoAndGoesOnByItselfWhenThereIsRoomAgain() throws Exception {
    source.execute("CREATE TABLE orders (tenant_id text, id bigint, note text, PRIMARY KEY (tenant_id, id))");
    write("a", 0, 2);
    write("paused", 0, 2);
    try (DiskTmpfs disk = DiskTmpfs.mount(directory.resolve("disk"), 4);
        Replication replication =
            new Replication(disk.path(), source, target, new Tenancy.ByColumn("tenant_id"), null)) {
      UUID a = replication.start("a");
      UUID paused = replication.start("paused");
      replication.fleet.pauseTenant(paused);
      replication.becomes(paused, TenantState.PAUSED);
      write("a", 1000, 5);
      write("paused", 1000, 5);
      replication.catchUp(a);

      disk.fill();
      // The last page of the journal may take a little more, but not so much.
      write("a", 2000, 3);
      Lsn full = Lsn.parse(source.value("SELECT pg_current_wal_insert_lsn()"));
      write("a", 2030, 27);
      await().atMost(Replication.PATIENCE).until(() -> !told(replication, FleetEvent.Severity.ERROR).isEmpty());

      TenantStatus status = replication.fleet.status(a);
      assertThat(status.state()).isEqualTo(TenantState.STREAMING);
      Problem problem = Objects.requireNonNull(status.error());
      assertThat(problem.code()).isEqualTo(ErrorCode.JOURNAL_WRITE_FAILED);
      assertThat(problem.why()).isEqualTo("the disk is full");
      assertThat(replication.fleet.sources().getFirst().error()).isEqualTo(problem);
      wholeTransactionsOnly();
      // What is in the journal can still be read, and what was acknowledged lets nothing go too early.
      replication.fleet.resumeTenant(paused);
      await()
          .atMost(Replication.PATIENCE)
          .until(() -> target.value("SELECT count(*) FROM orders WHERE tenant_id = 'paused'").equals("70"));
      // It is tried again and again meanwhile, with the same result, and that is told once.
      write("a", 3000, 30);
      Instant tried = replication.fleet.status(a).errorAt();
      await().atMost(Replication.PATIENCE).until(() -> !Objects.equals(replication.fleet.status(a).errorAt(), tried));
      assertThat(told(replication, FleetEvent.Severity.ERROR)).hasSize(1);
      assertThat(told(replication, FleetEvent.Severity.INFO)).isEmpty();
      assertThat(slot()).isLessThanOrEqualTo(full);

      disk.makeRoom();
      replication.catchUp(a);
      replication.catchUp(paused);
      wholeTransactionsOnly();
      replication.equal("SELECT * FROM orders ORDER BY 1, 2");
      assertThat(target.query("SELECT kind FROM helios.conflict")).isEmpty();
      await().atMost(Replication.PATIENCE).until(() -> replication.fleet.status(a).error() == null);
      assertThat(told(replication, FleetEvent.Severity.INFO)).hasSize(1);
    }
  }
}
