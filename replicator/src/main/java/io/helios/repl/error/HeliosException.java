package io.helios.repl.error;

import org.jspecify.annotations.Nullable;

/**
 * The family of operating errors. What is thrown outside it (an {@link IllegalStateException}, an
 * {@link AssertionError}) is a bug and stops the worker that met it.
 */
public abstract sealed class HeliosException extends RuntimeException
    permits TransientException, OperatorException, CorruptionException {

  private final transient Problem problem;

  HeliosException(Problem problem, @Nullable Throwable cause) {
    super(problem.code().id() + ": " + problem.message(), cause);
    this.problem = problem;
  }

  public Problem problem() {
    return problem;
  }
}
