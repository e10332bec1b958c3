package io.helios.repl.apply;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** Pauses that double from a first to a last one, cut by up to half so that many who fail at once do not return at once. */
final class Backoff {

  private final long first;
  private final long last;
  private final RandomGenerator jitter;

  /** @param jitter the owner's own */
  Backoff(Duration first, Duration last, RandomGenerator jitter) {
    this.first = first.toNanos();
    this.last = last.toNanos();
    this.jitter = jitter;
  }

  /** @param failures in a row, at least one */
  long pauseNanos(int failures) {
    long pause = first;
    for (int i = 1; i < failures && pause < last; i++) {
      pause *= 2;
    }
    pause = Math.min(pause, last);
    return pause / 2 + jitter.nextLong(pause / 2 + 1);
  }
}
