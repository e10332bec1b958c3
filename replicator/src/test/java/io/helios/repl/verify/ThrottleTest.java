package io.helios.repl.verify;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ThrottleTest {

  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  @Test
  void whatIsReadTogetherStaysBelowTheRate() {
    Throttle throttle = new Throttle(1000);
    assertThat(throttle.reserve(500, SECOND)).as("the first is not kept waiting").isZero();
    assertThat(throttle.reserve(1000, SECOND)).as("behind the first").isEqualTo(SECOND / 2);
    assertThat(throttle.reserve(1, SECOND)).as("behind both").isEqualTo(SECOND * 3 / 2);
    assertThat(throttle.bytes()).isEqualTo(1501);
    assertThat(throttle.paused()).isEqualTo(Duration.ofSeconds(2));
  }

  @Test
  void timeThatWasNotUsedIsNotSavedUp() {
    Throttle throttle = new Throttle(1000);
    throttle.reserve(1000, SECOND);
    assertThat(throttle.reserve(1000, 100 * SECOND)).isZero();
    assertThat(throttle.reserve(1000, 100 * SECOND)).isEqualTo(SECOND);
  }

  @Test
  void withoutARateNobodyWaits() {
    Throttle throttle = new Throttle(0);
    assertThat(throttle.reserve(Long.MAX_VALUE / 4, SECOND)).isZero();
    assertThat(throttle.reserve(Long.MAX_VALUE / 4, SECOND)).isZero();
  }
}
