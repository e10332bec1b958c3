package io.helios.repl.pipeline;

import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a copy may do while others feel this much: all it can, or its floor. Pure. */
final class CopyThrottle {

  /** What others feel, as one look found it. */
  sealed interface Sample {

    /** @param whose in words: {@code tenant "acme"}, {@code standby "b" of target "eu"} */
    record Lag(String whose, Duration behind) implements Sample {}

    /**
     * A small query.
     *
     * @param where in words: {@code source "shop"}
     * @param usual what it takes there at rest
     */
    record Latency(String where, Duration took, Duration usual) implements Sample {}
  }

  /**
   * How fast a copy may go.
   *
   * @param bytesPerSecond of all its sessions together
   * @param why what is beyond its limit; null at full speed
   */
  record Pace(long bytesPerSecond, @Nullable String why) {

    static final Pace FULL = new Pace(Long.MAX_VALUE, null);

    boolean isFull() {
      return why == null;
    }
  }

  private record Excess(double times, String what) {}

  private CopyThrottle() {}

  static Pace decide(CopyLimits limits, Collection<Sample> samples) {
    Optional<Excess> worst =
        samples.stream()
            .map(sample -> excess(limits, sample))
            .filter(excess -> excess.times() > 1)
            .max(Comparator.comparingDouble(Excess::times));
    return worst.map(excess -> new Pace(limits.floorBytesPerSecond(), excess.what())).orElse(Pace.FULL);
  }

  private static Excess excess(CopyLimits limits, Sample sample) {
    return switch (sample) {
      case Sample.Lag(String whose, Duration behind) ->
          new Excess(
              times(behind, limits.maxLag()),
              "lag of %s %s over %s".formatted(whose, text(behind), text(limits.maxLag())));
      case Sample.Latency(String where, Duration took, Duration usual) -> {
        Duration longer = took.minus(usual);
        yield new Excess(
            times(longer, limits.maxLatency()),
            "a small query at %s takes %s longer than usual, over %s"
                .formatted(where, text(longer), text(limits.maxLatency())));
      }
    };
  }

  /** A limit of nothing is exceeded by anything. */
  private static double times(Duration found, Duration limit) {
    return found.isPositive() ? found.toNanos() / (double) Math.max(1, limit.toNanos()) : 0;
  }

  private static String text(Duration duration) {
    return duration.toMillis() < 1000
        ? duration.toMillis() + " ms"
        : String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
  }
}
