package io.helios.repl.apply;

import io.helios.repl.error.Backoff;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.relay.Frame;
import io.helios.repl.seal.FrameOpener;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Loop 2: takes tenants with waiting frames, opens these, groups whole source transactions of many tenants into one target
 * transaction, applies, moves the positions in the same transaction, and only then acknowledges to the journal.
 *
 * <p>When a batch of many is rejected, each of its tenants is applied alone; when that is rejected too, change by change,
 * which settles conflicts and names the change that cannot be applied. What came before that change is applied then, and
 * the tenant stops. A tenant whose batch was rejected stays apart until one goes well, so the others do not pay for it.
 *
 * <p>One for each worker thread, which owns it and its session. {@link #problem} is for any thread.
 */
public final class Applier implements AutoCloseable {

  private final ApplySchedule schedule;
  private final Function<Frame, byte[]> opener;
  private final Target target;
  private final ApplySettings settings;
  private final LongSupplier nanos;
  private final IntFunction<Duration> pauses;

  private volatile @Nullable Problem problem;
  private @Nullable FrameOpener ownOpener;
  private @Nullable TargetSession session;
  private int failures;
  private long retryAt;

  /**
   * @param opener authenticates, decrypts and decompresses a frame; throws CorruptionException; only this thread calls it
   * @param nanos a clock that only grows, the schedule's
   */
  public Applier(
      ApplySchedule schedule,
      Function<Frame, byte[]> opener,
      Target target,
      ApplySettings settings,
      LongSupplier nanos) {
    this(schedule, opener, target, settings, nanos, new SplittableRandom());
  }

  /** @param jitter what the pauses before new tries vary by; this thread's own */
  public Applier(
      ApplySchedule schedule,
      Function<Frame, byte[]> opener,
      Target target,
      ApplySettings settings,
      LongSupplier nanos,
      RandomGenerator jitter) {
    this.schedule = schedule;
    this.opener = opener;
    this.target = target;
    this.settings = settings;
    this.nanos = nanos;
    Backoff backoff = new Backoff(settings.retryFirst(), settings.retryLast());
    this.pauses = failed -> backoff.pause(failed, jitter);
  }

  /** An applier on sealed frames; the opener is its own from now on. */
  public static Applier open(
      ApplySchedule schedule, FrameOpener opener, Target target, ApplySettings settings, LongSupplier nanos) {
    Applier applier = new Applier(schedule, opener::open, target, settings, nanos);
    applier.ownOpener = opener;
    return applier;
  }

  /** One turn of up to so many tenants. Returns 0 when there was nothing to do: see {@link #awaitWork}. */
  public int runOnce() {
    if (failures > 0 && nanos.getAsLong() - retryAt < 0) {
      return 0;
    }
    List<ReplicaTenant> claimed = schedule.claim(settings.tenants(), settings.workers());
    if (claimed.isEmpty()) {
      return 0;
    }
    try {
      TargetSession usable = connected();
      ApplyTurn turn = new ApplyTurn(usable, target.name(), claimed, schedule, opener, settings, nanos, pauses);
      try {
        turn.run();
      } finally {
        claimed = turn.unfinished();
      }
      failures = 0;
      problem = null;
      return 1;
    } catch (TransientException | OperatorException e) {
      // Also where the target refuses for good: that is seen, and tried again, since it may be mended any time.
      lost(e);
      return 0;
    } finally {
      giveBack(claimed);
    }
  }

  /** Tenants that were not seen through: what the target has of them is read again. */
  private void giveBack(List<ReplicaTenant> unfinished) {
    Problem why = problem;
    for (ReplicaTenant tenant : unfinished) {
      tenant.unload();
      if (why != null) {
        tenant.failed(why, false);
      }
      schedule.giveBackUntouched(tenant);
    }
  }

  /** Waits until there is work and the target may be tried. */
  public void awaitWork(Duration most) throws InterruptedException {
    long left = most.toNanos();
    if (failures > 0) {
      long pause = Math.min(left, retryAt - nanos.getAsLong());
      if (pause > 0) {
        java.util.concurrent.TimeUnit.NANOSECONDS.sleep(pause);
        left -= pause;
      }
    }
    if (left > 0) {
      schedule.await(left);
    }
  }

  /** Why the target cannot be used at the moment, or null. */
  public @Nullable Problem problem() {
    return problem;
  }

  /** Ends the session, and the opener if it is its own. The worker must have stopped. */
  @Override
  public void close() {
    disconnect();
    if (ownOpener != null) {
      ownOpener.close();
    }
  }

  private void disconnect() {
    TargetSession open = session;
    session = null;
    if (open != null) {
      open.close();
    }
  }

  private TargetSession connected() {
    TargetSession open = session;
    if (open != null && open.isUsable()) {
      return open;
    }
    disconnect();
    TargetSession opened = target.connect();
    session = opened;
    // Others' sessions may be with the database that was there before, and not know yet that it is gone.
    schedule.distrustAll();
    return opened;
  }

  private void lost(HeliosException e) {
    failures++;
    schedule.distrustAll();
    problem = e.problem();
    retryAt = nanos.getAsLong() + pauses.apply(failures).toNanos();
    disconnect();
  }

}
