package io.helios.repl.error;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;

/**
 * How long to wait before what failed for the moment ({@link TransientException}) is tried again: doubling from {@code first}
 * to {@code limit}, each time somewhere between half of that and all of it, so that many who failed together do not come
 * back together. Any thread.
 *
 * @param first the longest pause after the first failure
 * @param limit the longest pause of all
 */
public record Backoff(Duration first, Duration limit) {

  public Backoff {
    if (first.isNegative() || first.isZero() || limit.compareTo(first) < 0) {
      throw new IllegalArgumentException("pauses from " + first + " to " + limit);
    }
  }

  /**
   * The next pause.
   *
   * @param failures in a row, at least one
   */
  public Duration pause(int failures) {
    return pause(failures, ThreadLocalRandom.current());
  }

  /** The next pause, cut by chance that is the caller's own. */
  public Duration pause(int failures, RandomGenerator chance) {
    long ceiling = first.toNanos();
    for (int i = 1; i < failures && ceiling < limit.toNanos(); i++) {
      ceiling *= 2;
    }
    ceiling = Math.min(ceiling, limit.toNanos());
    return Duration.ofNanos(ceiling / 2 + chance.nextLong(ceiling - ceiling / 2 + 1));
  }
}
