package io.helios.repl.error;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BackoffTest {

  private final Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(2));

  @Test
  void pausesDoubleUpToTheLimitAndAreCutByHalfAtTheMost() {
    long ceiling = 100;
    for (int failures = 1; failures <= 40; failures++) {
      for (int i = 0; i < 20; i++) {
        assertThat(backoff.pause(failures)).isBetween(Duration.ofMillis(ceiling / 2), Duration.ofMillis(ceiling));
      }
      ceiling = Math.min(2000, ceiling * 2);
    }
    assertThat(backoff.pause(Integer.MAX_VALUE)).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(2));
  }

  @Test
  void manyThatFailTogetherDoNotComeBackTogether() {
    Set<Duration> pauses = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      pauses.add(backoff.pause(3));
    }
    assertThat(pauses).hasSizeGreaterThan(90);
  }

  @Test
  void aLimitBelowTheFirstPauseIsRefused() {
    assertThatThrownBy(() -> new Backoff(Duration.ofSeconds(2), Duration.ofSeconds(1)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
