package io.helios.repl.tests.simulation;

import io.helios.repl.migration.Migration;
import io.helios.repl.migration.MigrationState;
import io.helios.repl.migration.Wish;
import java.util.List;

/** One history of a tenant that goes to and fro: everything goes wrong for a while, then nothing does, and then it has one home. */
final class MoveHistory {

  private static final int PATIENCE = 1_500;

  private final long seed;

  MoveHistory(long seed) {
    this.seed = seed;
  }

  /** @param came the states that were journaled, in their order */
  record Outcome(long digest, int events, int writes, List<String> came) {}

  /** @throws AssertionError naming the seed, with the last of what happened */
  Outcome run() {
    try (MoveWorld world = new MoveWorld(seed)) {
      try {
        run(world);
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError(failure(world, e), e);
      }
      return new Outcome(world.trace.digest(), world.trace.events(), world.users().writes(), world.store.came());
    }
  }

  private String failure(MoveWorld world, Throwable e) {
    return "move history " + seed + ": " + e.getMessage() + "\n"
        + "to see it again: mvn test -pl tests -am -Dtest=MoveSimulationTest#freshSeeds -Dsurefire.failIfNoSpecifiedTests=false"
        + " -Dhelios.seed=" + seed + " -Dhelios.histories=1\n"
        + world.weather + "\n" + world.stored() + " " + world.store.newest() + "\nthe last of " + world.trace.events() + " events:\n"
        + world.trace.last();
  }

  private static void run(MoveWorld world) {
    for (int i = 0; i < world.weather.steps(); i++) {
      world.step();
    }
    world.calm();
    for (int round = 0; !isSettled(world); round++) {
      if (round == PATIENCE) {
        throw new Violation("it does not settle: at home " + (world.us() == null ? "nobody" : world.us().standing())
            + "; far " + (world.eu() == null ? "nobody" : world.eu().standing()) + world.users().unsettled());
      }
      world.round();
      world.drive();
    }
    world.users().look();
  }

  private static boolean isSettled(MoveWorld world) {
    return world.us() != null
        && world.store.newest().stream().allMatch(MoveHistory::rests)
        && world.users().isSettled();
  }

  private static boolean rests(Migration m) {
    return m.wish() == Wish.NONE
        && (m.state().ended()
            || m.state() == MigrationState.READY && !(m.options().cutOver() && m.error() == null)
            || m.state() == MigrationState.SWITCHED && m.armed());
  }
}
