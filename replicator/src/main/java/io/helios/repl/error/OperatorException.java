package io.helios.repl.error;

import org.jspecify.annotations.Nullable;

/** Somebody must act: a setting, a right, a table that does not fit. What met it stops, by name, and says what to run. */
public final class OperatorException extends HeliosException {

  public OperatorException(Problem problem) {
    super(problem, null);
  }

  public OperatorException(Problem problem, @Nullable Throwable cause) {
    super(problem, cause);
  }
}
