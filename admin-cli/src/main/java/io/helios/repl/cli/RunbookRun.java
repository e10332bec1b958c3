package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.runbook.DryRun;
import io.helios.repl.runbook.Fingerprint;
import io.helios.repl.runbook.Next;
import io.helios.repl.runbook.ParameterValues;
import io.helios.repl.runbook.Plan;
import io.helios.repl.runbook.Runbook;
import io.helios.repl.runbook.RunbookLint;
import io.helios.repl.runbook.RunbookReader;
import io.helios.repl.runbook.RunbookRunner;
import io.helios.repl.runbook.ServerJournal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

@Command(
    name = "run",
    description = {
      "Run a runbook, step by step.",
      "Steps run here; each is in the run's journal on the server before it begins and after it ended, so a run that stopped goes on with runbook resume, from any machine. What is wrong with the file is told before",
      "anything begins. With --dry-run nothing is changed: commands show their plans, those that only look are run, hooks and",
      "approvals are told."
    },
    footer = {
      "",
      "Examples:",
      "  helios-repl runbook run runbooks/key-rotation.yaml --set tenant=tenant-123 --dry-run",
      "  helios-repl runbook run runbooks/key-rotation.yaml --set tenant=tenant-123",
      "  helios-repl runbook run runbooks/tenant-verify-and-repair.yaml --set tenant=tenant-123 --approve may-repair"
    })
final class RunbookRun extends RunbookSession {

  @Parameters(paramLabel = "FILE", description = "The runbook.")
  String file = "";

  @Option(names = "--set", paramLabel = "NAME=VALUE", description = "A parameter's value. May be given several times.")
  Map<String, String> values = new LinkedHashMap<>();

  @Option(names = "--dry-run", description = "Show what each step would do, and do nothing.")
  boolean dryRun;

  RunbookRun(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() {
    String text = RunbookFiles.read(file);
    StepCommands commands = new StepCommands(environment());
    RunbookFiles.requireNone(file, RunbookLint.of(text, commands), ErrorCode.RUNBOOK_WRONG);
    Runbook runbook = Objects.requireNonNull(RunbookReader.read(text).runbook());
    ParameterValues.Resolved resolved = ParameterValues.resolve(runbook, values);
    RunbookFiles.requireNone(file, resolved.findings(), ErrorCode.RUNBOOK_PARAMETER);
    Plan plan = Plan.of(runbook, resolved.values());
    RunbookFiles.requireNone(file, RunbookLint.of(plan, commands), ErrorCode.RUNBOOK_WRONG);
    checkApproved(plan);
    if (dryRun) {
      show(new DryRun(commands).of(plan));
      return ExitCode.DONE;
    }
    new KnownRuns(shell.environment()).remember(Fingerprint.of(text, resolved.values()), shell);
    try (ServerJournal journal = ServerJournal.begin(client(), text, plan, resolved.values(), holder(), shell::say)) {
      shell.say("run " + journal.run() + " begins, " + plan.steps().size() + " steps");
      return run(plan, journal, new RunbookRunner(plan, journal, commands, environment(), approver(), shell::say), new Next.Begin(0));
    }
  }

  private void show(JsonNode document) {
    if (!output.format.isForPeople()) {
      printer().print(document, "step", List.of());
      return;
    }
    int number = 0;
    for (JsonNode item : document.path("items")) {
      number++;
      shell.out().println(number + ". " + Texts.text(item.path("step")) + ": " + Texts.text(item.path("text")));
      shell.out().println("   " + Texts.text(item.path("shown")));
      item.path("output").asString("").lines().forEach(line -> shell.out().println("   | " + line));
      item.path("undoneBy").forEach(undo -> shell.out().println("   undone by: " + undo.asString("")));
    }
    shell.say("nothing was done");
  }
}
