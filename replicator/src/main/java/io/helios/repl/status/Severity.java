package io.helios.repl.status;

/** How much a finding matters. */
public enum Severity {
  /** Replication would fail or be wrong: nothing starts until it is mended. */
  ERROR,
  /** It works, at a cost or with something left out. */
  WARN,
  /** To know. */
  INFO
}
