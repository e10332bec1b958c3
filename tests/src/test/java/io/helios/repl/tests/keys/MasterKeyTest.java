package io.helios.repl.tests.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server is given another master key, and the wrong one. */
class MasterKeyTest {

  private static final String QUERY = "SELECT * FROM log ORDER BY n";

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  private Path key(String name) throws IOException {
    byte[] bytes = new byte[32];
    new SecureRandom().nextBytes(bytes);
    Path file = Files.writeString(directory.resolve(name), Base64.getEncoder().encodeToString(bytes) + "\n");
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  private static void write(Database source, int from) {
    source.execute("INSERT INTO log SELECT 'one', i FROM generate_series(" + from + ", " + (from + 9) + ") i");
  }

  @Test
  @Tag("long")
  void givenBothKeysTheServerWrapsAnewAndFromThenOnTheNewOneIsEnough() throws Exception {
    source.execute("CREATE TABLE log (tenant_id text, n int, PRIMARY KEY (tenant_id, n))");
    write(source, 0);
    Path first = key("first.key");
    Path second = key("second.key");
    ServerProcess server = new ServerProcess(directory, source, source.uri(), target.uri(), "");
    try (server) {
      server.environment.put("HELIOS_MASTER_KEY_FILE", first.toString());
      server.start();
      server.create("one");
      server.api("POST", "/tenants/one/start", null);
      server.becomes("one", "STREAMING");
      server.api("POST", "/tenants/one/pause", null);
      server.becomes("one", "PAUSED");
      write(source, 100);
      stop(server);

      server.environment.put("HELIOS_MASTER_KEY_FILE", second.toString());
      assertThat(refusal(server)).contains("error HR-4202", "previous-master-key-file:");
      server.environment.put("HELIOS_PREVIOUS_MASTER_KEY_FILE", first.toString());
      Files.setPosixFilePermissions(first, PosixFilePermissions.fromString("rw-r--r--"));
      assertThat(refusal(server)).contains("error HR-4203", "chmod 600 " + first);
      Files.setPosixFilePermissions(first, PosixFilePermissions.fromString("rw-------"));
      server.start();
      assertThat(server.api("GET", "/config", null).toString())
          .contains(second.toString(), "environment HELIOS_PREVIOUS_MASTER_KEY_FILE");
      assertThat(server.text("stderr")).contains("the keys of 1 tenant are wrapped by the new master key");
      stop(server);
      assertThat(events(server)).contains("master-key-changed");

      // The old key may go, also while the configuration still names it; without the new one nothing starts.
      Files.delete(first);
      server.environment.clear();
      assertThat(refusal(server)).contains("error HR-4208", "data/master.key is not there");
      server.environment.put("HELIOS_MASTER_KEY", Files.readString(second));
      server.environment.put("HELIOS_PREVIOUS_MASTER_KEY_FILE", first.toString());
      server.start();
      server.api("POST", "/tenants/one/resume", null);
      server.becomes("one", "STREAMING");
      await()
          .atMost(ServerProcess.PATIENCE)
          .untilAsserted(() -> assertThat(target.query(QUERY)).isEqualTo(source.query(QUERY)).hasSize(20));
    }
  }

  private static List<String> events(ServerProcess server) throws SQLException {
    List<String> kinds = new ArrayList<>();
    try (Connection store = DriverManager.getConnection("jdbc:sqlite:" + server.data().resolve("control.db"));
        ResultSet rows = store.createStatement().executeQuery("SELECT kind FROM event")) {
      while (rows.next()) {
        kinds.add(rows.getString(1));
      }
    }
    return kinds;
  }

  private static void stop(ServerProcess server) throws InterruptedException {
    server.process().destroy();
    assertThat(server.process().waitFor(60, TimeUnit.SECONDS)).isTrue();
  }

  /** What a server says that does not start. */
  private static String refusal(ServerProcess server) throws Exception {
    int before = server.text("stderr").length();
    Process process = server.run(null, "server", "run", "--config", server.file("helios-repl.yaml").toString());
    assertThat(process.waitFor()).isEqualTo(6);
    return server.text("stderr").substring(before);
  }
}
