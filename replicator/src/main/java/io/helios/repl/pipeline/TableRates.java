package io.helios.repl.pipeline;

import io.helios.repl.apply.AppliedStatus;
import java.time.Duration;
import java.util.Map;

/**
 * Rows a second by table, over the last five to ten seconds. It keeps references to counters that were published then, and
 * computes only when asked. One owner samples; anyone may ask.
 */
final class TableRates {

  private static final long EVERY_NANOS = Duration.ofSeconds(5).toNanos();

  private record Seen(Map<String, AppliedStatus.Rows> tables, long nanos) {}

  private record Window(Seen from, Seen next) {}

  private volatile Window window = new Window(new Seen(Map.of(), Long.MIN_VALUE), new Seen(Map.of(), Long.MIN_VALUE));

  void sample(Map<String, AppliedStatus.Rows> tables, long nanos) {
    Window seen = window;
    if (seen.next().nanos() == Long.MIN_VALUE) {
      Seen first = new Seen(tables, nanos);
      window = new Window(first, first);
    } else if (nanos - seen.next().nanos() >= EVERY_NANOS) {
      window = new Window(seen.next(), new Seen(tables, nanos));
    }
  }

  /** @param rows the table's counter now */
  double perSecond(String table, AppliedStatus.Rows rows, long nanos) {
    Seen from = window.from();
    if (from.nanos() == Long.MIN_VALUE || nanos <= from.nanos()) {
      return 0;
    }
    AppliedStatus.Rows before = from.tables().getOrDefault(table, AppliedStatus.Rows.NONE);
    return Math.max(0, rows.total() - before.total()) / ((nanos - from.nanos()) / 1e9);
  }
}
