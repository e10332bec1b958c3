package io.helios.repl.runbook;

import java.util.List;

/** Where a run goes on. */
public sealed interface Next {

  /** With this step of the plan; past its end everything is done. */
  record Begin(int position) implements Next {}

  /**
   * With undoing this step, which has failed.
   *
   * @param from which of the steps that undo it, from 0
   */
  record Undo(int position, int from) implements Next {}

  /** Nobody knows whether this hook was run, and running it twice may hurt. */
  record Unknown(Entry entry) implements Next {}

  /**
   * What the journal says. Commands are idempotent, so one that may have been run is run again. Pure.
   *
   * @param before the run's state before it was taken up
   */
  static Next of(Plan plan, List<Entry> entries, RunState before) {
    if (entries.isEmpty()) {
      return new Begin(0);
    }
    Entry last = entries.getLast();
    PlannedStep step = plan.steps().get(last.position());
    int undoing = last.recovery() ? step.recovery().stream().map(PlannedStep::name).toList().indexOf(last.step()) : -1;
    PlannedStep ran = undoing < 0 ? step : step.recovery().get(undoing);
    boolean brokenOff = last.state() == StepState.RUNNING || last.state() == StepState.INTERRUPTED;
    if (brokenOff && ran.action() instanceof Action.Hook hook && !hook.idempotent()) {
      return new Unknown(last);
    }
    if (last.recovery()) {
      return before == RunState.FAILED ? new Begin(last.position()) : undo(step, last.position(), brokenOff ? undoing : undoing + 1);
    }
    if (last.state() == StepState.FAILED && before != RunState.FAILED && last.attempt() > step.onFailure().times()) {
      return undo(step, last.position(), 0);
    }
    return new Begin(last.state() == StepState.DONE ? last.position() + 1 : last.position());
  }

  /** What is left to be undone, and where nothing is, what comes behind it. */
  private static Next undo(PlannedStep step, int position, int from) {
    return from < step.recovery().size()
        ? new Undo(position, from)
        : new Begin(step.onFailure().goOn() ? position + 1 : position);
  }

  /** The same where somebody has said that the hook, of which nobody knew, shall be run again. */
  static Next again(Plan plan, Entry unknown) {
    PlannedStep step = plan.steps().get(unknown.position());
    return unknown.recovery()
        ? new Undo(unknown.position(), step.recovery().stream().map(PlannedStep::name).toList().indexOf(unknown.step()))
        : new Begin(unknown.position());
  }
}
