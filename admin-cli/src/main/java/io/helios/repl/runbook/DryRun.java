package io.helios.repl.runbook;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.HeliosClient;
import io.helios.repl.config.Durations;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a run would do, step by step, without doing it: commands that can show a plan show it, those that only look are run,
 * conditions are looked at once, hooks, approvals and the rest are told. Nothing is journaled. One thread.
 */
public final class DryRun {

  private final Commands commands;

  public DryRun(Commands commands) {
    this.commands = commands;
  }

  /** A document of kind {@code RunbookPlan}. */
  public ObjectNode of(Plan plan) {
    ObjectNode document =
        HeliosClient.object().put("apiVersion", Runbook.API_VERSION).put("kind", "RunbookPlan").put("runbook", plan.runbook());
    ArrayNode items = document.putArray("items");
    for (PlannedStep step : plan.steps()) {
      ObjectNode item = items.addObject();
      item.put("step", step.name()).put("kind", step.action().kind()).put("text", step.action().text());
      if (!(step.action() instanceof Action.Approval)) {
        item.put("timeout", Durations.format(step.timeout()));
      }
      look(step.action(), item);
      ArrayNode undone = item.putArray("undoneBy");
      step.recovery().forEach(r -> undone.add(r.action().text()));
    }
    return document;
  }

  private void look(Action action, ObjectNode item) {
    switch (action) {
      case Action.Command command -> {
        Commands.Parsed parsed = commands.parse(command.whole());
        if (CommandRules.changes(parsed)) {
          List<String> planning = new ArrayList<>(command.whole());
          planning.add("--dry-run");
          tell(item, "plan", planning);
        } else if (CommandRules.looks(parsed)) {
          tell(item, "looked", command.whole());
        } else {
          item.put("shown", "not run: it cannot show a plan");
        }
      }
      case Action.Check check -> conditions(item, check.argv(), check.expect());
      case Action.Wait wait -> conditions(item, wait.argv(), wait.until());
      case Action.Approval _ -> item.put("shown", "somebody has to approve it");
      case Action.Hook _ -> item.put("shown", "not run");
    }
  }

  private void conditions(ObjectNode item, List<String> argv, List<Condition> conditions) {
    if (!CommandRules.looks(commands.parse(argv))) {
      item.put("shown", "not run: it may take long");
      return;
    }
    Tail tail = new Tail();
    String unmet = StepRunner.unmet(conditions, commands.run(StepRunner.asking(argv, conditions), tail));
    item.put("shown", unmet.isEmpty() ? "holds now" : "does not hold now: it does not show " + unmet);
  }

  private void tell(ObjectNode item, String how, List<String> argv) {
    Tail tail = new Tail();
    Commands.Ran ran = commands.run(argv, tail);
    item.put("shown", ran.exit() == ExitCode.DONE ? how : how + ", which is refused as things are now, with exit code " + ran.exit());
    item.put("exitCode", ran.exit()).put("output", tail.text());
  }
}
