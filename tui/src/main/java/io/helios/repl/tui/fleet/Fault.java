package io.helios.repl.tui.fleet;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is wrong, in the operator's words.
 *
 * @param code for example {@code HR-3107}
 * @param hint a command or statement that mends it; empty when there is none
 */
public record Fault(
    String code,
    String message,
    String why,
    String hint,
    @Nullable String lsn,
    @Nullable String table,
    @Nullable Instant at) {

  public static Fault of(String code, String message, String why, String hint) {
    return new Fault(code, message, why, hint, null, null, null);
  }
}
