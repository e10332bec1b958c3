package io.helios.repl.runbook;

import java.util.List;
import java.util.Map;

/**
 * A procedure as its file has it, with placeholders not yet filled.
 *
 * @param parameters by name, in the file's order
 * @param steps run one after the other
 * @param recovery run only where a step's {@code on-failure} names them
 */
public record Runbook(
    String name, String description, Map<String, Parameter> parameters, List<Step> steps, List<Step> recovery) {

  static final String API_VERSION = "helios-repl/v1";
  static final String KIND = "Runbook";
}
