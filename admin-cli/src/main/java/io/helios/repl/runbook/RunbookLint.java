package io.helios.repl.runbook;

import io.helios.repl.config.Suggestion;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds what is wrong with a runbook without a server: its shape, its names, and each of its commands. Pure but for the seam. */
public final class RunbookLint {

  /** What an unknown value may look like, so that a number or a duration is not found wrong before it is given. */
  private static final List<String> SAMPLES = List.of("sample", "1", "5s", "json", "1MiB");

  private final Commands commands;
  private final List<Finding> findings = new ArrayList<>();

  private RunbookLint(Commands commands) {
    this.commands = commands;
  }

  /** All that is wrong with the text, in the order of its lines. */
  public static List<Finding> of(String text, Commands commands) {
    RunbookReader.Read read = RunbookReader.read(text);
    RunbookLint lint = new RunbookLint(commands);
    lint.findings.addAll(read.findings());
    if (read.runbook() != null) {
      lint.look(read.runbook());
    }
    return lint.inOrder();
  }

  /** What is wrong with the commands once all values are known. */
  public static List<Finding> of(Plan plan, Commands commands) {
    RunbookLint lint = new RunbookLint(commands);
    for (PlannedStep step : plan.steps()) {
      Stream.concat(Stream.of(step), step.recovery().stream())
          .forEach(s -> lint.look(s.name(), s.line(), s.action(), commandOf(s.action(), commands)));
    }
    return lint.inOrder();
  }

  private List<Finding> inOrder() {
    return findings.stream().distinct().sorted(Comparator.comparingInt(Finding::line)).toList();
  }

  private static Commands.@Nullable Parsed commandOf(Action action, Commands commands) {
    return switch (action) {
      case Action.Command c -> commands.parse(c.argv());
      case Action.Wait w -> commands.parse(w.argv());
      case Action.Check c -> commands.parse(c.argv());
      case Action.Approval _ -> null;
      case Action.Hook _ -> null;
    };
  }

  private void look(Runbook runbook) {
    List<Step> all = Stream.concat(runbook.steps().stream(), runbook.recovery().stream()).toList();
    names(all);
    references(runbook, all);
    placeholders(runbook, all);
    for (Parameter parameter : runbook.parameters().values()) {
      if (parameter.fallback() != null) {
        findings.addAll(ParameterValues.resolve(only(runbook, parameter), Map.of()).findings());
      }
    }
    for (Step step : all) {
      if (!step.action().argv().isEmpty()) {
        look(step.name(), step.line(), step.action(), parsed(runbook, step));
      }
      if (step.action() instanceof Action.Wait wait
          && step.timeout() != null
          && wait.every().compareTo(step.timeout()) >= 0) {
        add(step.line(), "step " + step.name() + " asks once only", "its timeout is over before it asks again", "every: 2s");
      }
    }
  }

  private static Runbook only(Runbook runbook, Parameter parameter) {
    return new Runbook(runbook.name(), "", Map.of(parameter.name(), parameter), List.of(), List.of());
  }

  private void names(List<Step> all) {
    Set<String> seen = new HashSet<>();
    for (Step step : all) {
      if (!step.name().isEmpty() && !seen.add(step.name())) {
        add(step.line(), "there are two steps " + step.name(), "approvals and the journal name steps", "give each step a name of its own");
      }
    }
  }

  private void references(Runbook runbook, List<Step> all) {
    Set<String> there = runbook.recovery().stream().map(Step::name).collect(Collectors.toCollection(TreeSet::new));
    Set<String> used = new HashSet<>();
    for (Step step : all) {
      for (String wanted : step.onFailure().run()) {
        used.add(wanted);
        if (!there.contains(wanted)) {
          add(
              step.line(),
              "step " + step.name() + " is undone by " + Keys.shown(wanted) + ", which is no step of recovery",
              "what is run on failure stands below recovery:",
              Suggestion.nearest(wanted, there).map(m -> "did you mean " + m + "?").orElse("recovery: [ { name: " + Keys.shown(wanted) + ", … } ]"));
        }
      }
    }
    for (Step step : runbook.recovery()) {
      if (!used.contains(step.name())) {
        add(step.line(), "the recovery step " + step.name() + " is never run", "no on-failure names it", "on-failure: { run: [" + step.name() + "] }");
      }
      if (!step.onFailure().run().isEmpty()) {
        add(step.line(), "the recovery step " + step.name() + " has a recovery of its own", "what undoes is not undone", "leave run: out");
      }
      if (step.forEach() != null) {
        add(step.line(), "the recovery step " + step.name() + " is for-each", "it is run for the step that has failed", "use {each} of that step");
      }
      if (step.action() instanceof Action.Approval) {
        add(step.line(), "the recovery step " + step.name() + " is an approval", "what undoes waits for nobody", "make it a step before");
      }
    }
  }

  private void placeholders(Runbook runbook, List<Step> all) {
    Set<String> used = new HashSet<>();
    for (Step step : all) {
      String list = step.forEach();
      Parameter parameter = list == null ? null : runbook.parameters().get(list);
      if (list != null && (parameter == null || !parameter.list())) {
        add(
            step.line(),
            "step " + step.name() + " is for each of " + Keys.shown(list) + ", which is no list",
            "for-each: names a parameter that is a list",
            "parameters: { " + Keys.shown(list) + ": { list: true, … } }");
      }
      if (list != null) {
        used.add(list);
      }
      for (String name : placeholders(step.action())) {
        used.add(name);
        boolean each = name.equals(Placeholders.EACH);
        if (each && list == null && !runbook.recovery().contains(step)) {
          add(step.line(), "step " + step.name() + " has {each} and is not for-each", "only such a step has a value at hand", "for-each: tenants");
        } else if (!each && !runbook.parameters().containsKey(name)) {
          add(
              step.line(),
              "step " + step.name() + " has {" + name + "}, which is no parameter",
              "its place would stay empty",
              Suggestion.nearest(name, runbook.parameters().keySet())
                  .map(m -> "did you mean {" + m + "}?")
                  .orElse("declare it below parameters:, or write {{" + name + "}} for the text itself"));
        }
      }
      eachOfRecovery(runbook, step);
    }
    for (Parameter parameter : runbook.parameters().values()) {
      if (!used.contains(parameter.name())) {
        add(parameter.line(), "the parameter " + parameter.name() + " is never used", "no step has {" + parameter.name() + "}", "use it or remove it");
      }
    }
  }

  /** A recovery step may have the value at hand only where the step that it undoes has one. */
  private void eachOfRecovery(Runbook runbook, Step step) {
    if (step.forEach() != null) {
      return;
    }
    for (Step recovery : runbook.recovery()) {
      if (step.onFailure().run().contains(recovery.name()) && placeholders(recovery.action()).contains(Placeholders.EACH)) {
        add(
            step.line(),
            "step " + step.name() + " is undone by " + recovery.name() + ", which has {each}",
            "the step is not for-each, so there is no value at hand",
            "name a recovery step without {each}");
      }
    }
  }

  private static Set<String> placeholders(Action action) {
    Set<String> names = new TreeSet<>();
    Action unchanged =
        action.with(
            text -> {
              names.addAll(Placeholders.in(text));
              return text;
            });
    assert unchanged.equals(action);
    return names;
  }

  /** With defaults where there are some, else with the sample that fits. */
  private Commands.@Nullable Parsed parsed(Runbook runbook, Step step) {
    Commands.Parsed first = null;
    for (String sample : SAMPLES) {
      Action filled =
          step.action()
              .with(text -> Placeholders.fill(text, samples(runbook, text, sample)));
      Commands.Parsed parsed = commandOf(filled, commands);
      if (parsed == null || parsed.wrong() == null) {
        return parsed;
      }
      first = first == null ? parsed : first;
    }
    return first;
  }

  private static Map<String, String> samples(Runbook runbook, String text, String sample) {
    return Placeholders.in(text).stream()
        .collect(
            Collectors.toMap(
                name -> name,
                name -> {
                  Parameter parameter = runbook.parameters().get(name);
                  return parameter == null || parameter.fallback() == null ? sample : parameter.fallback();
                }));
  }

  private void look(String name, int line, Action action, Commands.@Nullable Parsed parsed) {
    if (parsed == null) {
      return;
    }
    String step = "step " + name + ": ";
    if (parsed.wrong() != null) {
      add(line, step + parsed.wrong(), "the command line would be refused", parsed.hint());
      return;
    }
    if (!CommandRules.mayBeAStep(parsed)) {
      add(line, step + parsed.words() + " cannot be a step", "it lasts until somebody ends it, asks, or runs runbooks itself", "leave it to whoever runs the runbook");
      return;
    }
    if (CommandRules.neverEnds(parsed)) {
      add(line, step + parsed.words() + " would never end", "--watch and -f go on for ever", "make it a wait:");
    }
    if (action instanceof Action.Command command) {
      confirmed(step, line, command, parsed);
      return;
    }
    if (CommandRules.changes(parsed)) {
      add(line, step + parsed.words() + " changes something", "a " + action.kind() + " only looks", "make it a command:");
    }
    boolean reads = action.conditions().stream().anyMatch(Condition.Json.class::isInstance);
    if (reads && !parsed.options().contains("--output")) {
      add(line, step + parsed.words() + " prints no JSON", "it has no -o json", "ask for its exit code: { exit: 0 }");
    } else if (reads && parsed.given().contains("--output") && !action.argv().contains("json")) {
      add(line, step + parsed.words() + " does not print JSON", "-o names another format", "leave -o out: conditions bring it");
    }
  }

  private void confirmed(String step, int line, Action.Command command, Commands.Parsed parsed) {
    boolean told = command.confirm() != null || command.argv().stream().anyMatch(a -> a.startsWith("--confirm"));
    if (CommandRules.isSevere(parsed) && !told && !parsed.words().equals("apply")) {
      add(line, step + parsed.words() + " asks for the name again", "it destroys or moves something, and nobody is asked in a runbook", "confirm: \"{tenant}\"");
    } else if (command.confirm() != null && !parsed.options().contains("--confirm")) {
      add(line, step + parsed.words() + " asks for no name", "confirm: says a name again that is not asked for", "leave confirm: out");
    }
  }

  private void add(int line, String what, String why, String hint) {
    findings.add(new Finding(line, what, why, hint));
  }
}
