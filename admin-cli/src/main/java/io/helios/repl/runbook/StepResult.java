package io.helios.repl.runbook;

import org.jspecify.annotations.Nullable;

/**
 * What became of one try of a step.
 *
 * @param exitCode of the command or program; null where there is none
 * @param runExit what the run ends with if this was its last word: one of the client's exit codes
 * @param note why it failed; empty where it has not
 */
record StepResult(StepState state, @Nullable Integer exitCode, int runExit, String output, String note) {

  static StepResult done(@Nullable Integer exitCode, String output) {
    return new StepResult(StepState.DONE, exitCode, 0, output, "");
  }

  static StepResult failed(@Nullable Integer exitCode, int runExit, String output, String note) {
    return new StepResult(StepState.FAILED, exitCode, runExit, output, note);
  }
}
