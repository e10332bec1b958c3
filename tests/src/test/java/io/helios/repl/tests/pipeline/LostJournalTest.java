package io.helios.repl.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The disk with the journal is gone; the databases are not. */
class LostJournalTest {

  private static final String[] TABLES = {
    "CREATE TABLE orders (tenant_id text, id bigint, note text, PRIMARY KEY (tenant_id, id))",
    "CREATE TABLE visit (tenant_id text, page text)",
    "ALTER TABLE visit REPLICA IDENTITY FULL"
  };

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  private Replication replicate() {
    return new Replication(directory, source, target, new Tenancy.ByColumn("tenant_id"), null);
  }

  private void loseTheJournal() throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).filter(f -> !f.equals(directory)).toList()) {
        Files.delete(file);
      }
    }
  }

  private void write(String tenant, int from, int to) {
    String numbers = "generate_series(" + from + ", " + to + ") i";
    source.execute(
        "INSERT INTO orders SELECT '" + tenant + "', i, 'x' FROM " + numbers,
        "INSERT INTO visit SELECT '" + tenant + "', 'page ' || i % 3 FROM " + numbers,
        "UPDATE orders SET note = note || 'y' WHERE tenant_id = '" + tenant + "' AND id % 7 = 0");
  }

  private void equal(Replication replication) {
    replication.equal("SELECT * FROM orders ORDER BY 1, 2");
    replication.equal("SELECT tenant_id, page, count(*) FROM visit GROUP BY 1, 2 ORDER BY 1, 2");
  }

  @Test
  void whileTargetsKeepUpItIsNoGapAndNothingComesTwice() throws Exception {
    source.execute(TABLES);
    write("busy", 1, 50);
    write("quiet", 1, 50);
    try (Replication replication = replicate()) {
      UUID busy = replication.start("busy");
      UUID quiet = replication.start("quiet");
      for (int round = 1; round <= 4; round++) {
        write("busy", round * 100, round * 100 + 50);
        replication.catchUp(busy);
      }
      // Until then a loss would be one: its target has noted nothing, and the slot may go as far as the other tenant has come.
      await().atMost(Replication.PATIENCE).until(() -> target.value(
          "SELECT through > '0/0' FROM helios.replica WHERE tenant = '" + quiet + "'").equals("t"));
      // The slot moves on past what the quiet tenant ever got.
      String before = slot();
      write("busy", 1000, 1050);
      await().atMost(Replication.PATIENCE).until(() -> !slot().equals(before));
      write("busy", 1100, 1150);
    }
    loseTheJournal();
    write("busy", 2000, 2050);
    write("quiet", 2000, 2050);
    try (Replication replication = Replication.of(directory, source, target, List.of("busy", "quiet"))) {
      for (UUID tenant : List.of(Replication.id("busy"), Replication.id("quiet"))) {
        replication.becomes(tenant, TenantState.STREAMING);
        replication.catchUp(tenant);
        assertThat(replication.fleet.status(tenant).conflicts()).isZero();
      }
      equal(replication);
    }
  }

  private String slot() {
    return source.value(
        "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = 'helios_" + source.name() + "'");
  }

  /** As when a server ends before it has captured anything of a source that is new to it. */
  @Test
  void whoIsStillToBeCopiedHasLostNothing() throws Exception {
    source.execute(TABLES);
    write("a", 1, 50);
    try (Connection locked = target.connect()) {
      locked.setAutoCommit(false);
      try (Replication replication = replicate()) {
        replication.start("other"); // which has been copied, and nothing more
        try (Statement lock = locked.createStatement()) {
          lock.execute("LOCK TABLE orders, visit IN SHARE MODE");
        }
        replication.add("a", DesiredState.RUNNING);
        await().atMost(Replication.PATIENCE).until(
            () -> target.value("SELECT count(*) FROM helios.replica WHERE name = 'a'").equals("1"));
      }
      loseTheJournal();
      try (Replication replication = Replication.of(directory, source, target, List.of("other", "a"))) {
        locked.rollback();
        UUID a = Replication.id("a");
        replication.becomes(Replication.id("other"), TenantState.STREAMING);
        replication.becomes(a, TenantState.STREAMING);
        write("a", 100, 150);
        replication.catchUp(a);
        equal(replication);
      }
    }
  }

  @Test
  void whoWasBehindMoreThanTheSlotWaitedForNeedsAResyncAndIsToldSo() throws Exception {
    source.execute(TABLES);
    write("a", 1, 50);
    try (Replication replication = replicate()) {
      UUID a = replication.start("a");
      write("a", 100, 150);
      replication.catchUp(a);
      replication.fleet.stopTenant(a);
      replication.becomes(a, TenantState.STOPPED);
      write("a", 200, 250);
    }
    loseTheJournal();
    source.execute(
        "SELECT pg_replication_slot_advance('helios_" + source.name() + "', pg_current_wal_lsn())");
    try (Replication replication = replicate()) {
      UUID a = replication.add("a", DesiredState.RUNNING);
      replication.becomes(a, TenantState.NEEDS_RESYNC);
      replication.fleet.resyncTenant(a);
      replication.becomes(a, TenantState.STREAMING);
      replication.catchUp(a);
      equal(replication);
    }
  }
}
