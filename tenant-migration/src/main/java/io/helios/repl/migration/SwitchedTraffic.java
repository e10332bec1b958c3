package io.helios.repl.migration;

import io.helios.repl.error.OperatorException;
import io.helios.repl.migration.traffic.HomeAddress;
import io.helios.repl.migration.traffic.TrafficMove;
import io.helios.repl.migration.traffic.TrafficSwitches;
import io.helios.repl.status.Finding;
import java.time.Duration;
import java.util.function.Function;

/** The switches that are configured, as a cutover works them. */
public final class SwitchedTraffic implements Traffic {

  private final TrafficSwitches switches;
  private final Function<String, HomeAddress> homes;

  private SwitchedTraffic(TrafficSwitches switches, Function<String, HomeAddress> homes) {
    this.switches = switches;
    this.homes = homes;
  }

  /** @param homes where the sources and targets of the configuration stand, by name */
  public static Traffic of(TrafficSwitches switches, Function<String, HomeAddress> homes) {
    return switches.isEmpty() ? NOBODYS : new SwitchedTraffic(switches, homes);
  }

  private TrafficMove at(Move move) {
    return new TrafficMove(
        move.tenant().name(), move.tenant().key(), move.epoch(), homes.apply(move.from()), homes.apply(move.to()));
  }

  @Override
  public void check(Move move) {
    switches.check(at(move)).findings().stream()
        .filter(Finding::isError)
        .findFirst()
        .ifPresent(
            finding -> {
              throw new OperatorException(finding.problem());
            });
  }

  @Override
  public boolean pause(Move move, Duration within) {
    switches.pause(at(move), within);
    return true;
  }

  @Override
  public void change(Move move) {
    switches.change(at(move));
  }

  @Override
  public void resume(Move move) {
    switches.resume(at(move));
  }
}
