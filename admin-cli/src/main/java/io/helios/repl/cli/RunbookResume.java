package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.FailedException;
import io.helios.repl.client.Failure;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.runbook.Action;
import io.helios.repl.runbook.Entry;
import io.helios.repl.runbook.Fingerprint;
import io.helios.repl.runbook.Next;
import io.helios.repl.runbook.ParameterValues;
import io.helios.repl.runbook.Plan;
import io.helios.repl.runbook.PlannedStep;
import io.helios.repl.runbook.RunState;
import io.helios.repl.runbook.Runbook;
import io.helios.repl.runbook.RunbookLint;
import io.helios.repl.runbook.RunbookReader;
import io.helios.repl.runbook.RunbookRunner;
import io.helios.repl.runbook.ServerJournal;
import io.helios.repl.runbook.StepState;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

@Command(
    name = "resume",
    description = {
      "Go on with a run that has stopped, at the step where it did.",
      "It has the runbook's text as it was begun with. A command that was broken off is run again; of a hook that is not declared idempotent somebody has to say whether it was run."
    },
    footer = {
      "",
      "Examples:",
      "  helios-repl runbook resume key-rotation-7",
      "  helios-repl runbook resume move-one-tenant-3 --approve go",
      "  helios-repl runbook resume move-one-tenant-3 --step-done",
      "",
      "A run that you have not begun on this machine is shown, and you are asked whether it may run with your rights."
    })
final class RunbookResume extends RunbookSession {

  @Parameters(paramLabel = "RUN", description = "The run's name, as runbook run has said it.")
  String name = "";

  @Option(names = "--again", description = "Run the hook again of which nobody knows whether it was run.")
  boolean again;

  @Option(names = "--step-done", description = "The step where it stopped is done by hand; go on behind it.")
  boolean stepDone;

  @Option(
      names = "--accept",
      paramLabel = "FINGERPRINT",
      description = "You have looked at what a run does that was not begun here, and let it run with your rights, for scripts.")
  @Nullable String accepted;

  @Option(names = "--from", paramLabel = "STEP", description = "Go on with this earlier step instead.")
  @Nullable String from;

  RunbookResume(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws InterruptedException {
    if ((again ? 1 : 0) + (stepDone ? 1 : 0) + (from == null ? 0 : 1) > 1) {
      throw usage("more than one of --again, --step-done and --from", "each says where to go on", "leave all but one out");
    }
    JsonNode known = client().get(ServerJournal.path(name));
    if (known.path("state").asString("").equals(RunState.DONE.name())) {
      throw new FailedException(
          ExitCode.PRECONDITION,
          Failure.of(ErrorCode.RUN_OVER, "the run " + name + " is done", "every step of it is done", "helios-repl runbook show " + name));
    }
    StepCommands commands = new StepCommands(environment());
    Map<String, String> values = new HashMap<>();
    known.path("parameters").properties().forEach(p -> values.put(p.getKey(), p.getValue().asString("")));
    Plan plan = plan(known.path("text").asString(""), values, commands);
    checkApproved(plan);
    accept(plan, Fingerprint.of(known.path("text").asString(""), values));
    try (ServerJournal journal = ServerJournal.take(client(), name, holder(), shell::say)) {
      RunbookRunner runner = new RunbookRunner(plan, journal, commands, environment(), approver(), shell::say);
      Next next;
      try {
        next = where(plan, journal, runner);
      } catch (FailedException e) {
        journal.end(journal.before());
        throw e;
      }
      shell.say("run " + name + " goes on");
      return run(plan, journal, runner, next);
    }
  }

  /** What somebody else has begun would run with the rights of whoever resumes it, so he has to have seen it. */
  private void accept(Plan plan, String fingerprint) {
    KnownRuns known = new KnownRuns(shell.environment());
    if (known.knows(fingerprint)) {
      return;
    }
    boolean accepts = fingerprint.equals(accepted);
    if (accepted == null && shell.interactive()) {
      shell.say("run " + name + " was not begun by you on this machine. With your rights it would run:");
      for (PlannedStep step : plan.steps()) {
        shell.say("  " + step.name() + ": " + step.action().text());
        step.recovery().forEach(undo -> shell.say("    undone by " + undo.name() + ": " + undo.action().text()));
      }
      accepts = ask("  Type yes to accept, anything else to stop here: ").equalsIgnoreCase("yes");
    }
    if (!accepts) {
      throw new FailedException(
          ExitCode.DECLINED,
          Failure.of(
              ErrorCode.RUN_NOT_ACCEPTED,
              "the run " + name + " was not begun by you on this machine",
              accepted == null ? "what somebody else has written would run with your rights" : "--accept names another fingerprint",
              "look at it: helios-repl runbook show " + name + " --text\nthen: helios-repl runbook resume " + name + " --accept " + fingerprint));
    }
    known.remember(fingerprint, shell);
  }

  private Plan plan(String text, Map<String, String> values, StepCommands commands) {
    Runbook runbook = RunbookReader.read(text).runbook();
    if (runbook == null) {
      throw new FailedException(
          ExitCode.FAILED,
          Failure.of(ErrorCode.RUNBOOK_WRONG, "the run " + name + " has no runbook", "its text cannot be read", "helios-repl runbook show " + name + " --text"));
    }
    ParameterValues.Resolved resolved = ParameterValues.resolve(runbook, values);
    RunbookFiles.requireNone(name, resolved.findings(), ErrorCode.RUNBOOK_PARAMETER);
    Plan plan = Plan.of(runbook, resolved.values());
    RunbookFiles.requireNone(name, RunbookLint.of(plan, commands), ErrorCode.RUNBOOK_WRONG);
    return plan;
  }

  private Next where(Plan plan, ServerJournal journal, RunbookRunner runner) throws InterruptedException {
    Next next = Next.of(plan, journal.entries(), journal.before());
    if (from != null) {
      return new Next.Begin(position(plan, from, next));
    }
    return switch (next) {
      case Next.Unknown unknown -> settled(plan, journal, runner, unknown.entry());
      case Next.Begin begin when stepDone -> skipped(plan, runner, begin.position());
      case Next.Undo _ when stepDone ->
          throw usage("what undoes the step is not all run yet", "--step-done is of the step itself", "leave --step-done out");
      case Next.Begin begin -> begin;
      case Next.Undo undo -> undo;
    };
  }

  /** Nobody knows whether the hook was run: whoever resumes has to say. */
  private Next settled(Plan plan, ServerJournal journal, RunbookRunner runner, Entry unknown) throws InterruptedException {
    boolean isAgain = again;
    boolean isDone = stepDone;
    if (!again && !stepDone && shell.interactive()) {
      String answer = ask("  nobody knows whether the hook " + unknown.step() + " was run. Type done, again, or anything else to stop: ");
      isDone = answer.equals("done");
      isAgain = answer.equals("again");
    }
    if (isAgain) {
      return Next.again(plan, unknown);
    }
    if (!isDone) {
      throw new FailedException(
          ExitCode.PRECONDITION,
          Failure.of(
              ErrorCode.RUN_STEP_UNKNOWN,
              "nobody knows whether the hook " + unknown.step() + " was run",
              "the runner ended in its middle, and it is not declared idempotent",
              "look, then one of:\nhelios-repl runbook resume " + name + " --step-done\nhelios-repl runbook resume " + name + " --again"));
    }
    return Next.of(plan, List.of(runner.toldDone(unknown, holder())), journal.before());
  }

  private Next skipped(Plan plan, RunbookRunner runner, int position) throws InterruptedException {
    if (position >= plan.steps().size()) {
      return new Next.Begin(position);
    }
    PlannedStep step = plan.steps().get(position);
    if (step.action() instanceof Action.Approval) {
      throw usage("step " + step.name() + " is an approval", "nobody has done it by hand", "--approve " + step.name());
    }
    runner.toldDone(
        new Entry(0, position, step.name(), step.action().kind(), false, 1, StepState.RUNNING, null, "", ""), holder());
    return new Next.Begin(position + 1);
  }

  private static int position(Plan plan, String step, Next next) {
    List<String> names = plan.steps().stream().map(PlannedStep::name).toList();
    int wanted = names.indexOf(step);
    int reached =
        switch (next) {
          case Next.Begin begin -> begin.position();
          case Next.Undo undo -> undo.position();
          case Next.Unknown unknown -> unknown.entry().position();
        };
    if (wanted < 0) {
      throw usage("there is no step " + step, "it has " + String.join(", ", names), "helios-repl runbook show RUN --text");
    }
    if (wanted > reached) {
      throw usage("step " + step + " is further than the run has come", "steps are not left out", "--step-done leaves out the one where it stopped");
    }
    return wanted;
  }
}
