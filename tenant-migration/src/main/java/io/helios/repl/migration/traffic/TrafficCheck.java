package io.helios.repl.migration.traffic;

import io.helios.repl.status.Finding;
import java.util.List;

/** What a dry run of all switches found, and how long each took. */
public record TrafficCheck(List<Finding> findings, List<TrafficStep> steps) {

  public TrafficCheck {
    findings = List.copyOf(findings);
    steps = List.copyOf(steps);
  }

  /** Whether nothing was found that would stop a move. */
  public boolean isSound() {
    return findings.stream().noneMatch(Finding::isError);
  }
}
