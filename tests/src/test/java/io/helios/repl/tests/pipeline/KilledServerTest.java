package io.helios.repl.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The server, killed with SIGKILL while it copies and while it streams. After a restart both sides are equal, and in a
 * table without a key no row is there twice.
 */
@Tag("long")
class KilledServerTest {

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));
  private Process server = null;
  private String address = "";

  @AfterEach
  void end() {
    if (server != null) {
      server.destroyForcibly();
    }
  }

  private Process run(String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                "io.helios.repl.cli.Main"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectError(ProcessBuilder.Redirect.appendTo(directory.resolve("stderr").toFile()));
    builder.environment().put("XDG_STATE_HOME", directory.resolve("state").toString());
    builder.environment().keySet().removeIf(name -> name.startsWith("HELIOS_"));
    return builder.start();
  }

  private void startServer() throws IOException {
    Path file = directory.resolve("helios-repl.yaml");
    Files.writeString(
        file,
        """
        listen: 127.0.0.1:0
        data-dir: %s
        sources: { shop: { url: "%s", tenancy: { column: tenant_id }, publication: %s, slot: %s } }
        targets: { copy: { url: "%s" } }
        """
            .formatted(
                directory.resolve("data"),
                source.uri(),
                "p_" + source.name(),
                "s_" + source.name(),
                target.uri()));
    server = run("server", "run", "--config", file.toString());
    BufferedReader out = server.inputReader();
    String ready = Objects.requireNonNull(out.readLine(), () -> "the server did not start: " + stderr());
    address = ready.replaceAll(".*(http://[0-9.:]+).*", "$1");
  }

  private String stderr() {
    try {
      return Files.readString(directory.resolve("stderr"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  private void kill() throws InterruptedException {
    server.destroyForcibly();
    assertThat(server.waitFor(30, TimeUnit.SECONDS)).isTrue();
  }

  private void command(String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--server", address));
    Process process = run(all.toArray(String[]::new));
    String out = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor()).as(() -> out + stderr()).isZero();
  }

  private void equal() {
    String log = "SELECT tenant_id, n, note, count(*) FROM log WHERE tenant_id = 1 GROUP BY 1, 2, 3 ORDER BY 2, 3";
    assertThat(target.query(log)).isEqualTo(source.query(log)).isNotEmpty();
    String orders = "SELECT * FROM orders WHERE tenant_id = 1 ORDER BY id";
    assertThat(target.query(orders)).isEqualTo(source.query(orders)).isNotEmpty();
  }

  private void schema(int rows) {
    source.execute(
        "CREATE TABLE orders (tenant_id int, id bigint, note text, PRIMARY KEY (tenant_id, id))",
        "CREATE TABLE log (tenant_id int NOT NULL, n int, note text)",
        "ALTER TABLE log REPLICA IDENTITY FULL",
        "INSERT INTO orders SELECT 1, i, repeat('x', 100) FROM generate_series(1, " + rows + ") i",
        "INSERT INTO log SELECT 1, i % 1000, 'before' FROM generate_series(1, " + rows + ") i");
  }

  @Test
  void killedWhileItCopiesItCopiesTheRestAndNothingTwice() throws Exception {
    schema(300_000);
    startServer();
    command("tenant", "create", "one", "--key", "1", "--source", "shop", "--target", "copy");
    command("tenant", "start", "one");
    await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(5))
        .until(
            () ->
                !target
                    .value(
                        "SELECT count(*) FROM pg_stat_progress_copy WHERE command = 'COPY FROM' AND datname = '"
                            + target.name() + "'")
                    .equals("0"));
    kill();
    source.execute("INSERT INTO log VALUES (1, 1, 'while nobody looked')", "DELETE FROM orders WHERE id % 10 = 0");
    startServer();
    command("tenant", "wait", "one", "--for", "caught-up", "--timeout", "2m");
    equal();
    command("verify", "run", "one");
  }

  @Test
  void killedWhileItStreamsItGoesOnWhereItWas() throws Exception {
    schema(100);
    startServer();
    command("tenant", "create", "one", "--key", "1", "--source", "shop", "--target", "copy");
    command("tenant", "start", "one", "--wait", "--timeout", "2m");
    AtomicBoolean stop = new AtomicBoolean();
    Thread load = Thread.ofPlatform().start(() -> load(stop));
    for (int i = 0; i < 3; i++) {
      String before = target.value("SELECT count(*) FROM log");
      await().atMost(Duration.ofSeconds(60)).until(() -> !target.value("SELECT count(*) FROM log").equals(before));
      kill();
      startServer();
    }
    stop.set(true);
    load.join();
    command("tenant", "wait", "one", "--for", "caught-up", "--timeout", "2m");
    equal();
    command("verify", "run", "one");
  }

  private void load(AtomicBoolean stop) {
    try (Connection connection = source.connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      for (int i = 0; !stop.get(); i++) {
        statement.execute("INSERT INTO log VALUES (1, " + i % 50 + ", 'live')");
        statement.execute("INSERT INTO orders VALUES (1, " + (1_000_000 + i) + ", 'live')");
        if (i % 3 == 0) {
          statement.execute(
              "DELETE FROM log WHERE ctid = (SELECT ctid FROM log WHERE n = " + i % 50 + " LIMIT 1)");
          statement.execute("UPDATE orders SET note = 'again' WHERE id = " + (1_000_000 + i / 2));
        }
        connection.commit();
      }
    } catch (java.sql.SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
