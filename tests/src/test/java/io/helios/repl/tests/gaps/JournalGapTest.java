package io.helios.repl.tests.gaps;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.status.TenantState;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The journal's directory is gone, or an older copy of itself. */
class JournalGapTest {

  @TempDir Path directory;
  @TempDir Path elsewhere;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));
  private Orders orders;

  @BeforeEach
  void tables() {
    orders = new Orders(directory, source, target);
    orders.create();
  }

  private Path journal() {
    return directory.resolve("journal").resolve("shop");
  }

  private static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.sorted(Comparator.naturalOrder()).toList();
    }
  }

  private static void replace(Path directory, Path by) throws IOException {
    Files.createDirectories(directory);
    for (Path file : files(directory)) {
      Files.delete(file);
    }
    for (Path file : files(by)) {
      Files.copy(file, directory.resolve(file.getFileName()));
    }
  }

  /** What keys of frames are derived with: bytes 20 to 52 of each segment (class Segment). */
  private Set<String> salts() throws IOException {
    Set<String> salts = new TreeSet<>();
    for (Path file : files(journal())) {
      byte[] bytes = Files.readAllBytes(file);
      if (bytes.length > 52) {
        salts.add(HexFormat.of().formatHex(Arrays.copyOfRange(bytes, 20, 52)));
      }
    }
    return salts;
  }

  private Replication goneOn(String... tenants) throws InterruptedException {
    Replication replication = orders.replicate();
    List<UUID> all = Stream.of(tenants).map(tenant -> replication.add(tenant, DesiredState.RUNNING)).toList();
    for (UUID tenant : all) {
      replication.becomes(tenant, TenantState.STREAMING);
    }
    return replication;
  }

  @Test
  void rolledBackToAnOldCopyWhileTargetsKeepUpNothingIsLostAndNothingComesTwice() throws Exception {
    UUID a;
    UUID b;
    try (Replication replication = orders.replicate()) {
      a = replication.start("a");
      b = replication.start("b");
      orders.write("a", 100, 150);
      orders.write("b", 100, 150);
      replication.catchUp(a);
      replication.catchUp(b);
    }
    replace(elsewhere, journal());
    Set<String> before = salts();
    Set<String> lost;
    try (Replication replication = goneOn("a", "b")) {
      orders.write("a", 200, 250);
      orders.write("b", 200, 250);
      replication.catchUp(a);
      replication.catchUp(b);
      orders.awaitRelease();
      lost = salts();
    }
    lost.removeAll(before);
    assertThat(lost).isNotEmpty();
    replace(journal(), elsewhere);
    orders.write("a", 300, 350);
    try (Replication replication = goneOn("a", "b")) {
      orders.write("b", 300, 350);
      replication.catchUp(a);
      replication.catchUp(b);
      assertThat(replication.fleet.status(a).conflicts() + replication.fleet.status(b).conflicts()).isZero();
      orders.equal(replication);
      assertThat(salts()).as("no segment shares its salt with one that was lost: no nonce comes twice").doesNotContainAnyElementsOf(lost);
    }
  }

  @Test
  void deletedWithATenantThatLaggedBehindTheSlotItIsAGapOfThatTenantAlone() throws Exception {
    UUID a;
    UUID b;
    try (Replication replication = orders.replicate()) {
      a = replication.start("a");
      b = replication.start("b");
      replication.fleet.stopTenant(b);
      replication.becomes(b, TenantState.STOPPED);
      orders.write("b", 100, 150);
      orders.write("a", 100, 150);
      replication.catchUp(a);
    }
    // As the WAL budget forces the slot on past what b has; what a has must be beyond it.
    String slot = source.value("SELECT pg_current_wal_lsn()");
    try (Replication replication = goneOn("a")) {
      orders.write("a", 200, 250);
      replication.catchUp(a);
    }
    orders.awaitSlotFree();
    source.execute("SELECT pg_replication_slot_advance('" + orders.slot() + "', '" + slot + "')");
    replace(journal(), Files.createDirectories(elsewhere.resolve("empty")));
    try (Replication replication = orders.replicate()) {
      replication.add("a", DesiredState.RUNNING);
      replication.add("b", DesiredState.RUNNING);
      Orders.gap(replication, b, ErrorCode.JOURNAL_LOST);
      replication.becomes(a, TenantState.STREAMING);
      orders.write("a", 300, 350);
      replication.catchUp(a);
      orders.resync(replication, b);
      assertThat(replication.fleet.status(a).state()).isEqualTo(TenantState.STREAMING);
    }
  }
}
