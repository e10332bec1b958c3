package io.helios.repl.migration;

import io.helios.repl.apply.TenantHome;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.Handover;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** Both ends of a tenant in this server's own fleet. */
public final class FleetEnds implements TenantEnds {

  /** Who closed a tenant and is no more ends with his session: how long that may take to be noticed. */
  private static final Duration LIFT_PATIENCE = Duration.ofSeconds(30);

  private final Fleet fleet;
  private final Map<UUID, Handover.Fence> held = new ConcurrentHashMap<>();
  private final Map<UUID, Handover.Prepared> prepared = new ConcurrentHashMap<>();

  public FleetEnds(Fleet fleet) {
    this.fleet = fleet;
  }

  private interface Step<T> {
    T take() throws InterruptedException;
  }

  /** An interrupt ends a step where it is; it can be taken again. */
  private static <T> T uninterrupted(Tenant tenant, Step<T> step) {
    try {
      return step.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransientException(
          new Problem(
              ErrorCode.WAIT_TIMED_OUT,
              "a step of moving tenant \"" + tenant.name() + "\" was broken off",
              "the server is stopping",
              "it goes on when the server runs again: helios-repl migrate status " + tenant.name()),
          e);
    }
  }

  @Override
  public void arm(Tenant tenant) {
    uninterrupted(tenant, () -> {
      fleet.handover(tenant.id()).arm();
      return true;
    });
  }

  @Override
  public void disarm(Tenant tenant) {
    uninterrupted(tenant, () -> {
      fleet.handover(tenant.id()).disarm();
      return true;
    });
  }

  @Override
  public Arbiter arbiter(Tenant tenant) {
    TenantHome.State state = fleet.handover(tenant).arbiter();
    return new Arbiter(state.epoch(), state.role() != TenantHome.Role.REPLICA, state.refused());
  }

  @Override
  public Rehearsal rehearse(Tenant tenant, Duration patience) {
    return uninterrupted(tenant, () -> {
      Handover.Rehearsal found = fleet.handover(tenant.id()).rehearse(patience);
      return new Rehearsal(found.lockTries(), found.lockNanos(), found.drainNanos());
    });
  }

  @Override
  public void ready(Tenant tenant, long epoch) {
    forget(tenant);
    prepared.put(tenant.id(), uninterrupted(tenant, () -> fleet.handover(tenant.id()).prepare(epoch)));
  }

  private void forget(Tenant tenant) {
    Handover.Prepared before = prepared.remove(tenant.id());
    if (before != null) {
      before.close();
    }
  }

  private Handover.Fence close(Tenant tenant, long epoch, Duration patience) throws InterruptedException {
    Handover.Prepared ready = prepared.remove(tenant.id());
    if (ready == null || ready.epoch() != epoch) {
      return fleet.handover(tenant.id()).fence(epoch, patience);
    }
    try (ready) {
      return ready.close(patience);
    }
  }

  @Override
  public Fence fence(Tenant tenant, long epoch, Duration patience) {
    return uninterrupted(tenant, () -> {
      Handover.Fence fence = close(tenant, epoch, patience);
      held.put(tenant.id(), fence);
      return new Fence() {
        @Override
        public Lsn markerLsn() {
          return fence.markerLsn();
        }

        @Override
        public long sinceNanos() {
          return fence.sinceNanos();
        }

        @Override
        public void release() {
          held.remove(tenant.id(), fence);
          fence.close();
        }
      };
    });
  }

  @Override
  public boolean awaitPromoted(Tenant tenant, long epoch, Duration patience) {
    return uninterrupted(tenant, () -> fleet.handover(tenant).awaitPromoted(epoch, patience));
  }

  @Override
  public boolean refuse(Tenant tenant, long epoch) {
    return fleet.handover(tenant).refuse(epoch);
  }

  @Override
  public void lift(Tenant tenant, long epoch) {
    forget(tenant);
    Handover handover = fleet.handover(tenant);
    Handover.Fence fence = held.get(tenant.id());
    if (fence != null && fence.isHeld()) {
      handover.lift(fence, epoch, LIFT_PATIENCE);
    } else {
      handover.lift(epoch, LIFT_PATIENCE);
    }
  }

  @Override
  public Tenant turn(Tenant tenant, long epoch) {
    return uninterrupted(tenant, () -> fleet.handover(tenant).turn(epoch));
  }

  @Override
  public void leave(Tenant turned, boolean purge) {
    uninterrupted(turned, () -> {
      fleet.handover(turned).leave(purge);
      return true;
    });
  }
}
