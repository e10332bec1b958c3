package io.helios.repl.error;

import org.jspecify.annotations.Nullable;

/** Data that is not what was written: a frame that fails authentication, a journal that breaks its own rules. Stop and audit; never go on. */
public final class CorruptionException extends HeliosException {

  public CorruptionException(Problem problem) {
    super(problem, null);
  }

  public CorruptionException(Problem problem, @Nullable Throwable cause) {
    super(problem, cause);
  }
}
