package io.helios.repl.tests.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * Histories of a tenant that is moved between two regions, with the engine and the migration's driver real. A history that
 * fails says its seed; {@code -Dhelios.seed=} makes it again, {@code -Dhelios.histories=} says how many from there on.
 */
class MoveSimulationTest {

  private static final int FIXED = 1_000;
  private static final Duration SHORT = Duration.ofSeconds(3);
  private static final Duration LONG = Duration.ofMinutes(1);

  private final Logger log = (Logger) LoggerFactory.getLogger("io.helios.repl");
  private final Level before = log.getLevel();

  /** What engine and driver have to say of thousands of crashes. */
  @BeforeEach
  void quiet() {
    log.setLevel(Level.OFF);
  }

  @AfterEach
  void loud() {
    log.setLevel(before);
  }

  @Test
  void theSeedIsTheHistory() {
    for (long seed = 1; seed <= 20; seed++) {
      MoveHistory.Outcome first = new MoveHistory(seed).run();
      assertThat(new MoveHistory(seed).run()).as("move history %d", seed).isEqualTo(first);
    }
  }

  @Test
  void fixedSeedsComeEverywhere() {
    Map<String, Integer> came = new HashMap<>();
    int writes = 0;
    for (long seed = 1; seed <= FIXED; seed++) {
      MoveHistory.Outcome outcome = new MoveHistory(seed).run();
      outcome.came().forEach(state -> came.merge(state, 1, Integer::sum));
      writes += outcome.writes();
    }
    System.out.println("moves simulated: " + came + ", " + writes + " writes");
    assertThat(came).containsKeys("ready", "cutting-over", "switched", "cutting-back", "rolled-back", "completed", "cancelled");
    assertThat(came.get("switched")).isGreaterThan(FIXED / 10);
    assertThat(came.get("rolled-back")).isGreaterThan(FIXED / 100);
  }

  @Test
  void freshSeeds() {
    run(SHORT);
  }

  @Test
  @Tag("long")
  void manyFreshSeeds() {
    run(LONG);
  }

  private static void run(Duration budget) {
    long seed = Long.getLong("helios.seed", ThreadLocalRandom.current().nextLong(1L << 40));
    int most = Integer.getInteger("helios.histories", Integer.MAX_VALUE);
    long began = System.nanoTime();
    long end = began + (most == Integer.MAX_VALUE ? budget.toNanos() : Duration.ofHours(1).toNanos());
    int histories = 0;
    while (histories < most && System.nanoTime() < end) {
      new MoveHistory(seed + histories).run();
      histories++;
    }
    double minutes = (System.nanoTime() - began) / 60e9;
    System.out.printf(Locale.ROOT, "moves simulated: %d histories from seed %d on, %.0f a minute%n", histories, seed, histories / minutes);
  }
}
