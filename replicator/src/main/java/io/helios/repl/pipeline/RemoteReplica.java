package io.helios.repl.pipeline;

import io.helios.repl.apply.AppliedStatus;
import io.helios.repl.apply.Replica;
import io.helios.repl.apply.Replicated;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.seal.SealedKey;
import io.helios.repl.tenant.Tenant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A tenant that another region's server applies: what is wanted of it, to be told there, and what that server last said of it. Any thread.
 */
final class RemoteReplica implements Replica {

  private record Hold(GivenTenant.Hold wanted, CompletableFuture<Lsn> held) {}

  private final UUID incarnation = UUID.randomUUID();
  private final Replicated what;
  private final Runnable changed;
  private final CompletableFuture<Long> promotion = new CompletableFuture<>();
  private Tenant tenant;
  private long revision = 1;
  private long holds;
  private long distrusted;
  private @Nullable Lsn distrustedAt;
  private @Nullable Hold hold;
  private volatile AppliedStatus status = AppliedStatus.NONE;

  /** @param changed to be run when there is something new to be told */
  RemoteReplica(Tenant tenant, Replicated what, Runnable changed) {
    this.tenant = tenant;
    this.what = what;
    this.changed = changed;
  }

  @Override
  public synchronized UUID id() {
    return tenant.id();
  }

  UUID incarnation() {
    return incarnation;
  }

  @Override
  public AppliedStatus status() {
    return status;
  }

  /** What is to be told, with these keys. */
  synchronized GivenTenant given(List<SealedKey> keys) {
    return new GivenTenant(incarnation, revision, tenant, what, keys, hold == null ? null : hold.wanted(), distrusted);
  }

  @Override
  public void change(Tenant settings) {
    synchronized (this) {
      if (tenant.equals(settings)) {
        return;
      }
      tenant = settings;
      revision++;
    }
    changed.run();
  }

  @Override
  public CompletableFuture<Lsn> holdAt(Lsn at) {
    CompletableFuture<Lsn> held = new CompletableFuture<>();
    Hold before;
    synchronized (this) {
      before = hold;
      hold = new Hold(new GivenTenant.Hold(++holds, at), held);
      revision++;
    }
    cancel(before);
    changed.run();
    return held;
  }

  @Override
  public void release() {
    Hold before;
    synchronized (this) {
      before = hold;
      hold = null;
      revision++;
    }
    if (before != null) {
      cancel(before);
      changed.run();
    }
  }

  private static void cancel(@Nullable Hold before) {
    if (before != null) {
      before.held().cancel(false);
    }
  }

  @Override
  public CompletableFuture<Long> promotion() {
    return promotion.copy();
  }

  /**
   * The target does not have the position that is known here. While the tenant moves on that only means that the news of it are still on
   * their way; where it stands still, its applier is to look.
   */
  void distrust() {
    synchronized (this) {
      Lsn position = status.position();
      if (!position.equals(distrustedAt)) {
        distrustedAt = position;
        return;
      }
      distrusted++;
      revision++;
    }
    changed.run();
  }

  /** What the server that applies it says of this incarnation. */
  void reported(ApplyReports.Report report) {
    Hold reached = null;
    synchronized (this) {
      status = known(report.status());
      if (hold != null && hold.wanted().number() == report.hold()) {
        reached = hold;
      }
    }
    if (reached != null) {
      reached.held().complete(report.heldAt());
    }
    if (report.promoted() > 0) {
      promotion.complete(report.promoted());
    }
    Problem error = report.status().error();
    if (report.status().stopped() && error != null) {
      fail(error);
    }
  }

  /** One that was given anew has yet to find its position, which is no news. */
  private AppliedStatus known(AppliedStatus now) {
    return now.position().equals(Lsn.INVALID) && !now.stopped() ? withError(status, now.failures(), now.error()) : now;
  }

  private void fail(Problem error) {
    Hold waiting;
    synchronized (this) {
      waiting = hold;
    }
    if (waiting != null) {
      waiting.held().completeExceptionally(new OperatorException(error));
    }
  }

  /** That server could not be told; it is tried again. */
  synchronized void notGiven(Problem problem) {
    status = withError(status, status.failures() + 1, problem);
  }

  private static AppliedStatus withError(AppliedStatus s, int failures, @Nullable Problem error) {
    return new AppliedStatus(
        s.position(), s.caughtUpTo(), s.lastCommitMicros(), s.transactions(), s.rows(), s.conflictCounts(), s.tables(), failures,
        false, error);
  }
}
