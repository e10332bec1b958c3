package io.helios.repl.runbook;

import io.helios.repl.client.ExitCode;
import io.helios.repl.config.Durations;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs a plan's steps, one after the other. Each is in the journal before it begins and after it ended, so whatever dies, the
 * journal says where it was. One thread; interrupting it stops the run, which can be gone on with.
 */
public final class RunbookRunner {

  private final Plan plan;
  private final Journal journal;
  private final StepRunner steps;
  private final Approver approver;
  private final Consumer<String> say;
  private int seq;

  /**
   * @param environment hooks have it
   * @param say gets a line for whoever watches
   */
  public RunbookRunner(
      Plan plan, Journal journal, Commands commands, Map<String, String> environment, Approver approver, Consumer<String> say) {
    this.plan = plan;
    this.journal = journal;
    this.steps = new StepRunner(commands, environment, line -> say.accept("    " + Tail.clean(line)));
    this.approver = approver;
    this.say = say;
    this.seq = journal.entries().isEmpty() ? 0 : journal.entries().getLast().seq();
  }

  /**
   * Goes on there to the end, or to where it stops.
   *
   * @throws InterruptedException when it was interrupted; that is in the journal then
   * @throws io.helios.repl.client.FailedException when the journal cannot be written
   */
  public RunEnd run(Next from) throws InterruptedException {
    try {
      return walk(from);
    } catch (InterruptedException e) {
      journal.end(RunState.INTERRUPTED);
      throw e;
    }
  }

  private RunEnd walk(Next from) throws InterruptedException {
    int position =
        switch (from) {
          case Next.Begin begin -> begin.position();
          case Next.Undo undo -> undo.position();
          case Next.Unknown unknown ->
              throw new IllegalArgumentException("nobody has said whether " + unknown.entry().step() + " was run");
        };
    if (from instanceof Next.Undo undo) {
      PlannedStep step = plan.steps().get(position);
      undo(position, step, undo.from());
      if (!step.onFailure().goOn()) {
        return stopped(step, ExitCode.FAILED, "it had failed before, and what undoes it has been run");
      }
      position++;
    }
    for (; position < plan.steps().size(); position++) {
      RunEnd stop = step(position, plan.steps().get(position));
      if (stop != null) {
        return stop;
      }
    }
    journal.end(RunState.DONE);
    return new RunEnd(RunState.DONE, null, ExitCode.DONE, "");
  }

  /** Somebody says that the step was done; nothing is run. */
  public Entry toldDone(Entry step, String who) throws InterruptedException {
    Entry told =
        new Entry(
            ++seq, step.position(), step.step(), step.kind(), step.recovery(), step.attempt(), StepState.DONE, null, "",
            "said to be done by " + who);
    journal.write(told);
    return told;
  }

  /** Null where the run goes on. */
  private @Nullable RunEnd step(int position, PlannedStep step) throws InterruptedException {
    say.accept("step " + (position + 1) + "/" + plan.steps().size() + " " + step.name() + ": " + step.action().text());
    if (step.action() instanceof Action.Approval approval) {
      return approve(position, step, approval);
    }
    StepResult result = tried(position, step, false);
    if (result.state() == StepState.DONE) {
      return null;
    }
    undo(position, step, 0);
    if (!step.onFailure().goOn()) {
      return stopped(step, result.runExit(), result.note());
    }
    say.accept("  the run goes on all the same, as on-failure says");
    return null;
  }

  private @Nullable RunEnd approve(int position, PlannedStep step, Action.Approval approval) throws InterruptedException {
    Entry asked = new Entry(++seq, position, step.name(), step.action().kind(), false, 1, StepState.WAITING, null, "", "");
    journal.write(asked);
    Approver.Answer answer = approver.ask(step, approval.text());
    if (answer.approved()) {
      journal.write(asked.ended(new StepResult(StepState.DONE, null, ExitCode.DONE, "", answer.note())));
      say.accept("  " + answer.note());
      return null;
    }
    journal.write(asked.ended(new StepResult(StepState.WAITING, null, ExitCode.DECLINED, "", answer.note())));
    journal.end(RunState.WAITING);
    return new RunEnd(RunState.WAITING, step, ExitCode.DECLINED, answer.note());
  }

  /** Runs it, and again as often as it says. */
  private StepResult tried(int position, PlannedStep step, boolean recovery) throws InterruptedException {
    for (int attempt = 1; ; attempt++) {
      StepResult result = once(position, step, recovery, attempt);
      if (result.state() == StepState.DONE) {
        say.accept("  done");
        return result;
      }
      say.accept("  failed: " + result.note());
      if (attempt > step.onFailure().times()) {
        return result;
      }
      say.accept("  it is tried again in " + Durations.format(step.onFailure().pause()));
      Thread.sleep(step.onFailure().pause());
    }
  }

  private StepResult once(int position, PlannedStep step, boolean recovery, int attempt) throws InterruptedException {
    Entry begun =
        new Entry(++seq, position, step.name(), step.action().kind(), recovery, attempt, StepState.RUNNING, null, "", "");
    journal.write(begun);
    StepResult result;
    try {
      result = steps.run(step, journal.run());
    } catch (InterruptedException e) {
      journal.write(begun.ended(new StepResult(StepState.INTERRUPTED, null, ExitCode.INTERRUPTED, "", "it was interrupted")));
      throw e;
    }
    journal.write(begun.ended(result));
    return result;
  }

  /** All of it, also where a part of it fails. */
  private void undo(int position, PlannedStep failed, int from) throws InterruptedException {
    for (PlannedStep step : failed.recovery().subList(from, failed.recovery().size())) {
      say.accept("  undoing with " + step.name() + ": " + step.action().text());
      tried(position, step, true);
    }
  }

  private RunEnd stopped(PlannedStep step, int exitCode, String why) throws InterruptedException {
    journal.end(RunState.FAILED);
    return new RunEnd(RunState.FAILED, step, exitCode == ExitCode.DONE ? ExitCode.FAILED : exitCode, why);
  }
}
