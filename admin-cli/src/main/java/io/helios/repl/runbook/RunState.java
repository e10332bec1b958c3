package io.helios.repl.runbook;

/** Where a run is. */
public enum RunState {
  /** Somebody runs it; shown as interrupted when whoever did has not been heard of for as long as his lease lasts. */
  RUNNING,
  /** Stopped at an approval. */
  WAITING,
  INTERRUPTED,
  FAILED,
  DONE
}
