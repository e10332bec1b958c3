package io.helios.repl.tests.simulation;

import io.helios.repl.apply.Applier;
import io.helios.repl.apply.ApplySchedule;
import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.capture.TenantRoute;
import io.helios.repl.relay.FrameSource;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tests.simulation.MoveWorld.BackRoute;
import io.helios.repl.tests.simulation.Seams.Life;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One life of the server that has the tenants: captures both homes, applies at the first, gives to the other region's server
 * what is to be applied at the second. Routes and replicas at its begin are what {@code Fleet.add} and {@code captureBack} make.
 */
final class MoveServer {

  /** A tenant that the other region's server is to apply, and which time. */
  record Given(Tenant tenant, UUID incarnation) {}

  final Life life = new Life(true);
  private final MoveWorld world;
  private final CapturedHome[] homes;
  private final ApplySchedule schedule;
  private final Applier applier;
  private final Map<UUID, Given> given = new LinkedHashMap<>();
  private @Nullable ReplicaTenant own;
  private Tenant moved;
  private long arrivals;

  MoveServer(MoveWorld world) {
    this.world = world;
    this.homes = new CapturedHome[] {
      new CapturedHome(world, world.home(0), world.disk(0), life, () -> world.home(0).isReachable()),
      new CapturedHome(world, world.home(1), world.disk(1), life, world::isFarReached)
    };
    this.schedule = new ApplySchedule(world.seams::nanos, 2);
    this.applier =
        new Applier(
            schedule, world.opener::open, world.home(0).open(life), SimulatedServer.applySettings(world.weather),
            world.seams::nanos, world.chance.generator());
    Declared other = world.other;
    homes[0].route(other.route());
    given.put(other.id, new Given(other.tenant(), world.uuid()));
    this.moved = world.stored();
    if (!world.isGone()) {
      replicate(moved);
      captureBack();
    }
  }

  /** Captured at its source, followed at its target. */
  private void replicate(Tenant tenant) {
    moved = tenant;
    home(world.side(tenant.source())).route(route(tenant, null));
    attach();
  }

  private void captureBack() {
    BackRoute route = world.backRoute;
    if (route == null || !route.home().equals(moved.source())) {
      return;
    }
    CapturedHome next = home(world.side(moved.target()));
    boolean open = route.open() || next.journal.backlog(moved.id()).frames() > 0;
    next.route(route(world.turned(moved, route.epoch()), open ? null : route.token()));
  }

  static TenantRoute route(Tenant tenant, @Nullable UUID opensAt) {
    return new TenantRoute(tenant.id(), tenant.epoch(), TenantRoute.Kind.KEYED, tenant.key(), tenant.tables(), opensAt);
  }

  CapturedHome home(int side) {
    return homes[side];
  }

  /** As it is replicated now. */
  Tenant moved() {
    return moved;
  }

  /** What stands is tried again. */
  void start() {
    if (own != null && own.status().stopped()) {
      schedule.resume(own.id());
    }
  }

  /** How the applier of the first home does with the moved tenant, for who wants to know why it stands still. */
  String standing() {
    return own == null ? "given away" : own.status().position() + " " + own.status().error();
  }

  boolean gives(UUID tenant) {
    return given.containsKey(tenant);
  }

  List<Given> given() {
    return List.copyOf(given.values());
  }

  private void attach() {
    if (world.side(moved.target()) == 0) {
      own = home(1).follow(moved);
      schedule.add(own);
    } else {
      given.put(moved.id(), new Given(moved, world.uuid()));
    }
  }

  /** Where the other server cannot be told, it goes on with what it has. */
  void detach() {
    given.remove(moved.id());
    if (own != null) {
      schedule.remove(moved.id());
      own = null;
    }
    world.give();
  }

  /** In the place of what it was. */
  void replace(Tenant turned) {
    replicate(turned);
  }

  void dispatch() {
    try {
      FrameSource.Arrivals found = home(1).frames.arrivals(arrivals, Duration.ZERO);
      arrivals = found.mark();
      found.tenants().forEach(schedule::signal);
      home(0).frames.arrivals(0, Duration.ZERO);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  void apply() {
    applier.runOnce();
  }
}
