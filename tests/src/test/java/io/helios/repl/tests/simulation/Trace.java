package io.helios.repl.tests.simulation;

import java.util.Locale;

/** What happened in a history: a digest of all of it, and the last of it to read. */
final class Trace {

  private static final int KEPT = 120;

  private final String[] what = new String[KEPT];
  private final long[] first = new long[KEPT];
  private final long[] second = new long[KEPT];
  private int count;
  private long digest;

  void note(String event, long a, long b) {
    int at = count++ % KEPT;
    what[at] = event;
    first[at] = a;
    second[at] = b;
    digest = TenantRows.mix(digest + event.hashCode(), TenantRows.mix(a, b));
  }

  void note(String event) {
    note(event, 0, 0);
  }

  /** Equal for two histories in which the same things happened in the same order. */
  long digest() {
    return digest;
  }

  int events() {
    return count;
  }

  String last() {
    StringBuilder text = new StringBuilder();
    for (int i = Math.max(0, count - KEPT); i < count; i++) {
      int at = i % KEPT;
      text.append(String.format(Locale.ROOT, "  %5d  %-28s %d %d%n", i, what[at], first[at], second[at]));
    }
    return text.toString();
  }
}
