package io.helios.repl.status;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Objects;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class StageTimesTest {

  /** A bucket is a quarter of an octave. */
  private static final Percentage EXACT = Percentage.withPercentage(19);

  private final StageTimes times = new StageTimes();
  private long nanos = -Duration.ofHours(1).toNanos();

  private void took(Duration time, int often) {
    for (int i = 0; i < often; i++) {
      times.record(time.toNanos(), nanos);
    }
  }

  private StageTimes.Summary summary() {
    return Objects.requireNonNull(times.summary(nanos));
  }

  @Test
  void nothingIsSaidWhereNothingPassed() {
    assertThat(times.summary(nanos)).isNull();
  }

  @Test
  void oneOfAHundredAndOneIsTheSlowestPercent() {
    took(Duration.ofMillis(2), 99);
    took(Duration.ofMillis(300), 2);

    assertThat(summary().count()).isEqualTo(101);
    assertThat(summary().p50Millis()).isCloseTo(2, EXACT);
    assertThat(summary().p99Millis()).isCloseTo(300, EXACT);
  }

  @Test
  void aMicrosecondAndAnHourHaveTheirPlaces() {
    took(Duration.ofNanos(-5), 1);
    assertThat(summary().p99Millis()).isLessThanOrEqualTo(0.001);
    took(Duration.ofHours(1), 9);
    assertThat(summary().p50Millis()).isGreaterThan(Duration.ofMinutes(8).toMillis());
  }

  @Test
  void theMinuteBeforeCountsAndTheOneBeforeThatDoesNot() {
    took(Duration.ofMillis(500), 10);
    nanos += Duration.ofSeconds(61).toNanos();
    took(Duration.ofMillis(1), 1);
    assertThat(summary().p50Millis()).isCloseTo(500, EXACT);

    nanos += Duration.ofSeconds(61).toNanos();
    took(Duration.ofMillis(1), 1);
    assertThat(summary().count()).isEqualTo(2);
    assertThat(summary().p99Millis()).isCloseTo(1, EXACT);

    nanos += Duration.ofMinutes(10).toNanos();
    assertThat(times.summary(nanos)).isNull();
  }
}
