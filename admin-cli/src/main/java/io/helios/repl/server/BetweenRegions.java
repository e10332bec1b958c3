package io.helios.repl.server;

import io.helios.repl.config.ApiAccess;
import io.helios.repl.migration.GateFacts.Certificate;
import io.helios.repl.peer.PeerStatus;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a move to another region needs besides both databases, as far as it was learned when the peers were last asked. Any thread.
 *
 * @param tls this server's certificate; null when it has none
 */
record BetweenRegions(ApiAccess.@Nullable Tls tls, Supplier<List<PeerStatus>> peers) {

  /** Of its own certificate and the other region's the one that ends first; none where both of its ends are this server's. */
  Optional<Certificate> firstToEnd(Tenant tenant, Instant now) {
    PeerStatus peer = peer(tenant.source()).or(() -> peer(tenant.target())).orElse(null);
    if (peer == null || tls == null) {
      return Optional.empty();
    }
    PeerStatus.Answer answer = peer.answer();
    Stream<Certificate> theirs =
        answer == null
            ? Stream.empty() // nobody knows; that it does not answer closes another gate
            : Stream.of(new Certificate("that of region \"" + peer.region() + "\"", Duration.between(now, answer.certificateEnds())));
    Stream<Certificate> ours =
        CertificateExpiry.first(tls.certificate()).stream().map(end -> new Certificate("this server's", Duration.between(now, end)));
    return Stream.concat(ours, theirs).min(Comparator.comparing(Certificate::left));
  }

  /** What the disk of another region's target holds, as that server's configuration says; null when it does not, or it has not answered. */
  @Nullable Long capacity(String target) {
    PeerStatus.Answer answer = peer(target).map(PeerStatus::answer).orElse(null);
    return answer == null ? null : answer.capacities().get(target.substring(target.indexOf('/') + 1));
  }

  private Optional<PeerStatus> peer(String end) {
    return peers.get().stream().filter(peer -> end.startsWith(peer.region() + "/")).findFirst();
  }
}
