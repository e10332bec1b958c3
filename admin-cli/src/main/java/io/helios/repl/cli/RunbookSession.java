package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.FailedException;
import io.helios.repl.client.Failure;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.runbook.Action;
import io.helios.repl.runbook.Approver;
import io.helios.repl.runbook.Next;
import io.helios.repl.runbook.Plan;
import io.helios.repl.runbook.PlannedStep;
import io.helios.repl.runbook.RunEnd;
import io.helios.repl.runbook.RunState;
import io.helios.repl.runbook.RunbookRunner;
import io.helios.repl.runbook.ServerJournal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Option;

/** What beginning a run and resuming one have in common: the steps run here, and an interrupt leaves the run resumable. */
abstract class RunbookSession extends ApiCommand {

  private static final Duration FAREWELL = Duration.ofSeconds(8);

  @Option(
      names = "--approve",
      paramLabel = "STEP",
      description = "Approve this step beforehand, for scripts. May be given several times.")
  List<String> approved = new ArrayList<>();

  private volatile boolean asking;

  RunbookSession(Shell shell) {
    super(shell);
  }

  /** The environment of steps: they ask the server that this command asks, where they name no other. */
  final Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>(shell.environment());
    if (server.url != null) {
      environment.put("HELIOS_SERVER", server.url);
    } else if (server.context != null) {
      environment.put("HELIOS_CONTEXT", server.context);
      environment.remove("HELIOS_SERVER");
    }
    return environment;
  }

  /** Who runs it, as the others are told: user, machine, process. */
  static String holder() {
    String machine;
    try {
      machine = Files.readString(Path.of("/etc/hostname")).strip();
    } catch (IOException e) {
      machine = "this machine";
    }
    String text = System.getProperty("user.name", "somebody") + "@" + machine + " (process " + ProcessHandle.current().pid() + ")";
    return text.replaceAll("\\p{Cntrl}", "?").substring(0, Math.min(200, text.length()));
  }

  /** Approvals that are given beforehand are of steps that ask for one. */
  final void checkApproved(Plan plan) {
    List<String> asking =
        plan.steps().stream().filter(s -> s.action() instanceof Action.Approval).map(PlannedStep::name).toList();
    for (String step : approved) {
      if (!asking.contains(step)) {
        throw usage(
            "there is no approval " + step,
            asking.isEmpty() ? "the runbook asks for none" : "it asks for " + String.join(", ", asking),
            asking.isEmpty() ? "leave --approve out" : "--approve " + asking.getFirst());
      }
    }
  }

  /** Runs it from there; ends with the exit code that the run has come to. */
  final int run(Plan plan, ServerJournal journal, RunbookRunner runner, Next from) {
    CountDownLatch over = new CountDownLatch(1);
    Thread main = Thread.currentThread();
    Thread farewell = new Thread(() -> leave(main, journal, over), "helios-farewell");
    Runtime.getRuntime().addShutdownHook(farewell);
    try {
      RunEnd end = runner.run(from);
      if (!output.format.isForPeople()) {
        RunbookShow.print(this, client().get(ServerJournal.path(journal.run())));
      }
      if (end.state() == RunState.DONE) {
        if (output.format.isForPeople()) {
          shell.out().println("run " + journal.run() + " is done, all " + plan.steps().size() + " steps");
        }
        return ExitCode.DONE;
      }
      Failure failure = stopped(journal.run(), end);
      throw new FailedException(end.exitCode(), failure);
    } catch (InterruptedException e) {
      shell.say(interrupted(journal.run()).text());
      return ExitCode.INTERRUPTED;
    } finally {
      over.countDown();
      stay(farewell);
    }
  }

  private static Failure stopped(String run, RunEnd end) {
    String step = end.step() == null ? "" : end.step().name();
    return end.state() == RunState.WAITING
        ? Failure.of(
            ErrorCode.RUN_NOT_APPROVED,
            "the run " + run + " waits for the approval of step " + step,
            end.why(),
            "helios-repl runbook resume " + run + " --approve " + step)
        : Failure.of(
            ErrorCode.RUN_STOPPED,
            "the run " + run + " has stopped at step " + step,
            end.why(),
            "mend it, then: helios-repl runbook resume " + run + "\nwhat it printed: helios-repl runbook show " + run);
  }

  /** The process is told to end: the step is broken off, and that is written down. */
  private void leave(Thread main, ServerJournal journal, CountDownLatch over) {
    main.interrupt();
    try {
      if (asking || !over.await(FAREWELL.toMillis(), TimeUnit.MILLISECONDS)) {
        shell.say("");
        shell.say(interrupted(journal.run()).text()); // nothing interrupts reading from a terminal
        journal.end(RunState.INTERRUPTED);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (FailedException e) {
      // The lease is over by itself soon, and then the run looks interrupted as well.
      journal.close();
    }
  }

  private static Failure interrupted(String run) {
    return Failure.of(
        ErrorCode.RUN_INTERRUPTED, "the run " + run + " was interrupted", "this program was told to end", "helios-repl runbook resume " + run);
  }

  private static void stay(Thread farewell) {
    try {
      Runtime.getRuntime().removeShutdownHook(farewell);
    } catch (IllegalStateException e) {
      // The process is ending already: the thread runs, and what let go of the latch has told it that it may end.
    }
  }

  /** Asks at the terminal; elsewhere only what was approved beforehand is. */
  final Approver approver() {
    return (step, text) -> {
      if (approved.contains(step.name())) {
        return new Approver.Answer(true, "approved by " + holder() + " with --approve");
      }
      if (!shell.interactive()) {
        return new Approver.Answer(false, "nobody can be asked here");
      }
      String answer;
      asking = true;
      try {
        answer = ask("  " + text + "\n  Type yes to approve, anything else to stop here: ");
      } finally {
        asking = false;
      }
      return answer.equalsIgnoreCase("yes")
          ? new Approver.Answer(true, "approved by " + holder())
          : new Approver.Answer(false, "the answer was not yes");
    };
  }
}
