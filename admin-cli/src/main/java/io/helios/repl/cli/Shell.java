package io.helios.repl.cli;

import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * What a command stands in: its streams, its environment, and whether somebody is looking.
 *
 * @param out data
 * @param err messages
 * @param interactive whether somebody can be asked: input and output are a terminal
 * @param color whether output may carry colours
 */
public record Shell(
    PrintStream out,
    PrintStream err,
    BufferedReader in,
    Map<String, String> environment,
    boolean interactive,
    boolean color) {

  /** The process's own. {@code NO_COLOR} and {@code TERM=dumb} are respected. */
  static Shell ofProcess() {
    Map<String, String> environment = System.getenv();
    Console console = System.console();
    boolean terminal = console != null && console.isTerminal();
    String noColor = environment.getOrDefault("NO_COLOR", "");
    boolean color = terminal && noColor.isEmpty() && !environment.getOrDefault("TERM", "dumb").equals("dumb");
    Charset charset = console != null && terminal ? console.charset() : StandardCharsets.UTF_8;
    PrintStream out =
        new PrintStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 14), false, charset);
    PrintStream err = new PrintStream(new FileOutputStream(FileDescriptor.err), true, charset);
    return new Shell(
        out, err, new BufferedReader(new InputStreamReader(System.in, charset)), environment, terminal, color);
  }

  /** Whether lines can be drawn again in place. That takes no colours, so {@code NO_COLOR} does not forbid it. */
  boolean redraws() {
    String terminal = environment.getOrDefault("TERM", "");
    return interactive && !terminal.isEmpty() && !terminal.equals("dumb");
  }

  /** Whether more than ASCII can be shown. */
  boolean unicode() {
    return out.charset().equals(StandardCharsets.UTF_8);
  }

  /** A message for whoever reads along; not data. */
  void say(String message) {
    out.flush();
    err.println(message);
  }
}
