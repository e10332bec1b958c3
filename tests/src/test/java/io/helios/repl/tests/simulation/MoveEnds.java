package io.helios.repl.tests.simulation;

import io.helios.repl.change.CutoverMarker;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.migration.TenantEnds;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tests.simulation.MoveHome.Lock;
import io.helios.repl.tests.simulation.MoveHome.Role;
import io.helios.repl.tests.simulation.MoveWorld.BackRoute;
import io.helios.repl.tests.simulation.Seams.Seam;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.BooleanSupplier;

/** What {@code FleetEnds} and {@code Handover} do in one life of the server, in their order; each statement may fail, before or after. */
final class MoveEnds implements TenantEnds {

  private static final Duration IN_FORCE = Duration.ofSeconds(20);
  private static final Duration LOOK = Duration.ofMillis(5);

  private final MoveWorld world;
  private final MoveServer server;

  MoveEnds(MoveWorld world, MoveServer server) {
    this.world = world;
    this.server = server;
  }

  private MoveHome home(Tenant tenant) {
    return world.home(world.side(tenant.source()));
  }

  private MoveHome target(Tenant tenant) {
    return world.home(world.side(tenant.target()));
  }

  private CapturedHome captured(String home) {
    return server.home(world.side(home));
  }

  /** A statement's way there. */
  private void reach(MoveHome database) {
    world.seams.pass(Seam.LOAD, server.life);
    if (!world.isReached(database) || world.chance.once(world.weather.targetTrouble())) {
      throw Seams.unavailable(ErrorCode.UNREACHABLE);
    }
  }

  /** And its answer's. */
  private void answered(MoveHome database) {
    world.seams.pass(Seam.COMMITTED, server.life);
    if (!world.isReached(database) || world.chance.once(world.weather.lostCommit())) {
      throw Seams.unavailable(ErrorCode.UNREACHABLE);
    }
  }

  private void await(BooleanSupplier condition, Duration patience) {
    long until = world.nanos() + patience.toNanos();
    while (!condition.getAsBoolean()) {
      if (world.nanos() >= until) {
        throw Seams.unavailable(ErrorCode.WAIT_TIMED_OUT);
      }
      world.rest(LOOK);
    }
  }

  private void keep(BackRoute route) {
    world.seams.mayDie(Seam.RECORD, server.life);
    world.backRoute = route;
    world.seams.mayDie(Seam.RECORD, server.life);
  }

  @Override
  public void arm(Tenant tenant) {
    BackRoute before = world.backRoute;
    reach(home(tenant));
    if (before != null && before.home().equals(tenant.source()) && !before.open() && home(tenant).role == Role.PRIMARY) {
      return;
    }
    BackRoute route = new BackRoute(tenant.source(), 0, world.uuid(), false);
    keep(route);
    CapturedHome next = captured(tenant.target());
    await(() -> next.journal.forget(tenant.id()), IN_FORCE);
    long version = next.route(MoveServer.route(world.turned(tenant, tenant.epoch()), route.token()));
    await(() -> next.isInForce(version), IN_FORCE);
    reach(target(tenant));
    long position = target(tenant).wal.end();
    reach(home(tenant));
    home(tenant).arm(tenant.epoch(), position);
    answered(home(tenant));
  }

  @Override
  public void disarm(Tenant tenant) {
    if (world.backRoute != null) {
      unroute(tenant.target(), tenant);
      reach(home(tenant));
      home(tenant).disarm();
      answered(home(tenant));
      world.backRoute = null;
    }
  }

  private void unroute(String home, Tenant tenant) {
    CapturedHome captured = captured(home);
    long version = captured.unroute(tenant.id());
    await(() -> captured.isUnrouted(version), Duration.ofHours(1));
    await(() -> captured.journal.forget(tenant.id()), IN_FORCE);
  }

  @Override
  public Arbiter arbiter(Tenant tenant) {
    reach(target(tenant));
    MoveHome target = target(tenant);
    return new Arbiter(target.moved().epoch, target.role != Role.REPLICA, target.refused);
  }

  @Override
  public Rehearsal rehearse(Tenant tenant, Duration patience) {
    reach(home(tenant));
    return new Rehearsal(1, 1_000_000, 2_000_000);
  }

  @Override
  public void ready(Tenant tenant, long epoch) {
    reach(home(tenant));
    BackRoute known = world.backRoute;
    if (known == null) {
      throw refused(ErrorCode.FENCE_NOT_ARMED);
    }
    UUID token = world.uuid();
    keep(new BackRoute(tenant.source(), epoch, token, false));
    CapturedHome next = captured(tenant.target());
    long version = next.route(MoveServer.route(world.turned(tenant, epoch), token));
    await(() -> next.isInForce(version), IN_FORCE);
    reach(target(tenant));
    if (!target(tenant).announce(epoch, token)) {
      throw refused(ErrorCode.FENCE_DISPLACED);
    }
    answered(target(tenant));
  }

  @Override
  public Fence fence(Tenant tenant, long epoch, Duration patience) {
    reach(home(tenant));
    MoveHome home = home(tenant);
    long until = world.nanos() + patience.toNanos();
    while (home.lock != null || home.writerUntil != 0) {
      if (world.nanos() >= until) {
        throw Seams.unavailable(ErrorCode.FENCE_BUSY);
      }
      world.rest(Duration.ofMillis(2));
    }
    Lock lock = new Lock(server.life);
    home.lock = lock;
    long since = world.nanos();
    CutoverMarker marker = new CutoverMarker(tenant.id(), epoch, world.backRoute.token(), List.of());
    world.seams.pass(Seam.COMMIT, server.life);
    if (home.lock != lock) {
      throw Seams.unavailable(ErrorCode.UNREACHABLE); // its session died with PostgreSQL
    }
    if (world.chance.once(world.weather.lostCommit())) {
      lock.last = () -> home.close(marker);
      world.seams.mayDie(Seam.COMMITTED, server.life);
      throw Seams.unavailable(ErrorCode.UNREACHABLE);
    }
    if (!home.close(marker)) {
      release(home, lock);
      throw refused(ErrorCode.FENCE_DISPLACED);
    }
    Lsn at = new Lsn(home.wal.end());
    world.seams.pass(Seam.COMMITTED, server.life);
    return new Fence() {
      @Override
      public Lsn markerLsn() {
        return at;
      }

      @Override
      public long sinceNanos() {
        return since;
      }

      @Override
      public void release() {
        MoveEnds.release(home, lock);
      }
    };
  }

  private static void release(MoveHome home, Lock lock) {
    if (home.lock == lock) {
      home.lock = null;
    }
  }

  @Override
  public boolean awaitPromoted(Tenant tenant, long epoch, Duration patience) {
    MoveHome target = target(tenant);
    long until = world.nanos() + patience.toNanos();
    while (true) {
      if (world.isReached(target) && target.role != Role.REPLICA && target.moved().epoch >= epoch) {
        return true;
      }
      if (world.nanos() >= until) {
        return false;
      }
      world.rest(LOOK);
    }
  }

  @Override
  public boolean refuse(Tenant tenant, long epoch) {
    reach(target(tenant));
    boolean refused = target(tenant).refuse(epoch);
    answered(target(tenant));
    return refused;
  }

  @Override
  public void lift(Tenant tenant, long epoch) {
    reach(home(tenant));
    Lock lock = home(tenant).lock;
    if (lock != null && lock.last != null) {
      throw Seams.unavailable(ErrorCode.FENCE_BUSY); // a commit on its way comes before us, not after
    }
    if (lock != null && lock.life != server.life) {
      throw Seams.unavailable(ErrorCode.FENCE_BUSY);
    }
    home(tenant).lift(epoch);
    answered(home(tenant));
  }

  @Override
  public Tenant turn(Tenant tenant, long epoch) {
    Tenant turned = world.turned(tenant, epoch);
    if (server.moved().source().equals(turned.source())) {
      return turned;
    }
    BackRoute route = world.backRoute;
    if (route != null && !route.open()) {
      CapturedHome next = captured(tenant.target());
      await(() -> !next.journal.fetch(tenant.id(), 0, 0, 1).isEmpty(), IN_FORCE);
      keep(new BackRoute(route.home(), route.epoch(), route.token(), true));
    }
    server.detach();
    unroute(tenant.source(), tenant);
    reach(home(tenant));
    if (!home(tenant).follow(epoch)) {
      throw refused(ErrorCode.FENCE_DISPLACED);
    }
    answered(home(tenant));
    server.replace(turned);
    return turned;
  }

  @Override
  public void leave(Tenant turned, boolean purge) {
    server.detach();
    unroute(turned.source(), turned);
    reach(target(turned));
    target(turned).leave(turned.epoch());
    reach(home(turned));
    home(turned).disarm();
    answered(home(turned));
    world.backRoute = null;
    world.gone();
  }


  private static OperatorException refused(ErrorCode code) {
    return new OperatorException(new Problem(code, "simulated refusal", "so it is", "nothing"));
  }
}
