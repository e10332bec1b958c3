package io.helios.repl.pipeline;

import io.helios.repl.error.Problem;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Something that an operator would want to find in the history.
 *
 * @param tenant its name, when one is concerned
 * @param kind a stable word, for example {@code tenant-state}, {@code source-lost}
 * @param message one line, free of row values
 */
public record FleetEvent(
    Instant at, Severity severity, @Nullable String tenant, String kind, String message, @Nullable Problem problem) {

  /** How loud it is. */
  public enum Severity {
    INFO,
    WARN,
    ERROR
  }
}
