package io.helios.repl.runbook;

import io.helios.repl.config.YamlNode;
import io.helios.repl.config.YamlNode.Mapping;
import io.helios.repl.config.YamlNode.Scalar;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** Reads a runbook strictly: an unknown key is a finding, and all findings are told at once. One use, one thread. */
public final class RunbookReader {

  /** Names of runbooks and steps: they stand on command lines and in run names. */
  static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,50}");

  private static final Pattern PARAMETER = Pattern.compile("[a-z][a-z0-9-]{0,39}");
  private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
  private static final String STEP_FORM = "- { name: status, command: [tenant, status, \"{tenant}\"] }";

  /**
   * What was read.
   *
   * @param runbook what could be understood; null where the text is no mapping at all
   */
  public record Read(@Nullable Runbook runbook, List<Finding> findings) {}

  private final List<Finding> findings = new ArrayList<>();

  private RunbookReader() {}

  public static Read read(String text) {
    RunbookReader reader = new RunbookReader();
    Runbook runbook = null;
    try {
      YamlNode root = YamlNode.parse(text);
      if (root instanceof Mapping mapping) {
        runbook = reader.runbook(new Keys(mapping, reader.findings));
      } else {
        reader.findings.add(
            new Finding(root.line(), "it is no mapping", "a runbook has apiVersion, kind, name and steps", "kind: Runbook"));
      }
    } catch (YamlNode.SyntaxException e) {
      reader.findings.add(
          new Finding(
              e.line(), "it is not YAML", String.valueOf(e.getMessage()), "quote what holds braces or a colon: \"{tenant}\""));
    }
    return new Read(runbook, List.copyOf(reader.findings));
  }

  private Runbook runbook(Keys keys) {
    constant(keys, "apiVersion", Runbook.API_VERSION);
    constant(keys, "kind", Runbook.KIND);
    String name = name(keys, "a runbook");
    String description = keys.text("description");
    if (description == null || description.isBlank()) {
      keys.missing("description", "description: what it is for, and when to run it");
    }
    Map<String, Parameter> parameters = new LinkedHashMap<>();
    Keys declared = keys.below("parameters", "parameters: { tenant: { description: \"…\", required: true } }");
    if (declared != null) {
      declared.entries().forEach((key, node) -> parameters.put(key, parameter(key, node, declared)));
    }
    List<Step> steps = keys.list("steps", STEP_FORM).stream().map(this::step).toList();
    if (keys.node("steps") == null) {
      keys.missing("steps", STEP_FORM);
    }
    List<Step> recovery = keys.list("recovery", STEP_FORM).stream().map(this::step).toList();
    keys.close();
    return new Runbook(name, description == null ? "" : description, parameters, steps, recovery);
  }

  private static void constant(Keys keys, String key, String value) {
    String given = keys.text(key);
    if (given == null) {
      keys.missing(key, key + ": " + value);
    } else if (!given.equals(value)) {
      keys.wrong(key, key + ": is \"" + Keys.shown(given) + "\"", "this program reads " + value, key + ": " + value);
    }
  }

  private static String name(Keys keys, String of) {
    String name = keys.text("name");
    if (name == null) {
      keys.missing("name", "name: key-rotation");
      return "";
    }
    if (!NAME.matcher(name).matches()) {
      keys.wrong(
          "name", "\"" + Keys.shown(name) + "\" is no name of " + of, "letters, digits, dots, hyphens and underscores, 51 at the most", "name: key-rotation");
    }
    return name;
  }

  private Parameter parameter(String name, YamlNode node, Keys declared) {
    if (!PARAMETER.matcher(name).matches() || name.equals(Placeholders.EACH)) {
      declared.wrong(
          name, "\"" + Keys.shown(name) + "\" is no name of a parameter", "lower-case letters, digits and hyphens, and not each", "tenant:");
    }
    if (!(node instanceof Mapping mapping)) {
      boolean empty = node instanceof Scalar scalar && scalar.absent();
      declared.wrong(
          name,
          "the parameter " + Keys.shown(name) + (empty ? " is empty" : " is no mapping"),
          "it has to say what it is",
          name + ": { description: \"…\", required: true }");
      return new Parameter(name, "", false, "", null, false, declared.line(name));
    }
    Keys keys = new Keys(mapping, findings);
    String description = keys.text("description");
    if (description == null) {
      findings.add(
          new Finding(
              declared.line(name), "the parameter " + name + " has no description", "whoever runs it has to know what to give", "description: the tenant's name"));
    }
    boolean required = keys.flag("required", false);
    String fallback = keys.text("default");
    String expression = keys.text("pattern");
    Pattern pattern = null;
    if (expression != null) {
      try {
        pattern = Pattern.compile(expression);
      } catch (PatternSyntaxException e) {
        keys.wrong("pattern", "pattern: is no regular expression", e.getDescription(), "pattern: \"[a-z0-9-]+\"");
      }
    }
    boolean list = keys.flag("list", false);
    if (required && fallback != null) {
      keys.wrong("default", "the parameter " + name + " is required and has a default", "a default makes it optional", "leave one of them out");
    } else if (!required && fallback == null) {
      findings.add(
          new Finding(
              declared.line(name), "the parameter " + name + " is neither required nor has a default", "its placeholders would stay empty", "required: true, or default: \"…\""));
    }
    keys.close();
    return new Parameter(name, description == null ? "" : description, required, fallback, pattern, list, declared.line(name));
  }

  private Step step(Keys keys) {
    String name = name(keys, "a step");
    List<String> kinds = keys.present("command", "wait", "check", "approval", "hook");
    Action action = kinds.size() == 1 ? action(keys, kinds.getFirst()) : new Action.Approval("");
    if (kinds.size() != 1) {
      findings.add(
          new Finding(
              keys.line(),
              kinds.isEmpty() ? "step " + name + " does nothing" : "step " + name + " has " + String.join(" and ", kinds),
              "a step is one of command, wait, check, approval and hook",
              kinds.isEmpty() ? STEP_FORM : "make a step of each"));
    }
    Duration timeout = keys.duration("timeout");
    if (timeout == null && (action instanceof Action.Wait || action instanceof Action.Hook)) {
      neverEnds(keys, name, action.kind());
    }
    OnFailure onFailure = onFailure(keys);
    boolean asks = action instanceof Action.Approval && kinds.size() == 1;
    if (asks && timeout != null) {
      keys.wrong("timeout", "step " + name + " is an approval with a timeout", "an approval waits as long as it takes", "leave timeout: out");
    }
    if (asks && !keys.present("on-failure").isEmpty()) {
      keys.wrong("on-failure", "step " + name + " is an approval with on-failure", "nothing goes on without it", "leave on-failure: out");
    }
    String forEach = keys.text("for-each");
    keys.close();
    return new Step(name, keys.line(), action, timeout, onFailure, forEach);
  }

  private static void neverEnds(Keys keys, String name, String kind) {
    keys.wrong(kind, "step " + name + " has no timeout", "a " + kind + " that never ends would hold the run for ever", "timeout: 10m");
  }

  private Action action(Keys keys, String kind) {
    return switch (kind) {
      case "command" ->
          new Action.Command(argv(keys, "command"), keys.present("confirm").isEmpty() ? null : keys.text("confirm"));
      case "wait" -> {
        Keys wait = keys.below("wait", "wait: { command: [tenant, status, \"{tenant}\"], until: { json: /lagSeconds, below: 1 } }");
        if (wait == null) {
          yield new Action.Wait(List.of(), List.of(), Duration.ofSeconds(2));
        }
        Duration every = wait.duration("every");
        Action made =
            new Action.Wait(argv(wait, "command"), conditions(wait, "until"), every == null ? Duration.ofSeconds(2) : every);
        wait.close();
        yield made;
      }
      case "check" -> {
        Keys check = keys.below("check", "check: { command: [tenant, status, \"{tenant}\"], expect: { json: /state, equals: STREAMING } }");
        if (check == null) {
          yield new Action.Check(List.of(), List.of());
        }
        Action made = new Action.Check(argv(check, "command"), conditions(check, "expect"));
        check.close();
        yield made;
      }
      case "approval" -> {
        String text = keys.text("approval");
        if (text != null && text.isBlank()) {
          keys.wrong("approval", "approval: asks nothing", "whoever is asked has to know what for", "approval: \"Cut {tenant} over now?\"");
        }
        yield new Action.Approval(text == null ? "" : text);
      }
      default -> hook(keys);
    };
  }

  private Action hook(Keys keys) {
    Keys hook = keys.below("hook", "hook: { run: [/usr/local/bin/tell, \"{tenant}\"] }");
    if (hook == null) {
      return new Action.Hook(List.of(), Map.of(), false, true);
    }
    List<String> argv = hook.texts("run", "run: [/usr/local/bin/tell, \"{tenant}\"]");
    Map<String, String> environment = new LinkedHashMap<>();
    Keys variables = hook.below("environment", "environment: { TENANT: \"{tenant}\" }");
    if (variables != null) {
      for (String variable : variables.entries().keySet()) {
        String value = variables.text(variable);
        if (!VARIABLE.matcher(variable).matches()) {
          variables.wrong(variable, "\"" + Keys.shown(variable) + "\" is no name of a variable", "letters, digits and underscores", "TENANT: \"{tenant}\"");
        } else if (value != null) {
          environment.put(variable, value);
        }
      }
    }
    boolean idempotent = hook.flag("idempotent", false);
    boolean keepOutput = hook.flag("keep-output", true);
    hook.close();
    return new Action.Hook(argv, environment, idempotent, keepOutput);
  }

  private static List<String> argv(Keys keys, String key) {
    return keys.texts(key, key + ": [tenant, status, \"{tenant}\"]");
  }

  private List<Condition> conditions(Keys keys, String key) {
    String form = key + ": { exit: 0 }, or { json: /state, equals: STREAMING }";
    YamlNode node = keys.node(key);
    if (node == null) {
      keys.missing(key, form);
      return List.of();
    }
    List<Keys> all = new ArrayList<>();
    if (node instanceof Mapping one) {
      all.add(new Keys(one, findings));
    } else {
      all.addAll(keys.list(key, form));
    }
    List<Condition> conditions = new ArrayList<>();
    for (Keys one : all) {
      Condition condition = ConditionReader.read(one);
      if (condition != null) {
        conditions.add(condition);
      }
      one.close();
    }
    return List.copyOf(conditions);
  }

  private OnFailure onFailure(Keys keys) {
    String form = "on-failure: stop, continue, { retry: { times: 3, pause: 5s } } or { run: [undo-it] }";
    return switch (keys.node("on-failure")) {
      case null -> OnFailure.STOP;
      case Scalar scalar when scalar.text().equals("stop") -> OnFailure.STOP;
      case Scalar scalar when scalar.text().equals("continue") -> OnFailure.CONTINUE;
      case Mapping mapping -> onFailure(new Keys(mapping, findings), form);
      default -> {
        keys.wrong("on-failure", "on-failure: is not understood", "it says whether the run stops, goes on, tries again or undoes", form);
        yield OnFailure.STOP;
      }
    };
  }

  private static OnFailure onFailure(Keys keys, String form) {
    if (keys.present("retry", "run").isEmpty()) {
      keys.wrong("retry", "on-failure: says nothing", "neither retry: nor run: stands below it", form);
    }
    int times = 0;
    Duration pause = Duration.ofSeconds(5);
    Keys retry = keys.below("retry", "retry: { times: 3, pause: 5s }");
    if (retry != null) {
      times = retry.number("times", 1, 1, 100);
      Duration given = retry.duration("pause");
      pause = given == null ? pause : given;
      retry.close();
    }
    List<String> run = keys.present("run").isEmpty() ? List.of() : keys.texts("run", "run: [undo-it]");
    String then = keys.text("then");
    if (then != null && !then.equals("stop") && !then.equals("continue")) {
      keys.wrong("then", "then: is neither stop nor continue", "it says what follows what is run", "then: stop");
    }
    keys.close();
    return new OnFailure(times, pause, run, "continue".equals(then));
  }
}
