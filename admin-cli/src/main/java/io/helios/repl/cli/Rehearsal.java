package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import java.io.BufferedReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * A run for the virtual machine to watch while it makes an AOT cache (JEP 483, 514): commands that should answer at once,
 * asked of the server that {@code HELIOS_SERVER} names, which knows a tenant "rehearsal". Few on purpose, since all that is in the cache is loaded at each
 * start. {@code packaging/aot} starts it; nobody else needs it. Prints nothing but which command failed.
 */
public final class Rehearsal {

  static final List<String> COMMANDS =
      List.of(
          "version",
          "server status",
          "tenant list",
          "tenant list -o json",
          "tenant status rehearsal",
          "tenant status rehearsal -o json");

  private Rehearsal() {}

  public static void main(String[] arguments) {
    System.exit(run(System.getenv(), System.err));
  }

  static int run(Map<String, String> environment, PrintStream complaints) {
    PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    Shell shell = new Shell(nowhere, nowhere, new BufferedReader(new StringReader("")), environment, false, false);
    int result = ExitCode.DONE;
    for (String command : COMMANDS) {
      int code = Main.run(shell, command.split(" "));
      if (code != ExitCode.DONE) {
        complaints.println(command + " ended with " + code);
        result = ExitCode.FAILED;
      }
    }
    return result;
  }
}
