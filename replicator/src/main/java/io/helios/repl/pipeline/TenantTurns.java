package io.helios.repl.pipeline;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.tenant.Tenant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Whose turn it is with a tenant: verifications, repairs and reconciliations hold its applier and write its rows, so one of
 * them is at work at a time. What an operator asks for goes before what is done by itself: a reconciliation gives way. Any
 * thread.
 */
final class TenantTurns implements AutoCloseable {

  private final Map<UUID, Turn> turns = new ConcurrentHashMap<>();
  private volatile boolean resting;

  /** One's turn. Closed by whoever took it, once nothing of the work is left. */
  final class Turn implements AutoCloseable {

    private final UUID tenant;
    private final boolean repairs;
    private final boolean givesWay;
    private final Runnable cancel;
    private final @Nullable Turn before;
    private final CompletableFuture<Void> over = new CompletableFuture<>();

    private Turn(UUID tenant, boolean repairs, boolean givesWay, Runnable cancel, @Nullable Turn before) {
      this.tenant = tenant;
      this.repairs = repairs;
      this.givesWay = givesWay;
      this.cancel = cancel;
      this.before = before;
    }

    /** Waits until the one that gave way, if there was one, has let go. To be called before any work. */
    void await() {
      if (before != null) {
        before.over.join();
      }
    }

    @Override
    public void close() {
      turns.remove(tenant, this);
      over.complete(null);
    }
  }

  /**
   * A turn for what an operator asked for.
   *
   * @param repairs whether it writes; for the message to the next one who wants a turn
   * @param cancel breaks the work off, also before it has begun; does not wait
   * @throws OperatorException when another such work is not over
   */
  Turn take(Tenant tenant, boolean repairs, Runnable cancel) {
    Turn taken = turns.compute(tenant.id(), (id, now) -> {
      if (now != null && !now.givesWay) {
        throw busy(tenant, now.repairs);
      }
      return new Turn(id, repairs, false, cancel, now);
    });
    if (taken.before != null) {
      taken.before.cancel.run();
    }
    return taken;
  }

  /** A turn for what is done by itself; empty when it is somebody else's. */
  Optional<Turn> takeIfFree(Tenant tenant, Runnable cancel) {
    if (resting) {
      return Optional.empty();
    }
    Turn mine = new Turn(tenant.id(), true, true, cancel, null);
    return turns.putIfAbsent(tenant.id(), mine) == null ? Optional.of(mine) : Optional.empty();
  }

  /** Nothing is begun by itself any more, and what was gives way; what operators asked for goes on. */
  void rest(boolean rests) {
    resting = rests;
    if (rests) {
      turns.values().stream().filter(turn -> turn.givesWay).forEach(turn -> turn.cancel.run());
    }
  }

  /** What works on the tenant now, {@code verification} or {@code repair}; null when nothing does. */
  @Nullable String running(UUID tenant) {
    Turn now = turns.get(tenant);
    return now == null ? null : now.repairs ? "repair" : "verification";
  }

  private static OperatorException busy(Tenant tenant, boolean repaired) {
    return new OperatorException(
        repaired
            ? new Problem(
                ErrorCode.REPAIR_RUNNING,
                "tenant \"" + tenant.name() + "\" is being repaired already",
                "one verification or repair of a tenant runs at a time",
                "wait until it is over; what it has done stands in: helios-repl tenant status " + tenant.name())
            : new Problem(
                ErrorCode.VERIFY_RUNNING,
                "tenant \"" + tenant.name() + "\" is being verified already",
                "one verification or repair of a tenant runs at a time",
                "helios-repl verify run " + tenant.name()));
  }

  /** Breaks off whatever is at work. */
  @Override
  public void close() {
    turns.values().forEach(turn -> turn.cancel.run());
  }
}
