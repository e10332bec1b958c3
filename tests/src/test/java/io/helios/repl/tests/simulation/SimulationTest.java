package io.helios.repl.tests.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * Histories of the whole engine behind its seams. A history that fails says its seed; {@code -Dhelios.seed=} makes it again,
 * {@code -Dhelios.histories=} says how many from there on.
 */
class SimulationTest {

  private static final int FIXED = 2_000;
  private static final Duration SHORT = Duration.ofSeconds(5);
  private static final Duration LONG = Duration.ofMinutes(1);

  private final Logger log = (Logger) LoggerFactory.getLogger("io.helios.repl");
  private final Level before = log.getLevel();

  /** What the engine has to say of thousands of crashes. */
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
      History.Outcome first = new History(seed).run();
      assertThat(new History(seed).run()).as("history %d", seed).isEqualTo(first);
    }
  }

  @Test
  void fixedSeeds() {
    for (long seed = 1; seed <= FIXED; seed++) {
      new History(seed).run();
    }
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
    long events = 0;
    while (histories < most && System.nanoTime() < end) {
      events += new History(seed + histories).run().events();
      histories++;
    }
    double minutes = (System.nanoTime() - began) / 60e9;
    System.out.printf(
        Locale.ROOT,
        "simulation: %d histories from seed %d on, %.0f a minute, %d events each%n",
        histories,
        seed,
        histories / minutes,
        events / Math.max(1, histories));
  }
}
