package io.helios.repl.runbook;

/** Seam: who says that a run may go on. */
public interface Approver {

  /**
   * What somebody has said, or that nobody was there.
   *
   * @param note who approved, or why nobody has; kept in the journal
   */
  record Answer(boolean approved, String note) {}

  Answer ask(PlannedStep step, String text);
}
