package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.helios.repl.tests.fixture.Tmux;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The dashboard as a process in a real terminal, on a running server. */
class TopTest {

  @TempDir private Path directory;

  /** A shell in which the dashboard runs twice, and that notes how it ended and what the terminal's settings are then. */
  private Path script(TestServer server) throws IOException {
    Files.writeString(
        directory.resolve("top"),
        "#!/bin/sh\necho $$ > %s\nexec %s --enable-native-access=ALL-UNNAMED -cp '%s' io.helios.repl.cli.Main top \"$@\"\n"
            .formatted(
                directory.resolve("pid"),
                Path.of(System.getProperty("java.home"), "bin", "java"),
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))));
    return Files.writeString(
        directory.resolve("shell"),
        """
        cd %s
        export XDG_STATE_HOME=%s HELIOS_SERVER=%s
        unset NO_COLOR
        stty -g > before
        LC_ALL=C.UTF-8 sh top
        echo "first $?"; stty -g > after-first
        NO_COLOR=1 LC_ALL=C sh top --read-only --filter globex
        echo "second $?"; stty -g > after-second
        TERM=dumb sh top
        echo "third $?"
        cat
        """
            .formatted(directory, directory.resolve("state"), server.server().address()));
  }

  private String read(String file) throws IOException {
    return Files.readString(directory.resolve(file)).strip();
  }

  @Test
  void itShowsTheFleetObeysKeysOutlivesTheServerAndGivesTheTerminalBack() throws Exception {
    assumeThat(Tmux.isInstalled()).as("tmux is installed").isTrue();
    try (TestServer server = new TestServer(directory)) {
      server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
      server.done("tenant", "create", "globex", "--source", "shop", "--target", "shop-eu");
      server.done("tenant", "start", "--all", "--yes", "--wait", "--timeout", "2m");
      try (Tmux terminal = Tmux.start(directory, 80, 24, script(server))) {
        String screen = terminal.awaitScreen(s -> s.contains("2 tenants: 2 stream") && s.contains("STREAMING"));
        assertThat(screen).startsWith("helios-repl top  " + server.server().address().getAuthority());
        assertThat(screen).contains("shop→shop", "↵ open");

        actions(terminal);

        terminal.keys("/", "g", "l", "o", "Enter");
        terminal.awaitScreen(s -> s.contains("globex") && !s.contains("   acme"));
        terminal.keys("Enter");
        terminal.awaitScreen(s -> s.contains("globex streams") && s.contains("apply"));
        terminal.keys("Escape");
        terminal.resize(120, 40);
        terminal.awaitScreen(s -> s.contains("[1 Tenants]") && s.contains("─ events ─"));
        terminal.keys("3");
        terminal.awaitScreen(s -> s.contains("[3 Failover]") && s.contains("local/shop-eu alive"));
        terminal.keys("5");
        terminal.awaitScreen(s -> s.contains("[5 Events]") && s.contains("INFO"));
        terminal.keys("1");

        int port = server.server().address().getPort();
        server.server().close();
        terminal.awaitScreen(s -> s.contains("SERVER GONE") && s.contains("globex") && s.contains("old"));
        server.restart(server.yaml().replace("127.0.0.1:0", "127.0.0.1:" + port));
        terminal.awaitScreen(s -> !s.contains("SERVER GONE") && s.contains("globex"));

        terminal.keys("q");
        // The second run comes at once; what the first one left behind is in the files.
        screen = terminal.awaitScreen(s -> s.contains("read-only") && s.contains("globex") && s.contains("STREAMING"));
        assertThat(read("after-first")).isEqualTo(read("before"));
        assertThat(screen).matches("(?s)\\p{ASCII}*").doesNotContain("p pause");
        assertThat(terminal.colourfulScreen()).doesNotContainPattern("\u001b\\[[0-9;]*(3[0-7]|4[0-7]|9[0-7])m");

        new ProcessBuilder("kill", "-INT", read("pid")).start().waitFor();
        screen = terminal.awaitScreen(s -> s.contains("third"));
        assertThat(screen).contains("first 0", "second 130", "third 6", "HR-1250", "helios-repl tenant list --watch");
        assertThat(read("after-second")).isEqualTo(read("before"));
      }
    }
  }

  private static void actions(Tmux terminal) throws IOException, InterruptedException {
    terminal.keys("p");
    terminal.awaitScreen(s -> s.contains("pause acme would") && s.contains("y does it"));
    terminal.keys("y");
    terminal.awaitScreen(s -> s.contains("PAUSED") && s.contains("1 pause"));
    terminal.keys("R");
    terminal.awaitScreen(s -> s.contains("resume acme would") && s.contains("y does it"));
    terminal.keys("y");
    terminal.awaitScreen(s -> s.contains("2 tenants: 2 stream"));
    terminal.keys("v");
    terminal.awaitScreen(s -> s.contains("verify acme would") && s.contains("y does it"));
    terminal.keys("y");
    terminal.awaitScreen(s -> s.contains("verified acme: both sides are equal"));
    terminal.keys("2");
    terminal.awaitScreen(s -> s.contains("no tenant has been moved yet"));
    terminal.keys("1", "m");
    terminal.awaitScreen(s -> s.contains("migrate acme would") && s.contains("y does it"));
    terminal.keys("n");
  }
}
