package io.helios.repl.pipeline;

import io.helios.repl.apply.AppliedStatus;
import io.helios.repl.apply.Replica;
import io.helios.repl.error.Backoff;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus.CopyProgress;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * One tenant's life: what its operator wants of it, and where it stands on the way there.
 *
 * <pre>
 *   CREATED ──start──► COPYING ──copied──► STREAMING ◄──resume/start── PAUSED, STOPPED
 *                         │                    │ pause, stop ──────────────▲
 *                         └──── error ────► FAILED ──start──► (goes on from its position)
 *                                              │ gap, quota
 *                                         NEEDS_RESYNC ──resync──► COPYING
 *   any but CREATED ──promoted──► PROMOTED   and nothing leads out of it: who follows afterwards is another pipeline
 * </pre>
 *
 * Wishes come from any thread and are taken at once; one passing thread, the driver, carries them out, one at a time. The
 * standing is an immutable record that any thread may read.
 */
final class TenantPipeline {

  private static final Logger LOG = LoggerFactory.getLogger(TenantPipeline.class);
  private static final Duration TURN = Duration.ofMillis(50);
  private static final Backoff RETRY = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(10));

  /** Where the tenant stands. */
  record Standing(TenantState state, Instant since, @Nullable Problem problem, @Nullable Instant problemAt) {}

  /** How a tenant is brought up. */
  enum Manner {
    /** It goes on from where it was; where it was nowhere yet, as for a start. */
    RESUME,
    /** Both ends are checked and prepared first, and tables that came meanwhile are copied. */
    START,
    /** As for a start, and all tables are compared with the source as it is now: what differs is repaired. */
    ANEW,
    /** As for a start, and all tables are copied again. */
    COPY;

    /** Whether it begins from nothing, whatever was captured and applied before. */
    boolean isAnew() {
      return this == ANEW || this == COPY;
    }
  }

  /** Whether what went wrong is that changes are gone, or that what is at the target is not known to be the source's. */
  static boolean isGap(Problem problem) {
    return switch (problem.code()) {
      case TENANT_NEEDS_RESYNC, JOURNAL_GAP, JOURNAL_OVERFLOW, REPLICA_UNKNOWN, FRAME_FOREIGN -> true;
      default -> false;
    };
  }

  /** What carries out the steps; the driver's thread calls it. */
  interface Steps {
    /**
     * Everything up to streaming; returns the replica that is now being applied.
     *
     * @throws CancellationException when it is no longer wanted
     */
    Replica bringUp(Tenant tenant, Manner manner, Progress progress) throws InterruptedException;

    /** Why changes of the tenant are gone, or null. */
    @Nullable Problem lost(Tenant tenant);

    /** Whether what it has at the target goes on from another kind of capture than the source's: then it begins anew. */
    boolean goesOnOtherwise(Tenant tenant);

    /** Before it begins anew: what was captured of it, and that it lost anything. */
    void forget(Tenant tenant, Progress progress) throws InterruptedException;

    /** Ends applying; returns when no worker holds the tenant any more. */
    void takeDown(Replica replica) throws InterruptedException;
  }

  /** How bringing up tells what it is doing, and learns that it is no longer wanted. */
  interface Progress {
    /** The copy begins: it can be asked how far it is, and be cancelled. */
    void copying(TenantCopy copy);

    boolean wanted();
  }

  private volatile Tenant tenant;
  private final Steps steps;
  private final Executor driverThreads;
  private final StandingListener listener;
  private final Ticker ticker;
  private DesiredState desired;
  private @Nullable Manner manner;
  private boolean driving;
  private boolean retrying;

  /** From the wish for a resync until what was captured and lost before is forgotten. */
  private boolean renewing;
  private volatile boolean removed;
  private volatile DesiredState wish;
  private volatile Standing standing;
  private volatile @Nullable TenantCopy copy;
  private volatile @Nullable Replica replica;
  private volatile @Nullable AppliedStatus lastApplied;
  private volatile boolean begun;

  /** Told of each change of the standing, by the thread that made it. */
  interface StandingListener {
    void changed(Tenant tenant, Standing before, Standing after);
  }

  TenantPipeline(Tenant tenant, DesiredState desired, Steps steps, Executor driverThreads, StandingListener listener,
      Ticker ticker) {
    this.tenant = tenant;
    this.desired = desired;
    this.wish = desired;
    this.begun = desired != DesiredState.CREATED;
    this.steps = steps;
    this.driverThreads = driverThreads;
    this.listener = listener;
    this.ticker = ticker;
    this.standing = new Standing(restingState(desired), ticker.now(), null, null);
  }

  private static TenantState restingState(DesiredState desired) {
    return switch (desired) {
      case CREATED -> TenantState.CREATED;
      case RUNNING -> TenantState.COPYING;
      case PAUSED -> TenantState.PAUSED;
      case STOPPED -> TenantState.STOPPED;
      case PROMOTED -> TenantState.PROMOTED;
    };
  }

  Tenant tenant() {
    return tenant;
  }

  /** Tier, lag target and conflict policy may change at any time; applying has them with the tenant's next turn. */
  synchronized void change(Tenant settings) {
    tenant = settings;
    Replica attached = replica;
    if (attached != null) {
      attached.change(settings);
    }
  }

  Standing standing() {
    return standing;
  }

  CopyProgress copy() {
    TenantCopy running = copy;
    return running == null ? CopyProgress.NONE : running.progress();
  }

  /** What is being applied; null while nothing is. */
  @Nullable Replica replica() {
    return replica;
  }

  DesiredState desired() {
    return wish;
  }

  /** Once at start: sets out for what was wanted when the server ended. */
  synchronized void begin() {
    if (desired == DesiredState.RUNNING) {
      manner = Manner.RESUME;
      drive();
    }
  }

  /** As {@link #wish} for RUNNING, but everything is checked first. */
  synchronized void start() {
    refuseIfPromoted();
    if (standing.state() != TenantState.STREAMING && (manner == null || !manner.isAnew())) {
      manner = Manner.START;
    }
    wish(DesiredState.RUNNING);
  }

  /** @throws OperatorException when it needs a resync first, or was never started (pause, resume, stop) */
  synchronized void wish(DesiredState wanted) {
    refuseIfPromoted();
    TenantState state = standing.state();
    if (state == TenantState.NEEDS_RESYNC && wanted == DesiredState.RUNNING) {
      throw new OperatorException(
          new Problem(
              ErrorCode.TENANT_NEEDS_RESYNC,
              "tenant \"" + tenant.name() + "\" needs a resync before it can stream again",
              standing.problem() == null ? "changes it needs are gone" : standing.problem().message(),
              "helios-repl tenant resync " + tenant.name()));
    }
    if (desired == DesiredState.CREATED && wanted != DesiredState.RUNNING) {
      throw new OperatorException(
          new Problem(
              ErrorCode.TENANT_NOT_STARTED,
              "tenant \"" + tenant.name() + "\" has never been started",
              "there is nothing to pause or stop yet",
              "helios-repl tenant start " + tenant.name()));
    }
    desired = wanted;
    wish = wanted;
    cancelCopy();
    drive();
  }

  /** Begins again from a new consistent point, whatever the state; everything is copied only if that is asked for. */
  synchronized void resync(boolean copy) {
    refuseIfPromoted();
    manner = copy ? Manner.COPY : Manner.ANEW;
    renewing = true;
    desired = DesiredState.RUNNING;
    wish = desired;
    stand(TenantState.COPYING, null); // at once: who waits for it to stream means afterwards
    drive();
  }

  /** It is written at its target from now on, so nothing is applied any more; what is captured of it is kept. */
  synchronized void promoted() {
    manner = null;
    desired = DesiredState.PROMOTED;
    wish = desired;
    begun = true;
    cancelCopy();
    drive();
  }

  synchronized void refuseIfPromoted() {
    if (desired == DesiredState.PROMOTED) {
      throw new OperatorException(
          new Problem(
              ErrorCode.TENANT_PROMOTED,
              "tenant \"" + tenant.name() + "\" was promoted: it is written at \"" + tenant.target() + "\" now",
              "nothing of its old source \"" + tenant.source() + "\" is applied any more; that will follow once it is back",
              "helios-repl failover status " + tenant.name()));
    }
  }

  /** Breaks off what is under way, for the end of the process. */
  void cancel() {
    removed = true;
    TenantCopy running = copy;
    if (running != null) {
      running.cancel();
    }
  }

  /** Whether it is being brought up and no copy of it has begun: it may go on from where its target is. */
  boolean isResuming() {
    return standing.state() == TenantState.COPYING && copy == null;
  }

  /** Whether it is being brought up, and nothing that has to be mended first keeps it from streaming. */
  synchronized boolean isComingUp() {
    boolean held = standing.state() == TenantState.COPYING && standing.problem() != null;
    return driving && desired == DesiredState.RUNNING && !held;
  }

  /** Whether nothing of it can be at the target yet. */
  boolean isNew() {
    return !begun;
  }

  /** What was applied before applying ended; null when nothing was since the server's start. */
  @Nullable AppliedStatus lastApplied() {
    return lastApplied;
  }

  /** No thread drives it from the return of this on; for removing it. */
  void retire() throws InterruptedException {
    cancel();
    synchronized (this) {
      while (driving) {
        wait();
      }
    }
    Replica attached = replica;
    if (attached != null) {
      replica = null;
      steps.takeDown(attached);
    }
  }

  /** The replica failed, or lost what it needs: noticed by the supervisor. Nothing is applied any more. */
  synchronized void fail(Problem problem, boolean needsResync) {
    Replica attached = replica;
    if (attached == null && !needsResync || desired == DesiredState.PROMOTED) {
      return;
    }
    replica = null;
    lastApplied = attached == null ? lastApplied : attached.status();
    stand(needsResync ? TenantState.NEEDS_RESYNC : TenantState.FAILED, problem);
    if (attached != null) {
      driverThreads.execute(
          () -> {
            try {
              steps.takeDown(attached);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
    }
  }

  /** Runs what concerns its present life: not while that is being forgotten, lest the next one be blamed for it. */
  synchronized void unlessRenewing(Runnable action) {
    if (!renewing) {
      action.run();
    }
  }

  private void cancelCopy() {
    TenantCopy running = copy;
    if (running != null && wish != DesiredState.RUNNING && driving) {
      running.cancel();
    }
  }

  private void drive() {
    if (!driving && !removed) {
      driving = true;
      driverThreads.execute(this::driveUntilSettled);
    }
  }

  private void driveUntilSettled() {
    int failures = 0;
    boolean settled = false;
    try (MDC.MDCCloseable _ = MDC.putCloseable("tenant", tenant.name());
        MDC.MDCCloseable _ = MDC.putCloseable("source", tenant.source());
        MDC.MDCCloseable _ = MDC.putCloseable("target", tenant.target())) {
      while (!settled) {
        DesiredState towards;
        Manner how;
        synchronized (this) {
          towards = desired;
          how = manner == null ? Manner.RESUME : manner;
          manner = null;
          if (towards == DesiredState.RUNNING && begun && !how.isAnew() && steps.goesOnOtherwise(tenant)) {
            how = Manner.ANEW;
            renewing = true;
          }
        }
        step(towards, how, failures + 1);
        failures = retrying ? failures + 1 : 0;
        synchronized (this) {
          if (retrying && manner == null) {
            // What is begun at the target already goes on there; nothing needs to be forgotten again.
            manner = how.isAnew() && begun ? Manner.START : how;
          }
          settled = removed || desired == towards && manner == null && !retrying;
          if (settled) {
            driving = false;
            notifyAll();
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      release();
    } catch (Throwable bug) {
      LOG.error("a bug has stopped tenant {}", tenant.name(), bug);
      stand(TenantState.FAILED, Fleet.bug(bug));
      release();
    }
  }

  private synchronized void release() {
    driving = false;
    notifyAll();
  }

  /** @param attempt counts from 1 since it last went well */
  private void step(DesiredState towards, Manner how, int attempt) throws InterruptedException {
    retrying = false;
    switch (towards) {
      case CREATED -> {}
      case RUNNING -> run(how, attempt);
      case PAUSED -> rest(TenantState.PAUSED);
      case STOPPED -> rest(TenantState.STOPPED);
      case PROMOTED -> rest(TenantState.PROMOTED);
    }
  }

  private void rest(TenantState state) throws InterruptedException {
    Replica attached = replica;
    replica = null;
    if (attached != null) {
      steps.takeDown(attached);
      lastApplied = attached.status();
    }
    stand(state, null);
  }

  private void run(Manner how, int attempt) throws InterruptedException {
    if (how.isAnew()) {
      rest(TenantState.COPYING);
      begun = false;
    }
    if (replica != null) {
      return;
    }
    try {
      if (how.isAnew()) {
        steps.forget(tenant, progress);
        renewedUnless(false);
      }
      Replica attached = steps.bringUp(tenant, how, progress);
      synchronized (this) {
        replica = attached;
        attached.change(tenant);
        if (manner == null || !manner.isAnew()) {
          stand(TenantState.STREAMING, null);
        }
      }
    } catch (CancellationException e) {
      LOG.info("tenant {}: bringing it up was broken off", tenant.name());
    } catch (TransientException e) {
      LOG.warn("tenant {}: {}", tenant.name(), e.problem().message(), e);
      stand(TenantState.COPYING, e.problem());
      waitUnlessUnwanted(RETRY.pause(attempt));
      retrying = true;
    } catch (HeliosException e) {
      LOG.warn("tenant {}: {}", tenant.name(), e.problem().message(), e);
      Problem lost = steps.lost(tenant);
      boolean gap = lost != null || isGap(e.problem());
      stand(gap ? TenantState.NEEDS_RESYNC : TenantState.FAILED, lost != null ? lost : e.problem());
    } finally {
      renewedUnless(how.isAnew() && retrying && !begun);
    }
  }

  private synchronized void renewedUnless(boolean triedAgain) {
    renewing = triedAgain || manner != null && manner.isAnew();
  }

  private void waitUnlessUnwanted(Duration wait) throws InterruptedException {
    long until = ticker.nanos() + wait.toNanos();
    while (ticker.nanos() - until < 0 && wish == DesiredState.RUNNING && !removed) {
      Thread.sleep(TURN);
    }
  }

  private final Progress progress =
      new Progress() {
        @Override
        public void copying(TenantCopy running) {
          copy = running;
          begun = true;
          stand(TenantState.COPYING, null);
          if (!wanted()) {
            throw new CancellationException();
          }
        }

        @Override
        public boolean wanted() {
          return wish == DesiredState.RUNNING && !removed;
        }
      };

  private synchronized void stand(TenantState state, @Nullable Problem problem) {
    Standing before = standing;
    boolean same = before.state() == state;
    standing =
        new Standing(state, same ? before.since() : ticker.now(), problem, problem == null ? null : ticker.now());
    if (!same || before.problem() != problem) {
      listener.changed(tenant, before, standing);
    }
  }
}
