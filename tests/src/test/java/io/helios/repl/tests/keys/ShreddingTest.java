package io.helios.repl.tests.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.relay.DirectorySegmentFiles;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.RelayJournal;
import io.helios.repl.relay.RelayLimits;
import io.helios.repl.seal.FileKeyring;
import io.helios.repl.seal.FrameOpener;
import io.helios.repl.seal.Keyring;
import io.helios.repl.seal.MasterKey;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A tenant's keys are shredded in a running server. Whoever has kept copies of everything on its disk but the keyring, and
 * even gets the keyring and the master key afterwards, reads no frame of that tenant, and every frame of the others.
 */
class ShreddingTest {

  private static final String QUERY = "SELECT tenant_id, n, note, count(*) FROM log GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";

  @TempDir Path directory;
  @TempDir Path copies;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  private void write(String tenant, String note) {
    source.execute("INSERT INTO log SELECT '" + tenant + "', i, '" + note + "' FROM generate_series(1, 50) i");
  }

  @Test
  void noFrameOfAShreddedTenantOpensInAnyCopyAndAResyncBringsItBackUnderANewKey() throws Exception {
    source.execute(
        "CREATE TABLE log (tenant_id text NOT NULL, n int, note text)", "ALTER TABLE log REPLICA IDENTITY FULL");
    write("a", "copied");
    write("b", "copied");
    try (ServerProcess server = new ServerProcess(directory, source, source.uri(), target.uri(), "").start()) {
      for (String tenant : List.of("a", "b")) {
        server.create(tenant);
        server.api("POST", "/tenants/" + tenant + "/start", null);
        server.becomes(tenant, "STREAMING");
        server.api("POST", "/tenants/" + tenant + "/pause", null);
        server.becomes(tenant, "PAUSED");
        write(tenant, "under the first key");
      }
      UUID a = id(server, "a");
      UUID b = id(server, "b");
      await().atMost(ServerProcess.PATIENCE).until(() -> !frames(copy(server.data()), a).isEmpty());
      server.api("POST", "/tenants/a/key/rotate", null);
      write("a", "under the second key");
      await()
          .atMost(ServerProcess.PATIENCE)
          .until(() -> frames(copy(server.data()), a).stream().anyMatch(f -> f.header().keyGeneration() == 2));
      await().atMost(ServerProcess.PATIENCE).until(() -> !frames(copy(server.data()), b).isEmpty());

      Path backup = copy(server.data());
      List<Frame> framesOfA = frames(backup, a);
      List<Frame> framesOfB = frames(backup, b);
      byte[] keyFile = Secrets.read(server.data().resolve("keyring").resolve(a + ".key"));
      allOpen(keyring(server), framesOfA);
      allOpen(keyring(server), framesOfB);

      server.api("POST", "/tenants/a/key/shred?confirm=a", null);
      server.becomes("a", "NEEDS_RESYNC");
      noneOpens(keyring(server), a, framesOfA, ErrorCode.FRAME_KEY_UNKNOWN);
      Path after = copy(server.data());
      assertThatThrownBy(() -> frames(after, a)).as("its own journal gives none").isInstanceOf(OperatorException.class);
      allOpen(keyring(server), framesOfB);
      for (int at = 16; at < keyFile.length; at += 64) {
        byte[] wrapped = Arrays.copyOfRange(keyFile, at, at + 60);
        assertThat(Secrets.files(server.data())).noneMatch(file -> Secrets.contains(Secrets.read(file), wrapped));
        assertThat(Secrets.files(backup)).noneMatch(file -> Secrets.contains(Secrets.read(file), wrapped));
      }
      assertThat(server.data().resolve("keyring")).isDirectoryNotContaining("glob:**" + a + "*");

      server.api("POST", "/tenants/a/resync", null);
      server.becomes("a", "STREAMING");
      assertThat(server.generation("a")).isEqualTo(1);
      write("a", "under the new key");
      server.api("POST", "/tenants/b/resume", null);
      await()
          .atMost(ServerProcess.PATIENCE)
          .untilAsserted(() -> assertThat(target.query(QUERY)).isEqualTo(source.query(QUERY)));
      // It has a key of the first frames' generation again, and it is another key.
      noneOpens(keyring(server), a, framesOfA, ErrorCode.FRAME_NOT_AUTHENTIC, ErrorCode.FRAME_KEY_UNKNOWN);
      allOpen(keyring(server), framesOfB);
    }
  }

  private static UUID id(ServerProcess server, String tenant) {
    return UUID.fromString(server.api("GET", "/tenants/" + tenant, null).path("id").asString());
  }

  private static Keyring keyring(ServerProcess server) {
    return new FileKeyring(
        server.data().resolve("keyring"), MasterKey.fromFile(server.data().resolve("master.key")));
  }

  private static void allOpen(Keyring keyring, List<Frame> frames) {
    assertThat(frames).isNotEmpty();
    try (FrameOpener opener = new FrameOpener(keyring)) {
      frames.forEach(frame -> assertThat(opener.open(frame)).isNotEmpty());
    }
  }

  private static void noneOpens(Keyring keyring, UUID tenant, List<Frame> frames, ErrorCode... codes) {
    try (FrameOpener opener = new FrameOpener(keyring)) {
      for (Frame frame : frames) {
        assertThat(frame.header().tenant()).isEqualTo(tenant);
        assertThatThrownBy(() -> opener.open(frame))
            .isInstanceOfSatisfying(CorruptionException.class, e -> assertThat(e.problem().code()).isIn((Object[]) codes));
      }
    }
  }

  /** Everything in the data directory but the keyring, as somebody may have kept it. */
  private Path copy(Path data) throws IOException {
    Path to = copies.resolve(UUID.randomUUID().toString());
    Files.walkFileTree(
        data,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) throws IOException {
            if (directory.endsWith("keyring")) {
              return FileVisitResult.SKIP_SUBTREE;
            }
            Files.createDirectories(to.resolve(data.relativize(directory)));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            Files.copy(file, to.resolve(data.relativize(file)));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException gone) {
            return FileVisitResult.CONTINUE; // the server trims its journal meanwhile
          }
        });
    return to;
  }

  private static List<Frame> frames(Path copyOfData, UUID tenant) throws IOException {
    try (RelayJournal journal =
        RelayJournal.open(
            new DirectorySegmentFiles(copyOfData.resolve("journal").resolve("shop")),
            new RelayLimits(1 << 30, 1 << 28))) {
      return List.copyOf(journal.fetch(tenant, 0, 0, 1 << 20));
    }
  }
}
