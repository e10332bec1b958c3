package io.helios.repl.status;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * How long one stage of the way takes: a histogram of the last one to two minutes, a quarter of an octave exact. Cheap enough
 * for each batch, not meant for each change. Any thread may record and ask; a time that is recorded just when a minute ends
 * may be lost.
 */
public final class StageTimes {

  private static final int PER_OCTAVE = 4;

  /** From a microsecond to some nine minutes. */
  private static final int BUCKETS = 30 * PER_OCTAVE;

  private static final long TURN_NANOS = Duration.ofMinutes(1).toNanos();

  private record Generations(AtomicLongArray now, AtomicLongArray before, long sinceNanos) {}

  private volatile @Nullable Generations generations;

  /**
   * @param count how many passed
   * @param p50Millis half took no longer
   * @param p99Millis of a hundred, one took longer
   */
  public record Summary(long count, double p50Millis, double p99Millis) {}

  /**
   * @param tookNanos what it took; below zero counts as nothing
   * @param nanos now, by the clock that only grows
   */
  public void record(long tookNanos, long nanos) {
    current(nanos).now().incrementAndGet(bucket(tookNanos));
  }

  /** Null when nothing passed. */
  public @Nullable Summary summary(long nanos) {
    if (generations == null) {
      return null;
    }
    Generations seen = current(nanos);
    long[] counts = new long[BUCKETS];
    long total = 0;
    for (int i = 0; i < BUCKETS; i++) {
      counts[i] = seen.now().get(i) + seen.before().get(i);
      total += counts[i];
    }
    return total == 0 ? null : new Summary(total, quantile(counts, total, 0.5), quantile(counts, total, 0.99));
  }

  private Generations current(long nanos) {
    Generations seen = generations;
    if (seen != null && nanos - seen.sinceNanos() < TURN_NANOS) {
      return seen;
    }
    synchronized (this) {
      Generations latest = generations;
      if (latest == null || nanos - latest.sinceNanos() >= TURN_NANOS) {
        boolean follows = latest != null && nanos - latest.sinceNanos() < 2 * TURN_NANOS;
        latest =
            new Generations(
                new AtomicLongArray(BUCKETS),
                latest != null && follows ? latest.now() : new AtomicLongArray(BUCKETS),
                nanos);
        generations = latest;
      }
      return latest;
    }
  }

  private static int bucket(long nanos) {
    double micros = nanos / 1000.0;
    return micros <= 1 ? 0 : (int) Math.min(BUCKETS - 1, Math.ceil(PER_OCTAVE * Math.log(micros) / Math.log(2)));
  }

  /** The upper end of the bucket that holds it. */
  private static double quantile(long[] counts, long total, double share) {
    long wanted = (long) Math.ceil(total * share);
    long seen = 0;
    int bucket = 0;
    while (bucket < BUCKETS - 1 && (seen += counts[bucket]) < wanted) {
      bucket++;
    }
    return Math.pow(2, (double) bucket / PER_OCTAVE) / 1000;
  }
}
