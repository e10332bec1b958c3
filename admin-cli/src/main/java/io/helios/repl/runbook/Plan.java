package io.helios.repl.runbook;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A runbook with its parameters: the steps that a run has, in their order. The same text and values always make the same plan,
 * so a run is gone on with from its text. Pure.
 */
public record Plan(String runbook, List<PlannedStep> steps) {

  /**
   * The steps in their order.
   *
   * @param values of all parameters, as {@link ParameterValues} has them
   */
  public static Plan of(Runbook runbook, Map<String, String> values) {
    List<PlannedStep> planned = new ArrayList<>();
    for (Step step : runbook.steps()) {
      if (step.forEach() == null) {
        planned.add(planned(runbook, step, step.name(), values));
      } else {
        for (String each : ParameterValues.several(Objects.requireNonNullElse(values.get(step.forEach()), ""))) {
          Map<String, String> with = new HashMap<>(values);
          with.put(Placeholders.EACH, each);
          planned.add(planned(runbook, step, step.name() + ":" + each, with));
        }
      }
    }
    return new Plan(runbook.name(), List.copyOf(planned));
  }

  private static PlannedStep planned(Runbook runbook, Step step, String name, Map<String, String> values) {
    List<PlannedStep> recovery =
        step.onFailure().run().stream()
            .flatMap(wanted -> runbook.recovery().stream().filter(r -> r.name().equals(wanted)))
            .map(r -> planned(runbook, r, r.name(), values))
            .toList();
    Action filled = step.action().with(text -> Placeholders.fill(text, values));
    return new PlannedStep(
        name, step.line(), filled, step.timeout() == null ? filled.patience() : step.timeout(), step.onFailure(), recovery);
  }
}
