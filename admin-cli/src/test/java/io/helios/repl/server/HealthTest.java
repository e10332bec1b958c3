package io.helios.repl.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.config.ConfigurationInput;
import io.helios.repl.config.ConfigurationLoader;
import io.helios.repl.config.LoadedConfiguration;
import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.status.EndpointStatus;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the doctor says of the server's own machine and of tenants: each finding comes, and goes by its hint. */
class HealthTest {

  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final long GIB = 1L << 30;

  @TempDir Path directory;

  @Test
  void aDiskIsNearlyFullBelowATenthAndFullBelowAQuarterOfAGibibyte() {
    assertThat(HostHealth.disk(directory, 10 * GIB, 100 * GIB)).isEmpty();
    assertThat(HostHealth.disk(directory, 10 * GIB - 1, 100 * GIB)).get().satisfies(f -> {
      assertThat(f.code()).isEqualTo(ErrorCode.DISK_NEARLY_FULL);
      assertThat(f.severity()).isEqualTo(Severity.WARN);
      assertThat(f.message()).isEqualTo("the disk of " + directory + " has 10239 of 102400 MiB left");
    });
    assertThat(HostHealth.disk(directory, GIB / 4 - 1, GIB)).get().extracting(Finding::severity).isEqualTo(Severity.ERROR);
    assertThat(HostHealth.disk(directory, GIB / 4, GIB)).isEmpty();
  }

  @Test
  void aJournalNearItsQuotaIsFoundAndTheQuotaOfItsHintIsEnough() throws Exception {
    EndpointStatus source = source(90L << 20);
    Finding found = found(configuration("relay: { max-bytes: 100MiB }"), source, ErrorCode.JOURNAL_NEARLY_FULL).getFirst();

    assertThat(found.message()).isEqualTo("the journal of source \"shop\" takes 90 of 100 MiB");
    String mended = found.hint().substring(found.hint().indexOf("relay:"));
    assertThat(mended).isEqualTo("relay: { max-bytes: 200MiB }");
    assertThat(found(configuration(mended), source, ErrorCode.JOURNAL_NEARLY_FULL)).isEmpty();
  }

  @Test
  void aMasterKeyIsSavedWhenItIsOutsideTheDataDirectory() throws Exception {
    Path beside = Files.createDirectories(directory.resolve("data")).resolve("master.key");
    assertThat(found(configuration(""), source(0L), ErrorCode.MASTER_KEY_NOT_SAVED)).as("there is none").isEmpty();
    Files.writeString(beside, "key");
    assertThat(found(configuration(""), source(0L), ErrorCode.MASTER_KEY_NOT_SAVED).getFirst().hint())
        .contains("move " + beside + " ").contains("master-key-file: FILE");

    assertThat(found(configuration("master-key-file: " + beside), source(0L), ErrorCode.MASTER_KEY_NOT_SAVED))
        .as("named, and not moved").hasSize(1);
    Path moved = Files.move(beside, directory.resolve("moved.key"));
    assertThat(found(configuration("master-key-file: " + moved), source(0L), ErrorCode.MASTER_KEY_NOT_SAVED)).isEmpty();
  }

  @Test
  void aCertificateIsFoundAMonthBeforeItsEndAndNoLongerWhenItIsRenewed() throws Exception {
    Path file = certificates("shop", 29);
    String yaml = "tls: { certificate: " + file + ", key: " + file + " }";
    assertThat(found(configuration(yaml), source(0L), ErrorCode.CERTIFICATE_EXPIRES).getFirst()).satisfies(f -> {
      assertThat(f.severity()).isEqualTo(Severity.WARN);
      assertThat(f.message()).isEqualTo("the certificate for the API expires on 2026-01-30T00:00:00Z");
      assertThat(f.hint()).startsWith("renew " + file + ", which is then taken over without a restart");
    });

    certificates("shop", 31);
    assertThat(found(configuration(yaml), source(0L), ErrorCode.CERTIFICATE_EXPIRES)).isEmpty();
  }

  @Test
  void oneLinkOfAChainThatIsOverBreaksIt() throws Exception {
    assertThat(CertificateExpiry.ofChain("x", certificates("chain", 300, -1), NOW)).get().satisfies(f -> {
      assertThat(f.severity()).isEqualTo(Severity.ERROR);
      assertThat(f.message()).isEqualTo("the certificate for x expired on 2025-12-31T00:00:00Z");
    });
  }

  @Test
  void anAuthorityThatIsOverMattersOnlyWhereNoneIsLeft() throws Exception {
    assertThat(CertificateExpiry.ofAuthorities("x", certificates("bundle", -400, 300), NOW)).isEmpty();
    assertThat(CertificateExpiry.ofAuthorities("x", certificates("bundle", -400, 300, 20), NOW)).get()
        .extracting(Finding::severity).isEqualTo(Severity.WARN);
    assertThat(CertificateExpiry.ofAuthorities("x", certificates("bundle", -400, -3), NOW)).get().satisfies(f -> {
      assertThat(f.severity()).isEqualTo(Severity.ERROR);
      assertThat(f.message()).contains("2025-12-29");
    });
  }

  @Test
  void aFileThatIsNotOfCertificatesIsLeftToWhoUsesIt() throws Exception {
    assertThat(CertificateExpiry.ofChain("x", directory.resolve("none"), NOW)).isEmpty();
    assertThat(CertificateExpiry.ofAuthorities("x", Files.writeString(directory.resolve("text"), "text"), NOW)).isEmpty();
  }

  @Test
  void metricsThatNobodyReadsAreFoundUntilSomebodyDoes() {
    Scrapes scrapes = new Scrapes(NOW);
    assertThat(scrapes.finding(NOW.plusSeconds(599))).isEmpty();
    assertThat(scrapes.finding(NOW.plusSeconds(600))).get().extracting(Finding::message).isEqualTo("nobody has read the metrics yet");
    scrapes.scraped(NOW.plusSeconds(600));
    assertThat(scrapes.finding(NOW.plusSeconds(601))).isEmpty();
    assertThat(scrapes.finding(NOW.plusSeconds(1200))).get().extracting(Finding::message)
        .isEqualTo("nobody has read the metrics since 2026-01-01T00:10:00Z");
  }

  @Test
  void tenantsThatStandStillAreNamedWithTheirOwnHint() {
    Problem error = new Problem(ErrorCode.TENANT_NEEDS_RESYNC, "it needs a resync", "changes are gone", "helios-repl tenant resync a");
    assertThat(TenantHealth.stopped(List.of(tenant("a", TenantState.NEEDS_RESYNC, null, error), tenant("b", TenantState.STREAMING, 0.1, null))))
        .containsExactly(
            new Finding(
                Severity.ERROR, ErrorCode.TENANT_NEEDS_RESYNC, "tenant \"a\" is NEEDS_RESYNC: it needs a resync", "changes are gone",
                "helios-repl tenant resync a"));
    assertThat(TenantHealth.stopped(List.of(tenant("a", TenantState.PAUSED, 0.1, null)))).isEmpty();
  }

  @Test
  void ofManyThatStandStillTwentyAreNamed() {
    List<TenantStatus> failed = IntStream.range(0, 500).mapToObj(i -> tenant("t" + i, TenantState.FAILED, null, null)).toList();

    assertThat(TenantHealth.stopped(failed)).hasSize(21).last().extracting(Finding::message)
        .isEqualTo("480 more tenants are FAILED or NEEDS_RESYNC");
  }

  @Test
  void whoLagsIsFoundUntilItHasCaughtUp() {
    assertThat(TenantHealth.lagging(List.of(tenant("a", TenantState.STREAMING, 5.1, null), tenant("b", TenantState.STREAMING, 5.0, null))))
        .get().satisfies(f -> {
          assertThat(f.message()).isEqualTo("tenant a lags beyond the lag target");
          assertThat(f.hint()).isEqualTo("helios-repl tenant describe a");
        });
    List<TenantStatus> five = IntStream.range(0, 5).mapToObj(i -> tenant("t" + i, TenantState.STREAMING, 60.0, null)).toList();
    assertThat(TenantHealth.lagging(five)).get().extracting(Finding::message)
        .isEqualTo("tenants t0, t1, t2 and 2 more lag beyond the lag target");
    assertThat(TenantHealth.lagging(List.of(tenant("a", TenantState.STREAMING, null, null)))).isEmpty();
  }

  @Test
  void aVerificationIsOldAfterAWeekAndOneIsMissingAfterADay() {
    Instant created = NOW.minus(Duration.ofDays(100));
    assertThat(TenantHealth.isOverdue(created, NOW.minus(Duration.ofDays(8)), NOW)).isTrue();
    assertThat(TenantHealth.isOverdue(created, NOW.minus(Duration.ofDays(6)), NOW)).as("verify run was run").isFalse();
    assertThat(TenantHealth.isOverdue(NOW.minus(Duration.ofHours(25)), null, NOW)).isTrue();
    assertThat(TenantHealth.isOverdue(NOW.minus(Duration.ofHours(23)), null, NOW)).isFalse();
    assertThat(TenantHealth.verifications(List.of())).isEmpty();
    assertThat(TenantHealth.verifications(List.of("a", "b"))).get().satisfies(f -> {
      assertThat(f.message()).isEqualTo("tenants a, b were not verified within 7 days");
      assertThat(f.hint()).isEqualTo("helios-repl verify run a");
    });
  }

  private static List<Finding> found(ServerConfiguration configuration, EndpointStatus source, ErrorCode code) {
    return new HostHealth(configuration).findings(List.of(source), NOW).stream().filter(f -> f.code() == code).toList();
  }

  private ServerConfiguration configuration(String more) throws IOException {
    String yaml =
        """
        data-dir: %s
        sources: { shop: { url: "postgresql://u@127.0.0.1:1/shop", tenancy: { column: t } } }
        targets: { eu: { url: "postgresql://u@127.0.0.1:2/shop" } }
        %s
        """
            .formatted(directory.resolve("data"), more);
    LoadedConfiguration loaded =
        ConfigurationLoader.load(
            new ConfigurationInput(Files.writeString(directory.resolve("helios-repl.yaml"), yaml), Map.of(), Map.of()));
    return Objects.requireNonNull(loaded.configuration(), () -> loaded.problems().toString());
  }

  private static EndpointStatus source(long journalBytes) {
    return new EndpointStatus("shop", "source", "127.0.0.1:1/shop", true, null, 0L, journalBytes, 1, null, null);
  }

  private static TenantStatus tenant(String name, TenantState state, @Nullable Double lag, @Nullable Problem error) {
    return new TenantStatus(
        name, state, "shop", "eu", "standard", 1, lag, null, 5, 0, null, null, TenantStatus.CopyProgress.NONE, 0, 0, 0, NOW, error,
        error == null ? null : NOW, null, null, null);
  }

  /** One file of certificates that end so many days after now. */
  private Path certificates(String name, int... days) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(256);
    KeyPair keys = generator.generateKeyPair();
    List<String> pem = new ArrayList<>();
    for (int day : days) {
      X500Name subject = new X500Name("CN=" + name);
      byte[] encoded =
          new JcaX509v3CertificateBuilder(
                  subject, BigInteger.ONE, Date.from(NOW.minus(Duration.ofDays(1000))), Date.from(NOW.plus(Duration.ofDays(day))), subject,
                  keys.getPublic())
              .build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()))
              .getEncoded();
      pem.add("-----BEGIN CERTIFICATE-----\n" + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(encoded)
          + "\n-----END CERTIFICATE-----\n");
    }
    return Files.writeString(directory.resolve(name + ".crt"), "what it is for: " + name + "\n" + String.join("", pem));
  }
}
