package io.helios.repl.status;

import io.helios.repl.error.ErrorCode;

/**
 * One thing that a check found.
 *
 * @param hint SQL or a command that can be run as it is; empty when there is nothing to do
 */
public record Finding(Severity severity, ErrorCode code, String message, String why, String hint) {

  /** ERROR: a tenant cannot start. WARN: it can, and somebody will regret it. INFO: worth knowing. */
  public enum Severity {
    ERROR,
    WARN,
    INFO
  }
}
