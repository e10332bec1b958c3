package io.helios.repl.runbook;

/** What became of a step that was begun. */
public enum StepState {
  /** Begun, and nobody has said what became of it. */
  RUNNING,
  DONE,
  FAILED,
  /** Broken off in its middle. */
  INTERRUPTED,
  /** An approval that nobody has given yet. */
  WAITING
}
