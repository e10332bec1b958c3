package io.helios.repl.client;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Ends a command: why, and with which exit code. */
public final class FailedException extends RuntimeException {

  private static final long serialVersionUID = 1;

  private final int exitCode;
  private final transient List<Failure> failures;

  public FailedException(int exitCode, Failure failure) {
    this(exitCode, List.of(failure), null);
  }

  public FailedException(int exitCode, List<Failure> failures, @Nullable Throwable cause) {
    super(failures.isEmpty() ? "failed" : failures.getFirst().code() + ": " + failures.getFirst().message(), cause);
    this.exitCode = exitCode;
    this.failures = List.copyOf(failures);
  }

  /** One of {@link ExitCode}. */
  public int exitCode() {
    return exitCode;
  }

  public List<Failure> failures() {
    return failures;
  }

  boolean is(String code) {
    return !failures.isEmpty() && failures.getFirst().code().equals(code);
  }
}
