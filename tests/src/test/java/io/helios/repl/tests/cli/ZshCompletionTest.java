package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.helios.repl.cli.Main;
import io.helios.repl.cli.Shell;
import io.helios.repl.tests.fixture.Tmux;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Completion in a real zsh, as a package installs it; skipped where there is none. */
class ZshCompletionTest {

  private static final Path ZSH = Path.of("/usr/bin/zsh");

  @TempDir Path directory;

  private static String script() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream stream = new PrintStream(out, true, StandardCharsets.UTF_8);
    int code =
        Main.run(
            new Shell(stream, stream, new BufferedReader(new StringReader("")), Map.of(), false, false), "completion", "zsh");
    assertThat(code).isZero();
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void nounsVerbsAndOptionsAreCompleted() throws Exception {
    assumeTrue(Tmux.isInstalled() && Files.isExecutable(ZSH), "there is no tmux or no zsh");
    Files.writeString(directory.resolve("_helios-repl"), script());
    Files.writeString(
        directory.resolve(".zshrc"),
        "fpath=(%1$s $fpath)\nautoload -Uz compinit && compinit -u -d %1$s/dump\nPS1='ready> '\n".formatted(directory));
    Path start = Files.writeString(directory.resolve("start"), "ZDOTDIR=" + directory + " exec " + ZSH + " -i\n");
    try (Tmux terminal = Tmux.start(directory, 100, 30, start)) {
      terminal.awaitScreen(screen -> screen.contains("ready>"));
      terminal.keys("helios-repl server st", "Tab");
      terminal.awaitScreen(screen -> screen.contains("helios-repl server status"));
      terminal.keys("C-u", "helios-repl server drain --un", "Tab");
      terminal.awaitScreen(screen -> screen.contains("helios-repl server drain --undo"));
      terminal.keys("C-u", "helios-repl tenant sta", "Tab", "Tab");
      terminal.awaitScreen(screen -> screen.contains("start") && screen.lines().anyMatch(line -> line.matches(".*\\bstatus\\b.*")));
    }
  }
}
