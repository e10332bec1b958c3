package io.helios.repl.cli;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** One command, run in this process, with what it printed. */
record Ran(int code, String out, String err) {

  static Ran command(String... arguments) {
    return command(
        Map.of("HELIOS_SERVER", "http://127.0.0.1:1", "XDG_STATE_HOME", "/nonexistent"), "", false, arguments);
  }

  static Ran command(Map<String, String> environment, String input, boolean interactive, String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Shell shell =
        new Shell(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            new BufferedReader(new StringReader(input)),
            environment,
            interactive,
            false);
    int code = Main.run(shell, arguments);
    return new Ran(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }
}
