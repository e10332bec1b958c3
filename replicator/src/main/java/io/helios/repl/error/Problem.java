package io.helios.repl.error;

import org.jspecify.annotations.Nullable;

/**
 * One thing that is wrong, told to an operator: what, why, and what to run. Holds no row value and no secret, ever.
 *
 * @param code the entry of the catalogue
 * @param message what is wrong, one line, naming the object concerned
 * @param why the cause in the operator's words
 * @param hint what to do; where possible a command or SQL that can be run as it is
 * @param lsn the commit LSN concerned, in PostgreSQL's notation
 * @param table the table concerned, as {@code schema.table}
 */
public record Problem(
    ErrorCode code, String message, String why, String hint, @Nullable String lsn, @Nullable String table) {

  public Problem(ErrorCode code, String message, String why, String hint) {
    this(code, message, why, hint, null, null);
  }

  /** The same problem, with the place in the WAL and the table where it was met. */
  public Problem at(@Nullable String atLsn, @Nullable String atTable) {
    return new Problem(code, message, why, hint, atLsn, atTable);
  }
}
