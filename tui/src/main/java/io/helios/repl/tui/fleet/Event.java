package io.helios.repl.tui.fleet;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One line of the server's history.
 *
 * @param id the server's, growing
 * @param tenant null when it concerns none
 */
public record Event(
    long id,
    Instant at,
    Severity severity,
    @Nullable String tenant,
    String message,
    @Nullable String code,
    @Nullable String hint) {

  /** How loud it is. */
  public enum Severity {
    INFO,
    WARN,
    ERROR
  }
}
