package io.helios.repl.status;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import org.jspecify.annotations.Nullable;

/**
 * One thing that a check of a source or target found. Names objects, never values of rows.
 *
 * @param message what is so, one line, naming the object concerned
 * @param why what follows from it
 * @param hint what to run, as it is: SQL, one statement a line, or a command; else what to do in words
 * @param table {@code schema.table} where it concerns one
 */
public record Finding(
    Severity severity, ErrorCode code, String message, String why, String hint, @Nullable String table) {

  public Finding(Severity severity, ErrorCode code, String message, String why, String hint) {
    this(severity, code, message, why, hint, null);
  }

  public boolean isError() {
    return severity == Severity.ERROR;
  }

  /** The same as what stops a start. */
  public Problem problem() {
    return new Problem(code, message, why, hint, null, table);
  }
}
