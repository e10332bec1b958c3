package io.helios.repl.pipeline;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.status.TenantState;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Predicate;

/** Does what the {@link Reconciler} asks for, when it is nobody else's turn, and gives way to whoever asks then. */
final class Reconciliation implements Reconciler.Work {

  /** Makes a repair for one run. */
  interface Repairs {
    TenantRepair make(TenantPipeline pipeline, Predicate<TableDefinition> which);
  }

  private final Repairs repairs;
  private final TenantTurns turns;

  Reconciliation(Repairs repairs, TenantTurns turns) {
    this.repairs = repairs;
    this.turns = turns;
  }

  @Override
  public Optional<TenantRepair.Mended> reconcile(
      TenantPipeline pipeline, Predicate<TableDefinition> which, Duration patience) {
    TenantRepair repair = repairs.make(pipeline, which);
    Optional<TenantTurns.Turn> turn = turns.takeIfFree(pipeline.tenant(), repair::cancel);
    if (turn.isEmpty()) {
      return Optional.empty();
    }
    try (TenantTurns.Turn mine = turn.get()) {
      mine.await();
      return Optional.of(repair.reconcile(patience));
    } catch (HeliosException e) {
      boolean gaveWay = e.problem().code() == ErrorCode.VERIFY_CANCELLED;
      if (gaveWay || pipeline.standing().state() != TenantState.STREAMING) {
        return Optional.empty();
      }
      throw e;
    }
  }

  @Override
  public void resync(TenantPipeline pipeline) {
    if (pipeline.desired() == DesiredState.RUNNING) {
      pipeline.resync(false);
    }
  }
}
