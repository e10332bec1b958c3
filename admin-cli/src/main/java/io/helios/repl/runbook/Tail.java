package io.helios.repl.runbook;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * The end of what a step printed, for the journal: whole lines, bounded, and what looks like a secret taken out. Lines come
 * from any thread.
 */
final class Tail implements Consumer<String> {

  /** Of all lines together. The server takes no more. */
  static final int MOST = 4_000;

  private static final int LONGEST_LINE = 500;
  private static final Pattern CONTROL = Pattern.compile("\\u001b\\[[0-9;?]*[A-Za-z]|[\\p{Cntrl}&&[^\\t]]");
  private static final Pattern IN_URL = Pattern.compile("(://[^:/@\\s]*:)[^@\\s]+@");
  private static final Pattern NAMED =
      Pattern.compile("(?i)([\"']?\\w*(?:password|passwd|secret|token|api[_-]?key)[\"']?\\s*[=:]\\s*)(\"[^\"]*\"|'[^']*'|\\S+)");
  private static final Pattern BEARER = Pattern.compile("(?i)(bearer\\s+)\\S+");

  private final Deque<String> lines = new ArrayDeque<>();
  private int length;

  @Override
  public synchronized void accept(String line) {
    String kept = clean(line);
    lines.addLast(kept);
    length += kept.length() + 1;
    while (length > MOST) {
      length -= lines.removeFirst().length() + 1;
    }
  }

  /** One line, fit to be kept. */
  static String clean(String line) {
    String cut = line.length() > LONGEST_LINE ? line.substring(0, LONGEST_LINE) + "…" : line;
    String plain = CONTROL.matcher(cut).replaceAll("");
    String masked = BEARER.matcher(IN_URL.matcher(plain).replaceAll("$1***@")).replaceAll("$1***");
    return NAMED.matcher(masked).replaceAll("$1***");
  }

  synchronized String text() {
    return String.join("\n", lines);
  }
}
