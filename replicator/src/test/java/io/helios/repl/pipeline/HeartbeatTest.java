package io.helios.repl.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.postgres.Lsn;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class HeartbeatTest {

  private static final Lsn EARLIER = Lsn.parse("0/100");
  private static final Lsn LATER = Lsn.parse("0/200");
  private static final Lsn LAST = Lsn.parse("0/300");

  private final Heartbeat heartbeat = new Heartbeat();

  private long missed(Lsn captured, Duration now) {
    return heartbeat.missedNanos(captured, now.toNanos());
  }

  @Test
  void aSourceThatWasNotSeenMissesNothing() {
    assertThat(missed(EARLIER, Duration.ofHours(1))).isZero();
  }

  @Test
  void anIdleSourceThatIsCapturedToItsEndMissesNothing() {
    heartbeat.seen(LATER, 0, EARLIER);

    assertThat(missed(LATER, Duration.ofHours(1))).isZero();
  }

  @Test
  void whatIsOnItsWayIsNotMissed() {
    heartbeat.seen(LATER, 0, EARLIER);

    assertThat(missed(EARLIER, Duration.ofMillis(1900))).isZero();
  }

  @Test
  void aStreamThatStaysSilentIsAsOldAsTheFirstBeatItMissed() {
    heartbeat.seen(LATER, 0, EARLIER);
    heartbeat.seen(LAST, Duration.ofSeconds(10).toNanos(), EARLIER);

    assertThat(missed(EARLIER, Duration.ofSeconds(15))).isEqualTo(Duration.ofSeconds(15).toNanos());
  }

  @Test
  void aStreamThatHasComeToItGoesOnWithTheNextBeat() {
    heartbeat.seen(LATER, 0, EARLIER);
    heartbeat.seen(LAST, Duration.ofSeconds(10).toNanos(), LATER);

    assertThat(missed(LATER, Duration.ofSeconds(15))).isEqualTo(Duration.ofSeconds(5).toNanos());
  }
}
