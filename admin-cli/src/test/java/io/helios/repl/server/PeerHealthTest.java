package io.helios.repl.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.peer.PeerStatus;
import io.helios.repl.status.Finding;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PeerHealthTest {

  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
  private static final URI PLACE = URI.create("https://helios-eu:7400/");

  private static PeerStatus answering(Duration certificate, Duration ahead, Duration roundTrip) {
    return new PeerStatus("eu", PLACE, NOW, new PeerStatus.Answer("1.0", "key", NOW.plus(certificate), ahead, roundTrip, Map.of()), null);
  }

  @Test
  void aPeerThatAnswersInOrderOrWasNotAskedYetIsNoFinding() {
    assertThat(PeerHealth.findings(answering(Duration.ofDays(90), Duration.ofMillis(-900), Duration.ofMillis(80)), NOW)).isEmpty();
    assertThat(PeerHealth.findings(new PeerStatus("eu", PLACE, null, null, null), NOW)).isEmpty();
  }

  @Test
  void aPeerThatIsAwayIsAnErrorWithItsCode() {
    PeerStatus away = new PeerStatus("eu", PLACE, NOW, null, new Problem(ErrorCode.PEER_UNREACHABLE, "m", "w", "h"));
    assertThat(PeerHealth.findings(away, NOW)).singleElement().matches(Finding::isError)
        .extracting(Finding::code).isEqualTo(ErrorCode.PEER_UNREACHABLE);
  }

  @Test
  void aCertificateThatEndsWithinAMonthIsTold() {
    assertThat(PeerHealth.findings(answering(Duration.ofDays(29), Duration.ZERO, Duration.ZERO), NOW))
        .singleElement().extracting(Finding::code, Finding::message)
        .containsExactly(ErrorCode.CERTIFICATE_EXPIRES, "the certificate of the server of region \"eu\" expires on 2026-03-30T12:00:00Z");
  }

  @Test
  void clocksThatDifferByMoreThanTheRoundTripCanHideAreTold() {
    assertThat(PeerHealth.findings(answering(Duration.ofDays(90), Duration.ofSeconds(-7), Duration.ofMillis(80)), NOW))
        .singleElement().extracting(Finding::message).isEqualTo("the clock of the server of region \"eu\" is 7.0 s behind ours");
    assertThat(PeerHealth.findings(answering(Duration.ofDays(90), Duration.ofSeconds(4), Duration.ofSeconds(5)), NOW)).isEmpty();
  }
}
