package io.helios.repl.pipeline;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How long to wait before trying again: doubling from {@code first} to {@code limit}, each time somewhere between half
 * of it and all of it, so that many who failed together do not come back together. One owner.
 */
final class Backoff {

  private final long firstMillis;
  private final long limitMillis;
  private long nextMillis;

  Backoff(Duration first, Duration limit) {
    this.firstMillis = first.toMillis();
    this.limitMillis = limit.toMillis();
    this.nextMillis = firstMillis;
  }

  /** The next wait. */
  Duration next() {
    long ceiling = nextMillis;
    nextMillis = Math.min(limitMillis, nextMillis * 2);
    return Duration.ofMillis(ceiling / 2 + ThreadLocalRandom.current().nextLong(ceiling / 2 + 1));
  }

  /** It worked: the next failure starts small again. */
  void reset() {
    nextMillis = firstMillis;
  }
}
