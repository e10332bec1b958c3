package io.helios.repl.runbook;

import io.helios.repl.config.Suggestion;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The values that a run is begun with. Pure. */
public final class ParameterValues {

  private static final int LONGEST = 1_000;

  /** One of a list is a part of its steps' names. */
  private static final int LONGEST_OF_LIST = 127;

  private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

  /**
   * What came of it.
   *
   * @param values of all parameters where nothing was found
   */
  public record Resolved(Map<String, String> values, List<Finding> findings) {}

  private ParameterValues() {}

  /** What was given, and the defaults for the rest. */
  public static Resolved resolve(Runbook runbook, Map<String, String> given) {
    Map<String, String> values = new LinkedHashMap<>();
    List<Finding> findings = new ArrayList<>();
    for (Parameter parameter : runbook.parameters().values()) {
      String value = given.containsKey(parameter.name()) ? given.get(parameter.name()) : parameter.fallback();
      if (value == null) {
        findings.add(
            new Finding(
                parameter.line(),
                "the parameter " + parameter.name() + " is not given",
                parameter.description(),
                "--set " + parameter.name() + "=VALUE"));
      } else {
        List<String> each = parameter.list() ? several(value) : List.of(value);
        if (each.isEmpty()) {
          refuse(parameter, "holds nothing", "it is a list", findings);
        }
        each.forEach(one -> judge(parameter, one, findings));
        values.put(parameter.name(), value);
      }
    }
    for (String name : given.keySet()) {
      if (!runbook.parameters().containsKey(name)) {
        findings.add(
            new Finding(
                0,
                "there is no parameter \"" + Keys.shown(name) + "\"",
                "a value that nothing takes would be ignored in silence",
                Suggestion.nearest(name, runbook.parameters().keySet())
                    .map(meant -> "did you mean " + meant + "?")
                    .orElse(
                        runbook.parameters().isEmpty() ? "this runbook has none" : "it has " + String.join(", ", runbook.parameters().keySet()))));
      }
    }
    return new Resolved(values, List.copyOf(findings));
  }

  private static void judge(Parameter parameter, String value, List<Finding> findings) {
    Pattern pattern = parameter.pattern();
    if (value.length() > (parameter.list() ? LONGEST_OF_LIST : LONGEST) || CONTROL.matcher(value).find()) {
      refuse(parameter, "is no line of text", "it is too long, or holds control characters", findings);
    } else if (pattern != null && !pattern.matcher(value).matches()) {
      refuse(parameter, "does not match", "it has to match " + pattern, findings);
    } else if (pattern == null && value.startsWith("-")) {
      refuse(parameter, "begins with a hyphen", "in a command it would be an option; a pattern: of the parameter may allow it", findings);
    }
  }

  private static void refuse(Parameter parameter, String what, String why, List<Finding> findings) {
    findings.add(
        new Finding(
            parameter.line(), "the value of the parameter " + parameter.name() + " " + what, why, "--set " + parameter.name() + "=VALUE"));
  }

  /** The values of a list. */
  static List<String> several(String value) {
    return Arrays.stream(value.split(",", -1)).map(String::strip).filter(v -> !v.isEmpty()).distinct().toList();
  }
}
