package io.helios.repl.failover;

import io.helios.repl.error.HeliosException;
import io.helios.repl.failover.coordination.Epochs;
import java.time.Duration;

/** One run of the driver in a simulated world, through as many lives of its process as it takes. */
final class FailoverHistory {

  final SimulatedFailure world;
  final FailoverOptions options;
  Failovers failovers;
  FailoverDriver driver;

  FailoverHistory(SimulatedFailure world, FailoverOptions options) {
    this.world = world;
    this.options = options;
    live();
  }

  private void live() {
    failovers = new Failovers(world, FailoverWatch.NOBODY, world);
    failovers.restore();
    world.restarted();
    driver =
        new FailoverDriver(
            failovers,
            id -> world.stored,
            world,
            new FailoverDriver.Surroundings(new Epochs(world), world, world, world, world),
            world,
            Runnable::run);
    driver.withholdLeases();
  }

  Failover failover() {
    return failovers.of(world.stored);
  }

  /** As an operator does: what is not written, or refused, is left. */
  void ask() {
    try {
      if (failovers.find(world.stored.id()).isEmpty()) {
        failovers.begin(world.stored, options, null);
      }
    } catch (SimulatedFailure.Crash e) {
      live();
    } catch (HeliosException e) {
      // not journaled: asked again, or not
    }
  }

  void turn(Duration time) {
    try {
      driver.runOnce();
    } catch (SimulatedFailure.Crash e) {
      live();
    }
    world.pass(time);
  }

  void settle() {
    world.heal();
    for (int i = 0; i < 300; i++) {
      turn(Duration.ofMillis(500));
      if (failovers.find(world.stored.id()).isEmpty()) {
        return;
      }
      if (failover().state().rests() && (failover().switchedAt() != null || failover().state() == FailoverState.FAILED)) {
        world.checkEnd(failover());
        return;
      }
    }
    throw new SimulatedFailure.Violation("does not come to an end: " + failover());
  }
}
