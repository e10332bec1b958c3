package io.helios.repl.pipeline;

import io.helios.repl.status.LagObjective;
import io.helios.repl.status.LagObjective.Standing;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Counts the time that one tenant is outside its lag target: minute by minute, as far back as its window. The supervisor's
 * thread writes; what it comes to may be read by anyone.
 */
final class ObjectiveMeter {

  private static final long SLOT_NANOS = Duration.ofMinutes(1).toNanos();
  private static final int RECENT = (int) (LagObjective.RECENT.toNanos() / SLOT_NANOS);

  private final Duration window;
  private final double goal;
  private final long[] outside;
  private long slot = Long.MIN_VALUE;
  private long lastNanos;
  private double outsideSeconds;
  private double measuredSeconds;
  private volatile @Nullable LagObjective objective;
  private volatile Totals totals = new Totals(0, 0);

  /**
   * Since the meter was made.
   *
   * @param outsideSeconds outside the lag target
   * @param measuredSeconds within it or outside
   */
  record Totals(double outsideSeconds, double measuredSeconds) {}

  ObjectiveMeter() {
    this(LagObjective.WINDOW, LagObjective.GOAL);
  }

  ObjectiveMeter(Duration window, double goal) {
    this.window = window;
    this.goal = goal;
    this.outside = new long[(int) (window.toNanos() / SLOT_NANOS)];
  }

  /** What has passed since the last sample was as it is now. */
  void sample(Standing standing, long nanos) {
    long elapsed = slot == Long.MIN_VALUE ? 0 : Math.min(Math.max(0, nanos - lastNanos), SLOT_NANOS);
    lastNanos = nanos;
    moveTo(Math.floorDiv(nanos, SLOT_NANOS));
    if (standing == Standing.UNMEASURED) {
      objective = measuredSeconds == 0 ? null : current();
      return;
    }
    measuredSeconds += elapsed / 1e9;
    if (standing == Standing.OUTSIDE) {
      outside[index(slot)] += elapsed;
      outsideSeconds += elapsed / 1e9;
    }
    totals = new Totals(outsideSeconds, measuredSeconds);
    objective = current();
  }

  private void moveTo(long now) {
    long first = slot == Long.MIN_VALUE || now - slot > outside.length ? now - outside.length + 1 : slot + 1;
    for (long fresh = first; fresh <= now; fresh++) {
      outside[index(fresh)] = 0;
    }
    slot = Math.max(slot, now);
  }

  private LagObjective current() {
    return LagObjective.of(window, goal, sum(outside.length), sum(Math.min(RECENT, outside.length)));
  }

  private Duration sum(int slots) {
    long nanos = 0;
    for (long back = 0; back < slots; back++) {
      nanos += outside[index(slot - back)];
    }
    return Duration.ofNanos(nanos);
  }

  private int index(long of) {
    return (int) Math.floorMod(of, (long) outside.length);
  }

  /** Null as long as nothing was measured. */
  @Nullable LagObjective objective() {
    return objective;
  }

  Totals totals() {
    return totals;
  }
}
