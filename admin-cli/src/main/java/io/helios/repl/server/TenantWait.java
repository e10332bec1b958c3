package io.helios.repl.server;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import java.time.Instant;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** The things that can be waited for. */
final class TenantWait {

  private TenantWait() {}

  /**
   * Until the tenant is in a state. Ends with its error when it fails or needs a resync instead.
   *
   * @param since errors that were there before this are not what is waited for; null for any
   */
  static Operations.Work state(TenantState goal, Supplier<TenantStatus> status, @Nullable Instant since) {
    return () -> {
      TenantStatus now = status.get();
      if (now.state() == goal) {
        return Documents.tenantStatus(now);
      }
      boolean failed = now.state() == TenantState.FAILED || now.state() == TenantState.NEEDS_RESYNC;
      boolean old = since != null && now.errorAt() != null && now.errorAt().isBefore(since);
      if (failed && !old) {
        Problem error = now.error();
        throw new OperatorException(
            error != null
                ? error
                : new Problem(
                    ErrorCode.TENANT_STATE,
                    "tenant \"" + now.tenant() + "\" is " + now.state(),
                    "it will not become " + goal.name().toLowerCase(Locale.ROOT) + " by itself",
                    Documents.nextSteps(now.tenant(), now.state()).getFirst()));
      }
      return null;
    };
  }

  /** Until a future is done; what it fails with is the wait's failure. */
  static <T> Operations.Work done(CompletableFuture<T> future, Function<T, ObjectNode> document) {
    return new Operations.Work() {
      @Override
      public @Nullable ObjectNode poll() {
        if (!future.isDone()) {
          return null;
        }
        return switch (future.state()) {
          case SUCCESS -> document.apply(future.resultNow());
          case CANCELLED -> throw new CancellationException();
          default -> {
            Throwable failure = future.exceptionNow();
            if (failure instanceof CompletionException && failure.getCause() != null) {
              failure = failure.getCause();
            }
            throw failure instanceof RuntimeException e ? e : new IllegalStateException(failure);
          }
        };
      }

      @Override
      public void abandon() {
        future.cancel(true);
      }
    };
  }
}
