package io.helios.repl.tests.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The server is killed with SIGKILL while a tenant under load gets one new key after the other: before the keyring is
 * written, after it, and with a half-written key file left lying. What was sealed with any of the keys arrives, once.
 */
class KilledRotationTest {

  private static final String QUERY = "SELECT n, note, count(*) FROM log GROUP BY 1, 2 ORDER BY 1, 2";

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));
  private final AtomicBoolean stop = new AtomicBoolean();
  private final AtomicInteger acknowledged = new AtomicInteger();

  @Test
  @Tag("long")
  void framesOfEveryKeyArriveOnceHoweverARotationIsCutShort() throws Exception {
    source.execute(
        "CREATE TABLE log (tenant_id text NOT NULL, n int, note text)",
        "ALTER TABLE log REPLICA IDENTITY FULL",
        "INSERT INTO log SELECT 'one', i % 100, 'before' FROM generate_series(1, 1000) i");
    try (ServerProcess server = new ServerProcess(directory, source, source.uri(), target.uri(), "").start()) {
      server.create("one");
      server.api("POST", "/tenants/one/start", null);
      server.becomes("one", "STREAMING");
      Thread load = Thread.ofPlatform().start(this::load);
      for (int round = 0; round < 2; round++) {
        // What was sealed while nothing is applied has to be read by the next process, with keys that it never made.
        server.api("POST", "/tenants/one/pause", null);
        server.becomes("one", "PAUSED");
        int before = server.generation("one");
        acknowledged.set(before);
        Thread rotation = Thread.ofPlatform().start(() -> rotateUntilItDies(server));
        if (round > 0) {
          await().atMost(ServerProcess.PATIENCE).until(() -> acknowledged.get() >= before + 5);
        }
        server.kill();
        rotation.join();
        if (round == 1) {
          leaveHalfAKeyFile();
        }
        server.start();
        assertThat(server.generation("one")).isBetween(acknowledged.get(), acknowledged.get() + 1);
        server.api("POST", "/tenants/one/resume", null);
        server.becomes("one", "STREAMING");
      }
      stop.set(true);
      load.join();
      await()
          .atMost(ServerProcess.PATIENCE)
          .untilAsserted(() -> assertThat(target.query(QUERY)).isEqualTo(source.query(QUERY)));
      assertThat(server.status("one").path("conflicts").asInt()).isZero();
      try (Stream<Path> files = Files.list(server.data().resolve("keyring"))) {
        assertThat(files.map(Path::getFileName).map(String::valueOf).toList())
            .hasSize(2)
            .allMatch(name -> name.endsWith(".key") || name.equals("master.check"));
      }
    }
  }

  private void rotateUntilItDies(ServerProcess server) {
    try {
      while (true) {
        acknowledged.set(server.api("POST", "/tenants/one/key/rotate", null).path("generation").asInt());
      }
    } catch (UncheckedIOException killed) {
      // as it should
    }
  }

  private void leaveHalfAKeyFile() throws Exception {
    Path keyring = directory.resolve("data").resolve("keyring");
    List<Path> keys;
    try (Stream<Path> files = Files.list(keyring)) {
      keys = files.filter(file -> file.toString().endsWith(".key")).toList();
    }
    byte[] whole = Files.readAllBytes(keys.getFirst());
    Files.write(
        keyring.resolve(keys.getFirst().getFileName() + ".b5a3c2d0-0000-4000-8000-000000000001.new"),
        Arrays.copyOf(whole, whole.length / 2));
  }

  private void load() {
    try (Connection connection = source.connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      for (int i = 0; !stop.get(); i++) {
        statement.execute("INSERT INTO log VALUES ('one', " + i % 50 + ", 'live')");
        if (i % 3 == 0) {
          statement.execute("DELETE FROM log WHERE ctid = (SELECT ctid FROM log WHERE n = " + i % 50 + " LIMIT 1)");
        }
        connection.commit();
        Thread.sleep(2); // a load, not a flood: the machine has other work
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
