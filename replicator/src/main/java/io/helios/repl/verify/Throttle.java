package io.helios.repl.verify;

import io.helios.repl.postgres.ConnectionScope;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;

/**
 * Keeps what one side of a verification reads below a rate, and counts it. Time that was not used is not saved up: after a
 * wait nobody reads faster. Any thread.
 */
final class Throttle {

  private static final long SLICE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final long bytesPerSecond;
  private long freeAtNanos;
  private boolean used;
  private long bytes;
  private long pausedNanos;

  /** @param bytesPerSecond 0 for no limit */
  Throttle(long bytesPerSecond) {
    this.bytesPerSecond = bytesPerSecond;
  }

  /** Takes the next place in the line for so many bytes, and says how many nanoseconds from now it begins. */
  synchronized long reserve(long more, long nowNanos) {
    bytes += more;
    if (bytesPerSecond == 0) {
      return 0;
    }
    long begin = used ? Math.max(nowNanos, freeAtNanos) : nowNanos;
    used = true;
    freeAtNanos = begin + (long) (more * 1e9 / bytesPerSecond);
    pausedNanos += begin - nowNanos;
    return begin - nowNanos;
  }

  /** Waits until so many bytes more may be read. Throws {@link CancellationException} when the scope is broken off. */
  void await(ConnectionScope scope, long more) {
    long end = System.nanoTime();
    end += reserve(more, end);
    try {
      for (long left = end - System.nanoTime(); left > 0; left = end - System.nanoTime()) {
        scope.check();
        TimeUnit.NANOSECONDS.sleep(Math.min(left, SLICE_NANOS));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      CancellationException cancelled = new CancellationException();
      cancelled.initCause(e);
      throw cancelled;
    }
  }

  synchronized long bytes() {
    return bytes;
  }

  synchronized Duration paused() {
    return Duration.ofNanos(pausedNanos);
  }
}
