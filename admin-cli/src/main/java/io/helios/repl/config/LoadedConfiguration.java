package io.helios.repl.config;

import io.helios.repl.error.Problem;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What reading came to. Never thrown: the problems are told all at once.
 *
 * @param configuration null when there are problems
 * @param problems what must be mended before anything can start, in the order of the file's lines
 * @param warnings what is worth saying and stops nothing
 * @param values each value in force, with its origin, also when there are problems
 */
public record LoadedConfiguration(
    @Nullable ServerConfiguration configuration,
    List<Problem> problems,
    List<String> warnings,
    List<EffectiveValue> values) {

  public LoadedConfiguration {
    problems = List.copyOf(problems);
    warnings = List.copyOf(warnings);
    values = List.copyOf(values);
  }
}
