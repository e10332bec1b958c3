package io.helios.repl.pipeline;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * What a small query took of late: now, as the middle one of the last three, so that a single hiccup is none; and usually, as
 * the shortest of a few minutes. What stays slow for longer than that, though copies stand back, is no copy's doing, and
 * becomes the usual. Not for several threads.
 */
final class LatencyWindow {

  private static final int WINDOW = 300;
  private static final int LAST = 3;

  private final Deque<Long> nanos = new ArrayDeque<>();

  void add(long took) {
    nanos.addLast(took);
    if (nanos.size() > WINDOW) {
      nanos.removeFirst();
    }
  }

  boolean isEmpty() {
    return nanos.isEmpty();
  }

  long nowNanos() {
    List<Long> last = nanos.stream().skip(Math.max(0, nanos.size() - LAST)).sorted().toList();
    return last.get((last.size() - 1) / 2);
  }

  long usualNanos() {
    return nanos.stream().mapToLong(Long::longValue).min().orElseThrow();
  }
}
