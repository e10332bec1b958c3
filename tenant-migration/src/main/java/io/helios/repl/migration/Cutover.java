package io.helios.repl.migration;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.Problem;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The cutover, in either direction: the tenant's home is its source, and its target becomes the home. It ends in one of two
 * ways, and the target alone decides in which: it has taken the epoch, or it never will. What cannot be answered is asked
 * again, and until it is answered nothing is opened. One thread for one tenant.
 */
final class Cutover {

  private static final Duration FIRST_REST = Duration.ofMillis(50);
  private static final Duration LONGEST_REST = Duration.ofSeconds(2);

  /** How it ended. */
  sealed interface Outcome {

    /** Open at the old home; the epoch will never be taken. */
    record Undone(Problem why) implements Outcome {}

    /** The target is the home. Times in nanoseconds; the pause is -1 when nobody measured it. */
    record Taken(
        long pauseNanos, long trafficNanos, long lockNanos, long drainNanos, long switchNanos, @Nullable String markerLsn)
        implements Outcome {}
  }

  private final TenantEnds ends;
  private final Traffic traffic;
  private final MoveClock clock;

  Cutover(TenantEnds ends, Traffic traffic, MoveClock clock) {
    this.ends = ends;
    this.traffic = traffic;
    this.clock = clock;
  }

  /**
   * The epoch is journaled, and above all that were tried before.
   *
   * @param trouble told what keeps it from going on, and null when that is over
   */
  Outcome carryOut(Tenant tenant, long epoch, Duration maxPause, Consumer<@Nullable Problem> trouble) {
    Traffic.Move move = Traffic.Move.of(tenant, epoch);
    Held held = new Held();
    Problem reason = null;
    try {
      ends.ready(tenant, epoch);
      long began = clock.nanos();
      PauseBudget budget = new PauseBudget(began, maxPause);
      boolean waiting = traffic.pause(move, budget.forTraffic());
      long paused = clock.nanos();
      TenantEnds.Fence fence = ends.fence(tenant, epoch, budget.untilDecision(paused));
      long fenced = clock.nanos();
      held.by(fence);
      budget = waiting ? budget.since(fence.sinceNanos()) : new PauseBudget(fence.sinceNanos(), maxPause);
      held.measured(budget.beganNanos(), waiting ? paused - began : 0, fenced - paused, fence.markerLsn().toString());
      if (!ends.awaitPromoted(tenant, epoch, budget.untilDecision(fenced))) {
        reason = tooLong(tenant, maxPause);
      }
      held.drained(clock.nanos() - fenced);
    } catch (HeliosException e) {
      reason = e.problem();
    }
    return decide(move, reason, held, trouble);
  }

  /** For a cutover whose process ended in the middle of it: asks how it is, and goes on or back from there. */
  Outcome settle(Tenant tenant, long epoch, Consumer<@Nullable Problem> trouble) {
    return decide(Traffic.Move.of(tenant, epoch), interrupted(tenant), new Held(), trouble);
  }

  private Outcome decide(
      Traffic.Move move, @Nullable Problem reason, Held held, Consumer<@Nullable Problem> trouble) {
    try {
      if (reason != null && insist(() -> ends.refuse(move.tenant(), move.epoch()), trouble)) {
        insist(() -> done(() -> ends.lift(move.tenant(), move.epoch())), trouble);
        held.release();
        insist(() -> done(() -> traffic.resume(move)), trouble);
        return new Outcome.Undone(reason);
      }
      long decided = clock.nanos();
      Consumer<@Nullable Problem> late =
          problem -> {
            held.release(); // whoever waits is told where the tenant is, rather than wait for a switch that fails
            trouble.accept(problem);
          };
      insist(() -> done(() -> traffic.change(move)), late);
      insist(() -> done(() -> traffic.resume(move)), late);
      long resumed = clock.nanos();
      return held.taken(resumed, resumed - decided);
    } finally {
      held.release();
    }
  }

  /** Asks until there is an answer. There is nothing else that may be done. */
  private boolean insist(BooleanSupplier question, Consumer<@Nullable Problem> trouble) {
    boolean told = false;
    for (Duration rest = FIRST_REST; ; rest = longer(rest)) {
      try {
        boolean answer = question.getAsBoolean();
        if (told) {
          trouble.accept(null);
        }
        return answer;
      } catch (HeliosException e) {
        trouble.accept(e.problem());
        told = true;
        clock.rest(rest);
      }
    }
  }

  private static Duration longer(Duration rest) {
    Duration twice = rest.multipliedBy(2);
    return twice.compareTo(LONGEST_REST) > 0 ? LONGEST_REST : twice;
  }

  private static boolean done(Runnable act) {
    act.run();
    return true;
  }

  private static Problem tooLong(Tenant tenant, Duration maxPause) {
    return new Problem(
        ErrorCode.CUTOVER_UNDONE,
        "the cutover of tenant \"" + tenant.name() + "\" was undone: a pause of " + maxPause.toMillis()
            + " ms did not suffice",
        "target " + tenant.target() + " had not applied the last write in time, and will not take the epoch any more",
        "helios-repl migrate plan " + tenant.name() + " tells how long it takes; then helios-repl migrate cutover "
            + tenant.name() + " --max-pause 500ms --retry 5");
  }

  private static Problem interrupted(Tenant tenant) {
    return new Problem(
        ErrorCode.CUTOVER_UNDONE,
        "the cutover of tenant \"" + tenant.name() + "\" was undone: the server ended in the middle of it",
        "target " + tenant.target() + " had not taken the epoch, and will not any more",
        "helios-repl migrate cutover " + tenant.name());
  }

  /** The fence, as long as it is held, and what was measured. One thread. */
  private static final class Held {
    private TenantEnds.@Nullable Fence fence;
    private @Nullable String marker;
    private long beganNanos;
    private long trafficNanos;
    private long lockNanos;
    private long drainNanos;

    void by(TenantEnds.Fence made) {
      fence = made;
    }

    void measured(long began, long holding, long locking, String markerLsn) {
      beganNanos = began;
      trafficNanos = holding;
      lockNanos = locking;
      marker = markerLsn;
    }

    void drained(long nanos) {
      drainNanos = nanos;
    }

    void release() {
      TenantEnds.Fence held = fence;
      if (held != null) {
        held.release();
      }
    }

    Outcome taken(long atNanos, long switchNanos) {
      return new Outcome.Taken(
          marker == null ? -1 : atNanos - beganNanos, trafficNanos, lockNanos, drainNanos, switchNanos, marker);
    }
  }
}
