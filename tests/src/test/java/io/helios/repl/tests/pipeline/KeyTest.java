package io.helios.repl.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.relay.DirectorySegmentFiles;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.RelayJournal;
import io.helios.repl.relay.RelayLimits;
import io.helios.repl.seal.FrameOpener;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys that change, and keys that are destroyed. */
class KeyTest {

  private static final String ORDERS =
      "CREATE TABLE orders (tenant_id text, id bigint, note text, PRIMARY KEY (tenant_id, id))";

  @TempDir Path directory;
  @TempDir Path copies;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  private Replication replicate() {
    source.execute(ORDERS, "INSERT INTO orders SELECT t, i, 'x' FROM generate_series(1, 20) i, (VALUES ('a'), ('b')) v (t)");
    return new Replication(directory, source, target, new Tenancy.ByColumn("tenant_id"), null);
  }

  private void write(String tenant, int from) {
    source.execute(
        "INSERT INTO orders SELECT '" + tenant + "', i, 'y' FROM generate_series(" + from + ", " + (from + 9) + ") i");
  }

  /** A backup of the journal, as somebody may have taken it at any time. */
  private List<Frame> framesOfACopy(UUID tenant, String name) throws IOException {
    Path from = directory.resolve("journal").resolve("shop");
    Path to = Files.createDirectory(copies.resolve(name));
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
    try (RelayJournal journal = RelayJournal.open(new DirectorySegmentFiles(to), new RelayLimits(1 << 30, 1 << 28))) {
      return List.copyOf(journal.fetch(tenant, 0, 0, 1 << 20));
    }
  }

  @Test
  void rotatedWhileItStreamsEveryFrameIsOpenedWithTheKeyThatSealedIt() throws Exception {
    try (Replication replication = replicate()) {
      UUID a = replication.start("a");
      replication.fleet.pauseTenant(a);
      replication.becomes(a, TenantState.PAUSED);
      for (int i = 1; i <= 4; i++) {
        write("a", 100 * i);
        long frames = i;
        await().atMost(Replication.PATIENCE).until(() -> framesOfACopy(a, "waits" + System.nanoTime()).size() >= frames);
        assertThat(replication.fleet.rotateKey(a)).isEqualTo(i + 1);
      }
      assertThat(framesOfACopy(a, "rotated").stream().map(f -> f.header().keyGeneration()).distinct())
          .containsExactly(1, 2, 3, 4);
      replication.fleet.resumeTenant(a);
      write("a", 1000);
      replication.catchUp(a);
      assertThat(replication.fleet.keyGeneration(a)).isEqualTo(5);
      replication.equal("SELECT * FROM orders WHERE tenant_id = 'a' ORDER BY id");
    }
  }

  @Test
  void shreddedNoFrameOfItCanBeReadInAnyCopyAndOthersAreUntouched() throws Exception {
    try (Replication replication = replicate()) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      replication.fleet.pauseTenant(a);
      replication.becomes(a, TenantState.PAUSED);
      write("a", 100);
      replication.fleet.rotateKey(a);
      write("a", 200);
      write("b", 200);
      replication.catchUp(b);
      List<Frame> frames = framesOfACopy(a, "before");
      assertThat(frames).isNotEmpty();
      try (FrameOpener opener = new FrameOpener(replication.keyring)) {
        frames.forEach(frame -> assertThat(opener.open(frame)).isNotEmpty());
        replication.fleet.shredKey(a);
        for (Frame frame : frames) {
          assertThatThrownBy(() -> opener.open(frame))
              .isInstanceOfSatisfying(
                  CorruptionException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.FRAME_KEY_UNKNOWN));
        }
      }
      assertThat(Objects.requireNonNull(replication.becomes(a, TenantState.NEEDS_RESYNC).error()).code())
          .isEqualTo(ErrorCode.TENANT_KEY_SHREDDED);
      write("b", 300);
      replication.catchUp(b);
      replication.fleet.resyncTenant(a);
      replication.becomes(a, TenantState.STREAMING);
      write("a", 400);
      replication.catchUp(a);
      replication.equal("SELECT * FROM orders ORDER BY tenant_id, id");
    }
  }
}
