package io.helios.repl.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.helios.repl.status.LagObjective;
import io.helios.repl.status.LagObjective.Standing;
import io.helios.repl.status.TenantState;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ObjectiveMeterTest {

  private static final long SECOND = 1_000_000_000L;

  private final ObjectiveMeter meter = new ObjectiveMeter();
  private long nanos = -5 * SECOND; // the clock's origin is anywhere

  private LagObjective after(Standing standing, Duration time) {
    if (meter.objective() == null) {
      meter.sample(standing, nanos);
    }
    for (long second = 0; second < time.toSeconds(); second++) {
      nanos += SECOND;
      meter.sample(standing, nanos);
    }
    return Objects.requireNonNull(meter.objective());
  }

  @Test
  void whoIsAlwaysWithinTheTargetHasItsWholeBudget() {
    assertThat(after(Standing.WITHIN, Duration.ofMinutes(90)))
        .isEqualTo(new LagObjective(Duration.ofHours(1), 1, 0.99, 1, 0));
  }

  @Test
  void nothingIsSaidOfWhoWasNeverMeasured() {
    meter.sample(Standing.UNMEASURED, nanos);
    meter.sample(Standing.UNMEASURED, nanos + SECOND);

    assertThat(meter.objective()).isNull();
  }

  @Test
  void eighteenSecondsOutsideTakeHalfOfAnHoursBudgetOfOnePercent() {
    after(Standing.WITHIN, Duration.ofMinutes(10));
    LagObjective now = after(Standing.OUTSIDE, Duration.ofSeconds(18));

    assertThat(now.attained()).isCloseTo(0.995, within(1e-9));
    assertThat(now.budgetLeft()).isCloseTo(0.5, within(1e-9));
    assertThat(now.burnRate()).as("18 of 300 s are 6 %, six times what is allowed").isCloseTo(6, within(1e-9));
  }

  @Test
  void whatIsLongerAgoThanTheWindowIsForgotten() {
    after(Standing.OUTSIDE, Duration.ofSeconds(30));
    LagObjective soon = after(Standing.WITHIN, Duration.ofMinutes(10));
    LagObjective later = after(Standing.WITHIN, Duration.ofMinutes(61));

    assertThat(soon.budgetLeft()).isCloseTo(1 - 30 / 36.0, within(1e-9));
    assertThat(soon.burnRate()).isZero();
    assertThat(later.budgetLeft()).isEqualTo(1);
  }

  @Test
  void aBudgetThatIsMoreThanSpentIsNegative() {
    LagObjective now = after(Standing.OUTSIDE, Duration.ofMinutes(5));

    assertThat(now.budgetLeft()).isCloseTo(1 - 300 / 36.0, within(1e-9));
    assertThat(now.burnRate()).as("the minute that is going on is not over yet").isBetween(80.0, 100.0);
  }

  @Test
  void aLongSleepOfTheMachineCountsAsAMinuteAtTheMost() {
    meter.sample(Standing.OUTSIDE, nanos);
    meter.sample(Standing.OUTSIDE, nanos + Duration.ofHours(5).toNanos());

    assertThat(meter.totals().outsideSeconds()).isEqualTo(60);
    assertThat(Objects.requireNonNull(meter.objective()).attained()).isCloseTo(1 - 60 / 3600.0, within(1e-9));
  }

  @Test
  void totalsGrowAndLeaveOutWhatWasNotMeasured() {
    after(Standing.WITHIN, Duration.ofSeconds(10));
    after(Standing.UNMEASURED, Duration.ofSeconds(10));
    after(Standing.OUTSIDE, Duration.ofSeconds(5));

    assertThat(meter.totals()).isEqualTo(new ObjectiveMeter.Totals(5, 15));
  }

  @ParameterizedTest
  @CsvSource({
    "STREAMING, 4.9, WITHIN", "STREAMING, 5.1, OUTSIDE", "STREAMING, , OUTSIDE", "PAUSED, 9, OUTSIDE", "PAUSED, , UNMEASURED",
    "FAILED, , OUTSIDE", "NEEDS_RESYNC, , OUTSIDE", "COPYING, , UNMEASURED", "STOPPED, , UNMEASURED", "CREATED, , UNMEASURED"
  })
  void whoShouldStreamAndIsNowhereKnownIsOutside(TenantState state, Double lagSeconds, Standing expected) {
    assertThat(LagObjective.standing(state, lagSeconds, 5)).isEqualTo(expected);
  }
}
