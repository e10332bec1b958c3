package io.helios.repl.pipeline;

import io.helios.repl.apply.Replica;
import io.helios.repl.error.HeliosException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.verify.HoldPoint;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A verification's hand on a tenant's applier. One verification at a time; its thread. */
final class ReplicaHold implements HoldPoint {

  private final Replica replica;
  private Lsn limit = Lsn.INVALID;
  private CompletableFuture<Lsn> held = new CompletableFuture<>();

  ReplicaHold(Replica replica) {
    this.replica = replica;
  }

  @Override
  public void holdAt(Lsn at) {
    limit = at;
    held = replica.holdAt(at);
  }

  @Override
  public Standing await(Duration patience) throws InterruptedException {
    try {
      held.get(patience.toNanos(), TimeUnit.NANOSECONDS);
      return Standing.AT;
    } catch (TimeoutException e) {
      return replica.status().position().isBefore(limit) ? Standing.BEFORE : Standing.PAST;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof HeliosException known) {
        throw known;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  @Override
  public void release() {
    replica.release();
  }
}
