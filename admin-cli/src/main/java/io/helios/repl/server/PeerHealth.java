package io.helios.repl.server;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.peer.PeerStatus;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What could hurt between this server and a peer. Pure. */
final class PeerHealth {

  private static final Duration TOLERATED = Duration.ofSeconds(2);
  private static final Duration SOON = Duration.ofDays(30);

  private PeerHealth() {}

  static List<Finding> findings(PeerStatus peer, Instant now) {
    List<Finding> findings = new ArrayList<>();
    Problem error = peer.error();
    if (error != null) {
      findings.add(new Finding(Severity.ERROR, error.code(), error.message(), error.why(), error.hint()));
    }
    PeerStatus.Answer answer = peer.answer();
    if (answer != null) {
      String server = "the server of region \"" + peer.region() + "\"";
      if (!answer.certificateEnds().isAfter(now.plus(SOON))) {
        findings.add(
            new Finding(
                Severity.WARN,
                ErrorCode.CERTIFICATE_EXPIRES,
                "the certificate of " + server + " expires on " + Documents.time(answer.certificateEnds()),
                "nothing crosses between the regions from then on",
                "sign its request again, helios-repl server pki issue NAME.csr --ca DIRECTORY, bring it the certificate, and restart it"));
      }
      double ahead = answer.clockAhead().toMillis() / 1000.0;
      if (answer.clockAhead().abs().compareTo(TOLERATED.plus(answer.roundTrip().dividedBy(2))) > 0) {
        findings.add(
            new Finding(
                Severity.WARN,
                ErrorCode.CLOCKS_DIFFER,
                String.format(Locale.ROOT, "the clock of %s is %.1f s %s ours", server, Math.abs(ahead), ahead > 0 ? "ahead of" : "behind"),
                "times in logs, events and certificates of both do not compare",
                "run a time service (chrony, systemd-timesyncd) on both machines"));
      }
    }
    return findings;
  }
}
