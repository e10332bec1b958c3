package io.helios.repl.tests.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The dashboard as a process in a real terminal (tmux), on a running server. */
class TopTest {

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir private Path directory;

  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    assumeThat(Files.isExecutable(Path.of("/usr/bin/tmux"))).as("tmux is installed").isTrue();
    server = new TestServer(directory);
    server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
    server.done("tenant", "create", "globex", "--source", "shop", "--target", "shop-eu");
    server.done("tenant", "start", "--all", "--yes", "--wait", "--timeout", "2m");
    // A shell that tells how each command ended and what the terminal's settings are then.
    Files.writeString(
        directory.resolve("top"),
        "#!/bin/sh\necho $$ > %s\nexec %s --enable-native-access=ALL-UNNAMED -cp '%s' io.helios.repl.cli.Main top \"$@\"\n"
            .formatted(
                directory.resolve("pid"),
                Path.of(System.getProperty("java.home"), "bin", "java"),
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))));
    Files.writeString(
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
    tmux("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "env --default-signal=INT sh " + directory.resolve("shell"));
  }

  @AfterEach
  void stop() throws Exception {
    if (server != null) {
      tmux("kill-server");
      server.close();
    }
  }

  @Test
  void itShowsTheFleetObeysKeysOutlivesTheServerAndGivesTheTerminalBack() throws Exception {
    String screen = awaitScreen(s -> s.contains("2 tenants: 2 stream") && s.contains("STREAMING"));
    assertThat(screen).startsWith("helios-repl top  " + server.server().address().getAuthority());
    assertThat(screen).contains("shop→shop-eu").contains("↵ open");

    keys("p");
    awaitScreen(s -> s.contains("pause acme would") && s.contains("y does it"));
    keys("y");
    awaitScreen(s -> s.contains("PAUSED") && s.contains("1 pause 1 stream"));
    keys("R");
    awaitScreen(s -> s.contains("resume acme would"));
    keys("y");
    awaitScreen(s -> s.contains("2 tenants: 2 stream"));
    keys("v");
    awaitScreen(s -> s.contains("verify acme would"));
    keys("y");
    awaitScreen(s -> s.contains("verified acme: both sides are equal"));

    keys("/", "g", "l", "o", "Enter");
    awaitScreen(s -> s.contains("globex") && !s.contains("   acme"));
    keys("Enter");
    awaitScreen(s -> s.contains("globex streams"));
    keys("Escape");
    tmux("resize-window", "-x", "120", "-y", "40");
    awaitScreen(s -> s.contains("[1 Tenants]") && s.contains("─ events ─"));
    keys("3");
    awaitScreen(s -> s.contains("[3 Events]") && s.contains("INFO"));
    keys("1");

    int port = server.server().address().getPort();
    server.server().close();
    awaitScreen(s -> s.contains("SERVER GONE") && s.contains("globex") && s.contains("old"));
    server.restart(server.yaml().replace("127.0.0.1:0", "127.0.0.1:" + port));
    awaitScreen(s -> !s.contains("SERVER GONE") && s.contains("globex"));

    keys("q");
    awaitScreen(s -> s.contains("first 0"));
    assertThat(Files.readString(directory.resolve("after-first"))).isEqualTo(Files.readString(directory.resolve("before")));

    // No colours, no UTF-8, and an end by signal.
    screen = awaitScreen(s -> s.contains("read-only") && s.contains("globex") && s.contains("STREAMING"));
    assertThat(screen).matches("(?s)\\p{ASCII}*").doesNotContain("p pause");
    assertThat(tmux("capture-pane", "-p", "-e")).doesNotContainPattern("\u001b\\[[0-9;]*(3[0-7]|9[0-7]|4[0-7])m");
    new ProcessBuilder("kill", "-INT", Files.readString(directory.resolve("pid")).strip()).start().waitFor();
    awaitScreen(s -> s.contains("second 130"));
    assertThat(Files.readString(directory.resolve("after-second"))).isEqualTo(Files.readString(directory.resolve("before")));
    assertThat(awaitScreen(s -> s.contains("third 6"))).contains("HR-1250").contains("helios-repl tenant list --watch");
  }

  private void keys(String... keys) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("send-keys"));
    command.addAll(List.of(keys));
    tmux(command.toArray(String[]::new));
  }

  private String awaitScreen(Predicate<String> enough) throws Exception {
    List<String> last = new ArrayList<>();
    try {
      return await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(100))
          .until(
              () -> {
                String screen = tmux("capture-pane", "-p");
                last.clear();
                last.add(screen);
                return screen;
              },
              enough);
    } catch (ConditionTimeoutException e) {
      throw new AssertionError("the screen is:\n" + String.join("", last), e);
    }
  }

  private String tmux(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("tmux", "-u", "-S", directory.resolve("tmux").toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LC_ALL", "C.UTF-8");
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), UTF_8);
    if (!process.waitFor(30, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
    return out;
  }
}
