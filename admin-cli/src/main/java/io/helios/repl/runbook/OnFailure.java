package io.helios.repl.runbook;

import java.time.Duration;
import java.util.List;

/**
 * What follows when a step fails, in this order: it is tried again, then what undoes it is run, then the run stops or goes on.
 *
 * @param times how often it is tried again
 * @param pause before each of these
 * @param run names of steps of {@code recovery:}
 * @param goOn whether the run goes on with the next step
 */
public record OnFailure(int times, Duration pause, List<String> run, boolean goOn) {

  static final OnFailure STOP = new OnFailure(0, Duration.ZERO, List.of(), false);
  static final OnFailure CONTINUE = new OnFailure(0, Duration.ZERO, List.of(), true);
}
