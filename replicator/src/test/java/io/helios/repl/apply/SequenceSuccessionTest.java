package io.helios.repl.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.SequenceSample;
import io.helios.repl.postgres.SequenceState;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** How far a dead home's sequence may have come. */
class SequenceSuccessionTest {

  private static final Instant SEEN = Instant.parse("2026-01-01T00:00:00Z");

  private static long reached(long last, long increment, long cache, long minimum, long maximum, Duration unseen) {
    SequenceSample sample =
        new SequenceSample("public", "ids", "public", "orders", "id", last, true, increment, Lsn.INVALID, SEEN);
    SequenceState here =
        new SequenceState(
            "public", "ids", 1, "id", 'a', "bigint", 1, increment, minimum, maximum, cache, false, null, true);
    return SequenceSuccession.reached(sample, here, SEEN.plus(unseen));
  }

  @Test
  void tenThousandNumbersASecondSinceTheLastLookAreCoveredInEitherDirection() {
    for (int seconds : new int[] {0, 1, 60, 3600}) {
      long drawn = 10_000L * seconds;
      assertThat(reached(500, 1, 1, 1, Long.MAX_VALUE, Duration.ofSeconds(seconds))).isGreaterThanOrEqualTo(500 + drawn);
      assertThat(reached(500, 5, 1, 1, Long.MAX_VALUE, Duration.ofSeconds(seconds))).isGreaterThanOrEqualTo(500 + 5 * drawn);
      assertThat(reached(-500, -3, 1, Long.MIN_VALUE, -1, Duration.ofSeconds(seconds)))
          .isLessThanOrEqualTo(-500 - 3 * drawn);
    }
  }

  @Test
  void whatSessionsTookAtOnceForLaterIsCovered() {
    long without = reached(500, 1, 1, 1, Long.MAX_VALUE, Duration.ofSeconds(5));
    assertThat(reached(500, 1, 1000, 1, Long.MAX_VALUE, Duration.ofSeconds(5))).isGreaterThanOrEqualTo(without + 99_000);
  }

  @Test
  void aClockThatWasSetBackMakesItNoLess() {
    assertThat(reached(500, 1, 1, 1, Long.MAX_VALUE, Duration.ofHours(-1)))
        .isEqualTo(reached(500, 1, 1, 1, Long.MAX_VALUE, Duration.ZERO))
        .isGreaterThan(500);
  }

  @Test
  void noSequenceIsUsedUpByIt() {
    Duration year = Duration.ofDays(365);
    assertThat(reached(1_000, 1, 1, 1, Short.MAX_VALUE, year)).isBetween(1_001L, 9_000L);
    assertThat(reached(Long.MAX_VALUE - 8, 1, 1, 1, Long.MAX_VALUE, year)).isEqualTo(Long.MAX_VALUE - 6);
    assertThat(reached(Long.MAX_VALUE, 1, 1, 1, Long.MAX_VALUE, year)).isEqualTo(Long.MAX_VALUE);
    assertThat(reached(Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE, Long.MIN_VALUE, Long.MAX_VALUE, year)).isNegative();
    assertThat(reached(0, Long.MIN_VALUE, 1, Long.MIN_VALUE, 0, year)).isBetween(Long.MIN_VALUE / 4, 0L);
  }
}
