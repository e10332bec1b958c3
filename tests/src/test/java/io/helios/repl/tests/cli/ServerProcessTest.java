package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program as a process of its own. */
class ServerProcessTest {

  @TempDir Path directory;

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
    try (HeliosProcess server = HeliosProcess.start(directory, "server", "run", "--config", file.toString())) {
      String ready = server.greeting();
      assertThat(ready)
          .startsWith("helios-repl server is ready at http://127.0.0.1:");
      String address = ready.replaceAll(".*(http://[0-9.:]+).*", "$1");

      try (HeliosProcess status = HeliosProcess.start(directory, "server", "status", "-o", "json", "--server", address)) {
        String json = new String(status.process.getInputStream().readAllBytes());
        assertThat(status.ends()).isZero();
        assertThat(json).contains("\"process\": " + server.process.pid());
      }
      try (HeliosProcess second = HeliosProcess.start(directory, "server", "run", "--config", file.toString())) {
        assertThat(second.ends()).isEqualTo(6);
        assertThat(second.errors()).contains("error HR-9004", "process " + server.process.pid());
      }
      server.signal("TERM");
      assertThat(server.ends()).isZero();
      assertThat(directory.resolve("state").resolve("helios-repl")).isEmptyDirectory();
    }
  }
}
