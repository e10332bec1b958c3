package io.helios.repl.tests.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.helios.repl.tests.fixture.Tmux;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The dashboard on the demonstration, in a real terminal. */
@Tag("long")
class DemoDashboardTest {

  @TempDir private Path directory;

  @Test
  void itShowsTheTenantsAndLeavingItCleansUp() throws Exception {
    assumeThat(Tmux.isInstalled()).as("tmux is installed").isTrue();
    Path temporary = Files.createDirectory(directory.resolve("temporary"));
    Path script =
        Files.writeString(
            directory.resolve("shell"),
            """
            export XDG_STATE_HOME=%s LC_ALL=C.UTF-8
            %s --enable-native-access=ALL-UNNAMED -Djava.io.tmpdir=%s -cp '%s' io.helios.repl.cli.Main demo --tui --tenants 3
            echo "ended $?"
            cat
            """
                .formatted(
                    directory.resolve("state"),
                    Path.of(System.getProperty("java.home"), "bin", "java"),
                    temporary,
                    System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))));
    try (Tmux terminal = Tmux.start(directory, 120, 40, script)) {
      terminal.awaitScreen(s -> s.contains("3 tenants:") && s.contains("3 stream"));
      terminal.keys("Enter");
      terminal.awaitScreen(s -> s.contains("stage") && s.contains("apply") && s.contains("SLO"));
      terminal.keys("q", "q");
      terminal.awaitScreen(s -> s.contains("ended 0"));
      try (Stream<Path> left = Files.list(temporary)) {
        assertThat(left.map(p -> p.getFileName().toString())).noneMatch(name -> name.startsWith("helios-repl-demo"));
      }
    }
  }
}
