package io.helios.repl.tests.simulation;

import io.helios.repl.apply.Applier;
import io.helios.repl.apply.ApplySchedule;
import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.relay.Frame;
import io.helios.repl.tests.simulation.Seams.Life;
import java.util.List;

/** An applier that has slept through everything, with frames in its hands, and goes on as if nothing had happened. */
final class Straggler {

  final Declared declared;
  final long epoch;
  private final FrozenFrames frames;
  private final ApplySchedule schedule;
  private final Applier applier;
  private boolean awake;

  Straggler(World world, Declared declared, List<Frame> held, long capturedUpTo) {
    this.declared = declared;
    this.epoch = declared.epoch;
    this.frames = new FrozenFrames(held, capturedUpTo);
    this.schedule = new ApplySchedule(world.seams::nanos, 2);
    this.applier = new Applier(
        schedule,
        world.opener::open,
        world.target.open(new Life(false)),
        SimulatedServer.applySettings(world.weather),
        world.seams::nanos,
        world.chance.generator());
    schedule.add(new ReplicaTenant(declared.tenant(), SimulatedServer.WHAT, frames));
  }

  void step() {
    applier.runOnce();
    if (!awake) {
      awake = true;
      frames.open();
    }
    schedule.signal(declared.id);
  }
}
