package io.helios.repl.migration.traffic;

/**
 * How long one switch took for one phase.
 *
 * @param name of the switch
 */
public record TrafficStep(String name, TrafficPhase phase, long nanos) {

  public double millis() {
    return nanos / 1e6;
  }
}
