package io.helios.repl.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.Console;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * What standard output can do.
 *
 * @param redraws whether lines can be drawn again in place: a terminal that is not dumb
 * @param colours whether colours are welcome (the NO_COLOR convention)
 * @param unicode whether it takes more than ASCII
 */
record Terminal(boolean redraws, boolean colours, boolean unicode, int columns, int rows) {

  static Terminal detect(PrintStream out, Map<String, String> environment) {
    String type = environment.getOrDefault("TERM", "");
    boolean redraws = isTerminal() && !type.isEmpty() && !type.equals("dumb");
    boolean colours = redraws && environment.getOrDefault("NO_COLOR", "").isEmpty();
    int[] size = redraws ? size() : new int[] {24, 80};
    return new Terminal(redraws, colours, out.charset().equals(UTF_8), size[1], size[0]);
  }

  /** Standard input and output both are one. */
  private static boolean isTerminal() {
    Console console = System.console();
    return Objects.nonNull(console) && console.isTerminal();
  }

  /** Rows and columns as {@code stty} tells them, or the classic ones. */
  private static int[] size() {
    try {
      Process stty = new ProcessBuilder("stty", "size").redirectInput(new File("/dev/tty")).start();
      String[] words = new String(stty.getInputStream().readAllBytes(), UTF_8).strip().split(" ", -1);
      if (stty.waitFor(1, TimeUnit.SECONDS) && words.length == 2) {
        int rows = Integer.parseInt(words[0]);
        int columns = Integer.parseInt(words[1]);
        if (rows >= 10 && columns >= 40) {
          return new int[] {rows, columns};
        }
      }
    } catch (IOException | NumberFormatException unknown) {
      // The classic size does.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return new int[] {24, 80};
  }
}
