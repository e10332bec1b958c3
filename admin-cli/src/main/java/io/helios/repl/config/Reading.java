package io.helios.repl.config;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One reading of a configuration: where values may come from, and what has been found so far. Which keys are known
 * follows from which were asked for. One thread.
 */
final class Reading {

  private record Located(int line, Problem problem) {}

  private final String fileName;
  private final Map<String, String> flags;
  private final Map<String, String> variables = new LinkedHashMap<>();
  private final TreeSet<String> askedVariables = new TreeSet<>();
  private final List<Located> problems = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private final List<EffectiveValue> values = new ArrayList<>();

  Reading(ConfigurationInput input) {
    this.fileName = input.file() == null ? "configuration" : input.file().getFileName().toString();
    this.flags = input.flags();
    input.environment().entrySet().stream()
        .filter(e -> e.getKey().startsWith("HELIOS_"))
        .sorted(Map.Entry.comparingByKey())
        .forEach(e -> variables.put(e.getKey(), e.getValue()));
  }

  /** A flag's or a variable's say on a key, or null. */
  @Nullable Setting outsideFile(String path) {
    String variable = variableOf(path);
    askedVariables.add(variable);
    String flag = flags.get(path);
    if (flag != null) {
      return new Setting(path, flag, "flag --" + path, 0);
    }
    String value = variables.get(variable);
    return value == null ? null : new Setting(path, value, "environment " + variable, 0);
  }

  /** Whether some variable speaks of a key below this path. */
  boolean variableBelow(String path) {
    String prefix = variableOf(path) + "_";
    return variables.keySet().stream().anyMatch(v -> v.startsWith(prefix));
  }

  static String variableOf(String path) {
    return "HELIOS_" + path.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
  }

  String origin(int line) {
    return fileName + ":" + line;
  }

  void value(String path, String value, String origin) {
    values.add(new EffectiveValue(path, value, origin));
  }

  void warn(String warning) {
    warnings.add(warning);
  }

  void problem(ErrorCode code, int line, String key, String what, String why, String hint) {
    String place = line > 0 ? fileName + ":" + line + ": " : "";
    problems.add(new Located(line, new Problem(code, place + (key.isEmpty() ? "" : key + ": ") + what, why, hint)));
  }

  void badValue(Setting setting, String why, String hint) {
    String source = setting.line() > 0 ? "" : setting.origin() + ": ";
    problem(
        ErrorCode.CONFIGURATION_VALUE, setting.line(), source + setting.path(), "the value is not right", why, hint);
  }

  /** Warns of HELIOS_* variables that nothing asked for. */
  void unknownVariables(List<String> otherwiseKnown) {
    for (String variable : variables.keySet()) {
      if (!askedVariables.contains(variable) && otherwiseKnown.stream().noneMatch(k -> matches(k, variable))) {
        String meant = Suggestion.nearest(variable, askedVariables).map(s -> "; did you mean " + s + "?").orElse("");
        warn("the environment variable " + variable + " is not known and has no effect" + meant);
      }
    }
  }

  private static boolean matches(String known, String variable) {
    return known.endsWith("*") ? variable.startsWith(known.substring(0, known.length() - 1)) : known.equals(variable);
  }

  boolean hasProblems() {
    return !problems.isEmpty();
  }

  LoadedConfiguration result(@Nullable ServerConfiguration configuration) {
    List<Problem> inOrder =
        problems.stream()
            .sorted(Comparator.comparingInt(l -> l.line() == 0 ? Integer.MAX_VALUE : l.line()))
            .map(Located::problem)
            .toList();
    return new LoadedConfiguration(configuration, inOrder, warnings, values);
  }

  List<EffectiveValue> values() {
    return values;
  }
}
