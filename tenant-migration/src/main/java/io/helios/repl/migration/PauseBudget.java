package io.helios.repl.migration;

import java.time.Duration;

/**
 * How much of the pause is left. The last quarter is kept for going back: asking the target takes a round trip, and the
 * home has to be open again within the budget.
 *
 * @param beganNanos when the first writer may have begun to wait
 */
record PauseBudget(long beganNanos, Duration most) {

  private static final Duration LEAST = Duration.ofMillis(1);

  /** For holding clients back; never more than half, for the fence comes after it. */
  Duration forTraffic() {
    return most.dividedBy(2);
  }

  /** For the lock, and then for the marker. */
  Duration untilDecision(long nowNanos) {
    Duration left = most.multipliedBy(3).dividedBy(4).minusNanos(nowNanos - beganNanos);
    return left.compareTo(LEAST) < 0 ? LEAST : left;
  }

  /** The same budget, when somebody has waited since before. */
  PauseBudget since(long nanos) {
    return nanos - beganNanos < 0 ? new PauseBudget(nanos, most) : this;
  }
}
