package io.helios.repl.status;

/** Where a tenant stands. Which of them follow which is decided in {@code pipeline}. */
public enum TenantState {
  CREATED,
  COPYING,
  STREAMING,
  PAUSED,
  STOPPED,
  FAILED,
  NEEDS_RESYNC,
  FENCED,
  CUTOVER,
  MOVED,
  PROMOTED
}
