package io.helios.repl.migration.traffic;

import io.helios.repl.error.Problem;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import java.util.List;

/** What a dry run of all switches found, and how long each took. */
public record TrafficCheck(List<Finding> findings, List<TrafficStep> steps) {

  public TrafficCheck {
    findings = List.copyOf(findings);
    steps = List.copyOf(steps);
  }

  /** What has gone wrong in a dry run, as what it finds. */
  static Finding error(Problem problem) {
    return new Finding(Severity.ERROR, problem.code(), problem.message(), problem.why(), problem.hint());
  }

  /** Whether nothing was found that would stop a move. */
  public boolean isSound() {
    return findings.stream().noneMatch(Finding::isError);
  }
}
