package io.helios.repl.apply;

import org.jspecify.annotations.Nullable;

/**
 * A batch did not meet what it expected at the target, or the target refused it: it has to be rolled back and applied in
 * smaller parts, which then tell whose change it was and why. No error of its own. The message holds no value.
 */
public sealed class RejectedBatchException extends Exception permits SchemaChangedException {

  private static final long serialVersionUID = 1L;

  public RejectedBatchException(String message) {
    super(message);
  }

  public RejectedBatchException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
