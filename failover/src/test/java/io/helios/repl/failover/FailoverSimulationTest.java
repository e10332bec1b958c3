package io.helios.repl.failover;

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
 * Seeded histories of a tenant whose home dies while the server dies too, answers are lost, ends and registers are out of
 * reach, the old home comes and goes with writers of its own, and others claim epochs. {@code -Dseed=N} runs one alone.
 */
class FailoverSimulationTest {

  private static final FailoverOptions OPTIONS = FailoverOptions.by("a test").withForced(true);

  private final Map<FailoverState, Integer> ends = new EnumMap<>(FailoverState.class);

  @Test
  void thousandsOfHistoriesPromoteOnceAndLoseNothingButWhatIsAccounted() {
    Long alone = Long.getLong("seed");
    if (alone != null) {
      history(alone);
      return;
    }
    for (long seed = 1; seed <= 8000; seed++) {
      history(seed);
    }
    assertThat(ends.keySet()).contains(FailoverState.FOLLOWING, FailoverState.FAILED);
    assertThat(ends.get(FailoverState.FOLLOWING)).isGreaterThan(4000);
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
      SimulatedFailure world = new SimulatedFailure(seed);
      FailoverHistory history = new FailoverHistory(world, OPTIONS);
      world.luck = world.roll(4) == 0 ? 0 : world.roll(12) / 100.0;
      world.rivals = world.roll(3) == 0;
      world.leased = world.roll(2) == 0;
      world.oldUp = true;
      world.pass(Duration.ofMillis(10));
      int turns = 5 + world.roll(60);
      for (int i = 0; i < turns; i++) {
        history.ask();
        if (world.roll(6) == 0) {
          world.oldUp = !world.oldUp;
        }
        history.turn(Duration.ofMillis(world.roll(400)));
      }
      history.settle();
      history.failovers.find(world.stored.id()).ifPresent(f -> ends.merge(f.state(), 1, Integer::sum));
    } catch (SimulatedFailure.Violation | RuntimeException e) {
      throw new AssertionError("seed " + seed + ": " + e.getMessage() + " (run it alone with -Dseed=" + seed + ")", e);
    }
  }

  @Test
  void diesAtEachCallOfAWholeFailoverOnceAndGoesOn() {
    FailoverHistory whole = script(-1);
    List<String> calls = List.copyOf(whole.world.calls);
    assertThat(whole.failover().state()).isEqualTo(FailoverState.FOLLOWING);
    assertThat(calls)
        .contains(
            "before claim", "after claim", "after journal planned to waiting", "before promote", "after promote",
            "after journal promoting to promoted", "after send", "after fence", "after account", "before rejoin", "after rejoin",
            "after journal repairing to following");
    List<String> wrong = new ArrayList<>();
    for (int at = 0; at < calls.size(); at++) {
      try {
        assertThat(script(at).world.calls.size()).isGreaterThan(at);
      } catch (SimulatedFailure.Violation e) {
        wrong.add(calls.get(at) + ": " + e.getMessage());
      }
    }
    assertThat(wrong).as("the process died there").isEmpty();
  }

  private static FailoverHistory script(int dieAt) {
    SimulatedFailure world = new SimulatedFailure(0);
    world.dieAt = dieAt;
    FailoverHistory history = new FailoverHistory(world, OPTIONS);
    for (int i = 0; i < 40; i++) {
      history.ask();
      world.oldUp = i > 10;
      history.turn(Duration.ofMillis(300));
    }
    history.settle();
    return history;
  }
}
