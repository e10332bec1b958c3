package io.helios.repl.pipeline;

import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Lsn;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Those who wait until a tenant has everything before a point. Asked for by any thread; looked after by the supervisor,
 * who asks each tenant how far it has come.
 */
final class Barriers {

  /**
   * How far a tenant has come.
   *
   * @param through everything of it that committed before this is at the target; null while it is not streaming
   * @param hopeless why it will not get further by itself; null while it may
   */
  record Progress(@Nullable Lsn through, @Nullable Problem hopeless) {}

  private record Waiter(UUID tenant, Lsn point, CompletableFuture<Lsn> reached) {}

  private final List<Waiter> waiters = new CopyOnWriteArrayList<>();

  CompletableFuture<Lsn> await(UUID tenant, Lsn point) {
    CompletableFuture<Lsn> reached = new CompletableFuture<>();
    waiters.add(new Waiter(tenant, point, reached));
    return reached;
  }

  boolean isEmpty() {
    return waiters.isEmpty();
  }

  void look(Function<UUID, Progress> progress) {
    for (Iterator<Waiter> each = waiters.iterator(); each.hasNext(); ) {
      Waiter waiter = each.next();
      if (waiter.reached.isDone()) {
        waiters.remove(waiter);
        continue;
      }
      Progress now;
      try {
        now = progress.apply(waiter.tenant);
      } catch (HeliosException gone) {
        finish(waiter, gone);
        continue;
      }
      if (now.hopeless() != null) {
        finish(waiter, new OperatorException(now.hopeless()));
      } else if (now.through() != null && !now.through().isBefore(waiter.point)) {
        waiters.remove(waiter);
        waiter.reached.complete(waiter.point);
      }
    }
  }

  private void finish(Waiter waiter, HeliosException why) {
    waiters.remove(waiter);
    waiter.reached.completeExceptionally(why);
  }
}
