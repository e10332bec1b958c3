package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program as a process of its own. */
class ServerProcessTest {

  @TempDir Path directory;

  private Process start(String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx256m",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                "io.helios.repl.cli.Main"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(directory.resolve("stderr").toFile());
    builder.environment().put("XDG_STATE_HOME", directory.resolve("state").toString());
    builder.environment().keySet().removeIf(k -> k.startsWith("HELIOS_"));
    return builder.start();
  }

  @Test
  void itSaysWhenItIsReadyServesCommandsAndStopsOnASignal() throws Exception {
    Database source = Database.create(Postgres.shared(17, "source"));
    Path file =
        Files.writeString(
            directory.resolve("helios-repl.yaml"),
            """
            listen: 127.0.0.1:0
            data-dir: %s
            sources: { shop: { url: "%s", tenancy: { column: tenant_id } } }
            targets: { nowhere: { url: "postgresql://nobody@127.0.0.1:1/none" } }
            """
                .formatted(directory.resolve("data"), source.uri()));
    Process server = start("server", "run", "--config", file.toString());
    try (BufferedReader out = server.inputReader()) {
      String ready = out.readLine();
      assertThat(ready)
          .as(Files.readString(directory.resolve("stderr")))
          .startsWith("helios-repl server is ready at http://127.0.0.1:");
      String address = ready.replaceAll(".*(http://[0-9.:]+).*", "$1");

      Process status = start("server", "status", "-o", "json", "--server", address);
      String json = new String(status.getInputStream().readAllBytes());
      assertThat(status.waitFor()).isZero();
      assertThat(json).contains("\"process\": " + server.pid());

      Process second = start("server", "run", "--config", file.toString());
      assertThat(second.waitFor()).isEqualTo(6);
      assertThat(Files.readString(directory.resolve("stderr"))).contains("error HR-9004", "process " + server.pid());

      server.destroy();
      assertThat(server.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(server.exitValue()).isZero();
      assertThat(directory.resolve("state").resolve("helios-repl")).isEmptyDirectory();
    } finally {
      server.destroyForcibly();
    }
  }
}
