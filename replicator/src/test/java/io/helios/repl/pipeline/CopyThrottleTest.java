package io.helios.repl.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.pipeline.CopyThrottle.Pace;
import io.helios.repl.pipeline.CopyThrottle.Sample;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class CopyThrottleTest {

  private static final CopyLimits LIMITS = new CopyLimits(Duration.ofSeconds(1), Duration.ofMillis(50), 1000);

  private static Sample lag(String whose, long millis) {
    return new Sample.Lag(whose, Duration.ofMillis(millis));
  }

  private static Sample latency(long tookMillis, long usualMillis) {
    return new Sample.Latency("target \"eu\"", Duration.ofMillis(tookMillis), Duration.ofMillis(usualMillis));
  }

  @Test
  void nothingKnownOrWithinLimitsIsFullSpeed() {
    assertThat(CopyThrottle.decide(LIMITS, List.of())).isEqualTo(Pace.FULL);
    assertThat(CopyThrottle.decide(LIMITS, List.of(lag("a", 1000), latency(60, 10)))).isEqualTo(Pace.FULL);
    assertThat(Pace.FULL.isFull()).isTrue();
  }

  @Test
  void lagBeyondItsLimitLeavesTheFloorAndSaysWhose() {
    Pace pace = CopyThrottle.decide(LIMITS, List.of(lag("tenant \"b\"", 400), lag("tenant \"a\"", 3200)));
    assertThat(pace).isEqualTo(new Pace(1000, "lag of tenant \"a\" 3.2 s over 1.0 s"));
  }

  @Test
  void aFarServerIsNotASlowOne() {
    assertThat(CopyThrottle.decide(LIMITS, List.of(latency(190, 150))).isFull()).isTrue();
    assertThat(CopyThrottle.decide(LIMITS, List.of(latency(61, 10))).why())
        .isEqualTo("a small query at target \"eu\" takes 51 ms longer than usual, over 50 ms");
  }

  @Test
  void theReasonIsWhatIsFurthestBeyond() {
    assertThat(CopyThrottle.decide(LIMITS, List.of(lag("a", 2000), latency(1010, 10))).why()).startsWith("a small query");
    assertThat(CopyThrottle.decide(LIMITS, List.of(lag("a", 200_000), latency(1010, 10))).why()).startsWith("lag of a");
  }

  @Test
  void aSingleHiccupIsNotNowAndTheShortestIsUsual() {
    LatencyWindow window = new LatencyWindow();
    for (long took : new long[] {5, 3, 4, 90}) {
      window.add(took);
    }
    assertThat(window.usualNanos()).isEqualTo(3);
    assertThat(window.nowNanos()).isEqualTo(4);
    window.add(80);
    assertThat(window.nowNanos()).isEqualTo(80);
  }

  @Test
  void whatStaysSlowForMinutesBecomesTheUsual() {
    LatencyWindow window = new LatencyWindow();
    window.add(3);
    for (int i = 0; i < 300; i++) {
      window.add(90);
    }
    assertThat(window.usualNanos()).isEqualTo(90);
  }
}
