package io.helios.repl.verify;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.ConnectionScope;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.ExportedSnapshot;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.SourceSnapshots;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.postgres.TableDefinition;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Snapshots of both sides that hold the same transactions of a tenant: those whose commit LSN is before the point.
 *
 * <p>The point is only known once the source has made its snapshot, and by then a quick applier has passed it. So the
 * applier is held first where it is, then led to the point. The source's snapshot waits for its open transactions; when
 * that takes longer than the hold's budget, the applier is let go, the wait is sat out, and it is tried again: those
 * transactions are over then. To a source that is far away a snapshot may take longer by itself, so each try has twice the time.
 *
 * @param held how long the applier stood still for it, all tries together; not while it was on its way to the point
 */
record SnapshotPair(ExportedSnapshot source, ExportedSnapshot target, Lsn point, Instant takenAt, Duration held) {

  private static final Duration SLICE = Duration.ofMillis(200);

  static SnapshotPair take(
      ConnectionScope scope,
      SourceSnapshots source,
      ConnectionSettings target,
      String tenant,
      Collection<TableDefinition> sourceTables,
      Collection<TableDefinition> targetTables,
      HoldPoint hold,
      VerifySettings settings) {
    long deadline = System.nanoTime() + settings.patience().toNanos();
    Duration held = Duration.ZERO;
    Duration budget = settings.holdBudget();
    while (true) {
      long heldSince = System.nanoTime();
      hold.holdAt(Lsn.INVALID);
      try {
        FutureTask<ExportedSnapshot> taking = new FutureTask<>(() -> snapshotOfSource(scope, source, tenant, sourceTables));
        Thread.ofPlatform().daemon().name("verify-" + tenant + "-snapshot").start(taking);
        ExportedSnapshot atSource;
        try {
          atSource = get(taking, budget);
        } catch (TimeoutException e) {
          hold.release();
          held = held.plus(since(heldSince));
          sitOut(scope, taking, deadline);
          budget = budget.multipliedBy(2); // nothing else was open then: the source is as far away as that
          continue;
        }
        held = held.plus(since(heldSince));
        hold.holdAt(atSource.point());
        if (standing(scope, hold, deadline) == HoldPoint.Standing.AT) {
          long reached = System.nanoTime();
          ExportedSnapshot atTarget = snapshotOfTarget(scope, target, tenant, targetTables);
          return new SnapshotPair(atSource, atTarget, atSource.point(), Instant.now(), held.plus(since(reached)));
        }
        atSource.close();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw cancelled(e);
      } finally {
        hold.release();
      }
      if (System.nanoTime() - deadline >= 0) {
        throw noPoint("the applier did not reach the source's snapshot in time");
      }
    }
  }

  private static Duration since(long nanos) {
    return Duration.ofNanos(System.nanoTime() - nanos);
  }

  /** The open transactions that the snapshot waits for are over when it is there. */
  private static void sitOut(ConnectionScope scope, FutureTask<ExportedSnapshot> taking, long deadline)
      throws InterruptedException {
    try {
      get(taking, Duration.ofNanos(Math.max(0, deadline - System.nanoTime()))).close();
    } catch (TimeoutException e) {
      scope.breakOff();
      throw noPoint("transactions stayed open at the source, and its snapshot waits for them");
    }
  }

  private static HoldPoint.Standing standing(ConnectionScope scope, HoldPoint hold, long deadline)
      throws InterruptedException {
    HoldPoint.Standing standing = hold.await(SLICE);
    while (standing == HoldPoint.Standing.BEFORE && System.nanoTime() - deadline < 0) {
      scope.check();
      standing = hold.await(SLICE);
    }
    return standing;
  }

  private static ExportedSnapshot snapshotOfSource(
      ConnectionScope scope, SourceSnapshots source, String tenant, Collection<TableDefinition> tables) {
    try {
      return source.take(scope, "verify", tenant, tables);
    } catch (SQLException e) {
      throw SqlStates.classify(
          e, ErrorCode.VERIFY_SOURCE_FAILED, "taking a snapshot of the source failed", "helios-repl source check");
    }
  }

  private static ExportedSnapshot snapshotOfTarget(
      ConnectionScope scope, ConnectionSettings target, String tenant, Collection<TableDefinition> tables) {
    try {
      return ExportedSnapshot.now(scope, target, "verify", tenant, tables);
    } catch (SQLException e) {
      throw SqlStates.classify(
          e, ErrorCode.VERIFY_TARGET_FAILED, "taking a snapshot of the target failed", "helios-repl target check");
    }
  }

  private static ExportedSnapshot get(FutureTask<ExportedSnapshot> task, Duration patience)
      throws InterruptedException, TimeoutException {
    try {
      return task.get(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException failure -> throw failure;
        case Error error -> throw error;
        case null, default -> throw new IllegalStateException(e.getCause());
      }
    }
  }

  private static TransientException noPoint(String why) {
    return new TransientException(new Problem(
        ErrorCode.VERIFY_NO_POINT,
        "source and target could not be seen at one point",
        why,
        "end long transactions at the source, or allow more time"));
  }

  private static CancellationException cancelled(InterruptedException e) {
    CancellationException cancelled = new CancellationException();
    cancelled.initCause(e);
    return cancelled;
  }
}
