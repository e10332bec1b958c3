package io.helios.repl.tests.simulation;

import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.tests.simulation.TenantDriver.Stage;

/**
 * One history, made from its seed: everything goes wrong for a while, then nothing does, and then each target has what its
 * source has, or its tenant stands still for a reason that this history holds, and a resync mends that.
 */
final class History {

  private static final int PATIENCE = 400;

  private final long seed;

  History(long seed) {
    this.seed = seed;
  }

  /** What it came to. */
  record Outcome(long digest, int events) {}

  /** @throws AssertionError naming the seed, with the last of what happened */
  Outcome run() {
    try (World world = new World(seed)) {
      try {
        run(world);
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError(failure(world, e), e);
      }
      return new Outcome(world.trace.digest(), world.trace.events());
    }
  }

  private String failure(World world, Throwable e) {
    return "history " + seed + ": " + e.getMessage() + "\n"
        + "to see it again: mvn test -pl tests -am -Dtest=SimulationTest#freshSeeds -Dsurefire.failIfNoSpecifiedTests=false"
        + " -Dhelios.seed=" + seed + " -Dhelios.histories=1\n"
        + world.weather + "\nthe last of " + world.trace.events() + " events:\n" + world.trace.last();
  }

  private static void run(World world) {
    world.tenants.forEach(tenant -> {
      tenant.started = world.chance.below(4) > 0;
      tenant.wanted = tenant.started;
    });
    for (int i = 0; i < world.weather.steps(); i++) {
      world.step();
    }
    world.calm();
    world.trace.note("calm");
    settle(world, false);
    settle(world, true);
    world.source.commit();
    settle(world, true);
  }

  /** @param resync whether those who stand still begin again, so that all must be equal and nothing holds the slot back */
  private static void settle(World world, boolean resync) {
    for (int round = 0; !isSettled(world, resync); round++) {
      if (round == PATIENCE) {
        throw new Violation("it does not settle: " + standing(world));
      }
      world.seams.passTime(20_000_000);
      world.guarded(() -> {
        world.supervise();
        world.tenants.forEach(tenant -> look(world, tenant, resync));
        world.tenants.forEach(world::drive);
        world.capture();
        world.dispatch();
        for (int i = 0; i < world.weather.appliers(); i++) {
          world.apply(i);
        }
        world.mark();
      });
    }
  }

  private static void look(World world, Declared tenant, boolean resync) {
    if (world.server() == null) {
      return;
    }
    TenantDriver driver = world.server().drivers.get(tenant.id);
    if (driver == null) {
      world.operate(tenant);
      return;
    }
    switch (driver.stage()) {
      case NEEDS_RESYNC -> {
        if (resync) {
          world.renew(driver);
        }
      }
      case FAILED -> world.mend(driver);
      case RESTING -> driver.start();
      default -> { }
    }
  }

  private static boolean isSettled(World world, boolean all) {
    return world.server() != null
        && world.source.end() - world.source.confirmed() >= 0
        && world.tenants.stream().allMatch(tenant -> isSettled(world, tenant, all))
        && (!all || isReleased(world));
  }

  /** Up to the last transaction, also on a quiet source: no further, since by that one the source is known again. */
  private static boolean isReleased(World world) {
    return world.source.confirmed() >= world.source.lastCommit();
  }

  private static boolean isSettled(World world, Declared tenant, boolean all) {
    if (!all && world.isServing(Stage.NEEDS_RESYNC, tenant)) {
      return true;
    }
    if (!world.isServing(Stage.STREAMING, tenant)) {
      return false;
    }
    ReplicaTenant streaming = world.server().drivers.get(tenant.id).replica();
    if (!all
        && streaming.status().error() != null
        && streaming.status().error().code() == ErrorCode.KEY_TAKEN
        && world.tenants.stream().anyMatch(other -> world.isServing(Stage.NEEDS_RESYNC, other))) {
      return true;
    }
    SimulatedReplica replica = world.target.replica(tenant.id);
    Lineage lineage = world.source.lineage(tenant.number);
    for (SimulatedTable table : SimulatedTable.values()) {
      if (replica.rows.digest(table) != lineage.digest(table, Long.MAX_VALUE)) {
        return false;
      }
    }
    return replica.position >= lineage.last() || replica.copiedAt() > lineage.last();
  }

  private static String standing(World world) {
    StringBuilder text = new StringBuilder("slot " + world.source.confirmed() + " of " + world.source.end());
    for (Declared tenant : world.tenants) {
      SimulatedReplica replica = world.target.replica(tenant.id);
      TenantDriver driver = world.server() == null ? null : world.server().drivers.get(tenant.id);
      text.append("; tenant ").append(tenant.number).append(' ')
          .append(driver == null ? null : driver.stage())
          .append(" at ").append(replica == null ? -1 : replica.position)
          .append(", last commit ").append(world.source.lineage(tenant.number).last());
      if (driver != null && driver.replica() != null) {
        text.append(' ').append(driver.replica().status().error());
      }
    }
    return text.toString();
  }
}
