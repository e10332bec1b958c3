package io.helios.repl.status;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How well a tenant has kept to its lag target over a rolling window, and what is left of its error budget: the time that it
 * may be outside. Time that nobody looked at counts as within.
 *
 * @param window how far back it looks
 * @param attained share of the window within the target, 0 to 1
 * @param goal the share that is wanted
 * @param budgetLeft share of the error budget that is left: 1 when it was never outside, 0 when just the goal is met, negative
 *     below it
 * @param burnRate how fast the budget went over {@link #RECENT}: at 1 it lasts just the window, at 0 nothing went
 */
public record LagObjective(Duration window, double attained, double goal, double budgetLeft, double burnRate) {

  /** What the burn rate is measured over: as much of it as full minutes and the one that goes on have. */
  public static final Duration RECENT = Duration.ofMinutes(5);

  /** The usual window. */
  public static final Duration WINDOW = Duration.ofHours(1);

  /** The usual goal. */
  public static final double GOAL = 0.99;

  /**
   * From the time spent outside.
   *
   * @param outside of the window
   * @param outsideRecently of {@link #RECENT}
   */
  public static LagObjective of(Duration window, double goal, Duration outside, Duration outsideRecently) {
    double missed = share(outside, window);
    double allowed = 1 - goal;
    return new LagObjective(
        window, 1 - missed, goal, 1 - missed / allowed, share(outsideRecently, RECENT) / allowed);
  }

  private static double share(Duration part, Duration whole) {
    return Math.min(1, (double) part.toNanos() / whole.toNanos());
  }

  /**
   * Whether a tenant keeps to its target at a moment.
   *
   * @param lagSeconds null when it is not known
   */
  public static Standing standing(TenantState state, @Nullable Double lagSeconds, double targetSeconds) {
    if (lagSeconds != null) {
      return lagSeconds <= targetSeconds ? Standing.WITHIN : Standing.OUTSIDE;
    }
    return switch (state) {
      case STREAMING, FAILED, NEEDS_RESYNC -> Standing.OUTSIDE;
      case CREATED, COPYING, PAUSED, STOPPED, FENCED, CUTOVER, MOVED, PROMOTED -> Standing.UNMEASURED;
    };
  }

  /** Where a tenant stands with regard to its lag target. */
  public enum Standing {
    WITHIN,
    /** Beyond the target; also when it should stream and nobody knows how far it is. */
    OUTSIDE,
    /** There is nothing to measure: it is not wanted, or its first copy is not there yet. */
    UNMEASURED
  }
}
