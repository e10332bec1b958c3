package io.helios.repl.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.config.ApiAccess;
import io.helios.repl.migration.GateFacts.Certificate;
import io.helios.repl.peer.PeerStatus;
import io.helios.repl.pki.CertificateAuthority;
import io.helios.repl.pki.CertificateRequest;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BetweenRegionsTest {

  private static final Instant NOW = Instant.now().truncatedTo(ChronoUnit.SECONDS);

  @TempDir Path directory;

  /** @param ours how long this server's certificate holds */
  private BetweenRegions between(Duration ours, PeerStatus.@Nullable Answer answer) {
    Path ca = CertificateAuthority.make(directory.resolve("ca"), "ca", NOW.minus(Duration.ofDays(10)));
    CertificateRequest.Made made = CertificateRequest.make(directory, "us", "us", List.of("127.0.0.1"));
    Path certificate = directory.resolve("us.crt");
    CertificateAuthority.open(ca.resolveSibling(""))
        .issue(CertificateRequest.read(made.request()), NOW.minus(Duration.ofDays(1)), ours.plusDays(1), certificate);
    return new BetweenRegions(
        new ApiAccess.Tls(certificate, directory.resolve("us.key"), null, Map.of()),
        () -> List.of(new PeerStatus("eu", URI.create("https://eu:7400"), NOW, answer, null)));
  }

  private static PeerStatus.Answer answer(Duration certificate) {
    return new PeerStatus.Answer("1.0", "key", NOW.plus(certificate), Duration.ZERO, Duration.ZERO, Map.of("shop-eu", 5L));
  }

  private static Tenant tenant(String source, String target) {
    return new Tenant(
        UUID.randomUUID(), "acme", "acme", source, target, TableFilter.ALL, Tier.STANDARD, Duration.ofSeconds(5),
        ConflictPolicy.SOURCE_WINS, 1);
  }

  @Test
  void theCertificateThatEndsFirstCountsOnTheWayThereAndOnTheWayBack() {
    BetweenRegions theirs = between(Duration.ofDays(90), answer(Duration.ofHours(5)));
    Certificate first = new Certificate("that of region \"eu\"", Duration.ofHours(5));
    assertThat(theirs.firstToEnd(tenant("shop", "eu/shop-eu"), NOW)).contains(first);
    assertThat(theirs.firstToEnd(tenant("eu/shop-eu", "shop"), NOW)).contains(first);
    assertThat(theirs.firstToEnd(tenant("shop", "shop-eu"), NOW)).as("a move that crosses no border").isEmpty();
  }

  @Test
  void ourOwnCountsAlsoWhereThePeerHasNotAnswered() {
    Certificate ours = new Certificate("this server's", Duration.ofHours(3));
    assertThat(between(Duration.ofHours(3), null).firstToEnd(tenant("shop", "eu/shop-eu"), NOW)).contains(ours);
  }

  @Test
  void whatTheOtherRegionsDiskHoldsIsItsServersWord() {
    BetweenRegions regions = between(Duration.ofDays(90), answer(Duration.ofDays(90)));
    assertThat(regions.capacity("eu/shop-eu")).isEqualTo(5L);
    assertThat(regions.capacity("eu/other")).isNull();
    assertThat(regions.capacity("shop-eu")).isNull();
  }
}
