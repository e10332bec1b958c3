package io.helios.repl.error;

import org.jspecify.annotations.Nullable;

/** Heals by itself: a lost connection, a lock timeout, a full disk. Whoever meets it retries with backoff. */
public final class TransientException extends HeliosException {

  public TransientException(Problem problem) {
    super(problem, null);
  }

  public TransientException(Problem problem, @Nullable Throwable cause) {
    super(problem, cause);
  }
}
