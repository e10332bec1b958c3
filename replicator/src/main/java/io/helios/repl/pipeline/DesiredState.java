package io.helios.repl.pipeline;

/** What the operator asked of a tenant. What it does is its {@link io.helios.repl.status.TenantState}. */
public enum DesiredState {
  /** Declared, never started. */
  CREATED,
  RUNNING,
  /** Captured into the journal, not applied; lag goes on counting. */
  PAUSED,
  /** Captured into the journal within its quota, not applied, and nobody is told that it lags. */
  STOPPED,
  /** Its target was promoted when its source died: captured still, never applied. The engine's own; nobody asks for it. */
  PROMOTED
}
