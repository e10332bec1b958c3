package io.helios.repl.migration;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Seeded histories of a tenant that is moved to and fro while its process dies, answers are lost, the wire is cut and
 * writers hold on. A seed that fails is printed; {@code -Dseed=N} runs it alone.
 */
class MigrationSimulationTest {

  private static final Wish[] ASKED = {Wish.CUTOVER, Wish.CUTOVER, Wish.ROLLBACK, Wish.ROLLBACK, Wish.COMPLETE, Wish.CANCEL};

  private final Map<MigrationState, Integer> ends = new EnumMap<>(MigrationState.class);
  private int cutovers;

  @Test
  void thousandsOfHistoriesAreNeverOpenAtBothEndsAndLoseNothing() {
    Long alone = Long.getLong("seed");
    if (alone != null) {
      history(alone);
      return;
    }
    for (long seed = 1; seed <= 6000; seed++) {
      history(seed);
    }
    assertThat(ends.keySet())
        .as("the histories come everywhere")
        .contains(
            MigrationState.READY, MigrationState.SWITCHED, MigrationState.ROLLED_BACK, MigrationState.COMPLETED,
            MigrationState.CANCELLED);
    assertThat(cutovers).isGreaterThan(1000);
  }

  @Test
  @Tag("long")
  void aMinuteOfFreshHistoriesHolds() {
    long until = System.nanoTime() + Duration.ofMinutes(1).toNanos();
    Random fresh = new Random();
    while (System.nanoTime() < until) {
      history(fresh.nextLong());
    }
  }

  private void history(long seed) {
    try {
      SimulatedWorld world = new SimulatedWorld(seed);
      SimulatedHistory history =
          new SimulatedHistory(
              world, MigrationOptions.DEFAULT.withRetries(world.roll(3), Duration.ofMillis(400)).withCutOver(world.roll(3) == 0, null));
      world.luck = world.roll(4) == 0 ? 0 : world.roll(10) / 100.0;
      int turns = 5 + world.roll(60);
      for (int i = 0; i < turns; i++) {
        if (world.roll(3) == 0) {
          history.ask(ASKED[world.roll(ASKED.length)]);
        }
        history.turn(Duration.ofMillis(world.roll(600)));
      }
      history.settle();
      history.migrations.find(history.tenant().id()).ifPresent(m -> {
        ends.merge(m.state(), 1, Integer::sum);
        cutovers += m.there() == null ? 0 : 1;
      });
    } catch (SimulatedWorld.Violation | RuntimeException e) {
      throw new AssertionError("seed " + seed + ": " + e.getMessage() + " (run it alone with -Dseed=" + seed + ")", e);
    }
  }

  /** There, back again; then once more there, and completed. */
  private static void script(SimulatedHistory history) {
    Wish[] wishes = {Wish.NONE, Wish.CUTOVER, Wish.ROLLBACK};
    for (Wish wish : wishes) {
      history.ask(wish);
      for (int i = 0; i < 12; i++) {
        history.turn(Duration.ofMillis(300));
      }
    }
  }

  @Test
  void diesAtEachCallOfAWholeMoveOnceAndEndsConsistently() {
    SimulatedHistory whole = new SimulatedHistory(new SimulatedWorld(0), MigrationOptions.DEFAULT.withRetries(2, Duration.ofMillis(100)));
    script(whole);
    assertThat(whole.migration().state()).isEqualTo(MigrationState.ROLLED_BACK);
    List<String> calls = List.copyOf(whole.world.calls);
    assertThat(calls).contains(
        "before fence", "after fence", "before awaitPromoted", "before traffic.change", "after traffic.resume", "before turn",
        "before journal ready to cutting-over", "after journal ready to cutting-over", "before journal cutting-over to switched",
        "after journal cutting-over to switched", "before journal cutting-back to clearing-up", "after disarm");
    List<String> wrong = new ArrayList<>();
    for (int at = 0; at < calls.size(); at++) {
      SimulatedWorld world = new SimulatedWorld(0);
      world.dieAt = at;
      SimulatedHistory history = new SimulatedHistory(world, MigrationOptions.DEFAULT.withRetries(2, Duration.ofMillis(100)));
      try {
        script(history);
        history.settle();
        assertThat(world.calls.size()).isGreaterThan(at);
      } catch (SimulatedWorld.Violation e) {
        wrong.add(calls.get(at) + ": " + e.getMessage());
      }
    }
    assertThat(wrong).as("the process died there").isEmpty();
  }
}
