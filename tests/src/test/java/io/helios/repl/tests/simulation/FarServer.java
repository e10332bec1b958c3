package io.helios.repl.tests.simulation;

import io.helios.repl.apply.Applier;
import io.helios.repl.apply.ApplySchedule;
import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.relay.FrameSource;
import io.helios.repl.tests.simulation.MoveServer.Given;
import io.helios.repl.tests.simulation.Seams.Life;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** One life of the other region's server: applies guests at the second home, and keeps nothing. */
final class FarServer {

  final Life life = new Life(true);
  private final FarFrames frames;
  private final ApplySchedule schedule;
  private final Applier applier;
  private final Map<UUID, UUID> guests = new LinkedHashMap<>();
  private final Map<UUID, ReplicaTenant> replicas = new LinkedHashMap<>();
  private final Map<UUID, CompletableFuture<Void>> leaving = new LinkedHashMap<>();
  private long arrivals;

  FarServer(MoveWorld world) {
    this.frames = new FarFrames(world);
    this.schedule = new ApplySchedule(world.seams::nanos, 2);
    this.applier =
        new Applier(
            schedule, world.opener::open, world.home(1).open(life), SimulatedServer.applySettings(world.weather),
            world.seams::nanos, world.chance.generator());
  }

  /** What is wanted here, all of it. What an applier has in hand is taken back once it has let go of it. */
  void take(List<Given> wanted) {
    for (UUID guest : List.copyOf(guests.keySet())) {
      if (wanted.stream().noneMatch(given -> given.incarnation().equals(guests.get(guest)))) {
        guests.remove(guest);
        leaving.put(guest, schedule.remove(guest));
      }
    }
    leaving.values().removeIf(CompletableFuture::isDone);
    for (Given given : wanted) {
      UUID id = given.tenant().id();
      if (!guests.containsKey(id) && !leaving.containsKey(id)) {
        guests.put(id, given.incarnation());
        ReplicaTenant replica = new ReplicaTenant(given.tenant(), SimulatedServer.WHAT, frames);
        replicas.put(id, replica);
        schedule.add(replica);
      }
    }
  }

  /** What stands is tried again. */
  void start() {
    guests.keySet().stream().filter(id -> replicas.get(id).status().stopped()).forEach(schedule::resume);
  }

  /** How its appliers do, for who wants to know why one stands still. */
  String standing() {
    StringBuilder all = new StringBuilder();
    replicas.forEach((id, replica) -> all.append(replica.tenant().name()).append(guests.containsKey(id) ? " at " : " no more ")
        .append(replica.status().position()).append(' ').append(replica.status().stopped() ? "stopped " : "")
        .append(replica.status().error()).append("; "));
    return all + (leaving.isEmpty() ? "" : leaving.size() + " leaving; ");
  }

  void dispatch() {
    try {
      FrameSource.Arrivals found = frames.arrivals(arrivals, Duration.ZERO);
      arrivals = found.mark();
      found.tenants().forEach(schedule::signal);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  void apply() {
    applier.runOnce();
  }
}
