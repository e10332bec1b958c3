package io.helios.repl.tests.coordination;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.TransientException;
import io.helios.repl.failover.coordination.Coordination;
import io.helios.repl.failover.coordination.CoordinationSettings;
import io.helios.repl.failover.coordination.EtcdCoordination;
import io.helios.repl.tests.fixture.Certificates;
import io.helios.repl.tests.fixture.EtcdCluster;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The registers of {@code coordination: etcd}, in three real members; what becomes of them when members fail is {@link EtcdFaultsTest}. */
class EtcdCoordinationTest extends CoordinationContract {

  private static final AtomicInteger PREFIXES = new AtomicInteger();

  /** Nothing fails here but for good: what a busy machine holds up for seconds is to be waited for. */
  private static final Duration TIMEOUT = Duration.ofSeconds(6);

  private static EtcdCluster cluster;

  private final String prefix = "/test-" + PREFIXES.incrementAndGet() + "/";

  @BeforeAll
  static void startCluster() {
    cluster = EtcdCluster.start();
  }

  @AfterAll
  static void stopCluster() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @Override
  Coordination open() {
    return new EtcdCoordination(settings(cluster.endpoints()));
  }

  private CoordinationSettings.Etcd settings(List<URI> endpoints) {
    return settings(endpoints, null, null, null);
  }

  private CoordinationSettings.Etcd settings(
      List<URI> endpoints, @Nullable Path ca, Certificates.@Nullable Signed ours, @Nullable Path passwordFile) {
    return new CoordinationSettings.Etcd(
        endpoints,
        ca,
        ours == null ? null : ours.certificate(),
        ours == null ? null : ours.key(),
        passwordFile == null ? null : "root",
        passwordFile,
        prefix,
        TIMEOUT);
  }

  @Test
  void otherInstallationsOfTheSameEtcdAreNotSeen() {
    registers.swap("a", 0, "ours");
    try (Coordination other =
        new EtcdCoordination(new CoordinationSettings.Etcd(cluster.endpoints(), null, null, null, null, null, "/other/", TIMEOUT))) {
      assertThat(other.read("a")).isEmpty();
      assertThat(other.list("")).isEmpty();
    }
    assertThat(registers.isShared()).isTrue();
  }

  @Test
  void certificatesAndUsersAreCheckedOnBothSides(@TempDir Path directory) throws Exception {
    Certificates authority = new Certificates(directory, "etcd-ca");
    Certificates.Signed server = authority.server("member", "127.0.0.1");
    Certificates.Signed ours = authority.client("helios");
    Certificates stranger = new Certificates(directory, "stranger");
    Path password = Files.writeString(directory.resolve("pw"), "secret-of-etcd\n");
    Path wrong = Files.writeString(directory.resolve("wrong"), "guessed\n");
    List<String> options =
        List.of(
            "--cert-file", server.certificate().toString(), "--key-file", server.key().toString(),
            "--trusted-ca-file", authority.file().toString(), "--client-cert-auth");
    try (EtcdCluster secured = EtcdCluster.start(1, "https", options)) {
      String[] access = {
        "--endpoints", secured.endpoints().getFirst().toString(), "--cacert", authority.file().toString(),
        "--cert", ours.certificate().toString(), "--key", ours.key().toString()
      };
      secured.control(with(access, "user", "add", "root:secret-of-etcd"));
      secured.control(with(access, "user", "grant-role", "root", "root"));
      secured.control(with(access, "auth", "enable"));
      try (Coordination known = new EtcdCoordination(settings(secured.endpoints(), authority.file(), ours, password))) {
        await().ignoreExceptionsInstanceOf(TransientException.class).until(() -> known.swap("a", 0, "one"));
        assertThat(known.read("a")).map(Coordination.Entry::value).contains("one");
      }
      try (Coordination guessing = new EtcdCoordination(settings(secured.endpoints(), authority.file(), ours, wrong))) {
        assertThatThrownBy(() -> guessing.read("a"))
            .isInstanceOfSatisfying(
                OperatorException.class,
                e -> {
                  assertThat(e.problem().code()).isEqualTo(ErrorCode.COORDINATION_REFUSED);
                  assertThat(e.problem().toString()).doesNotContain("guessed");
                });
      }
      try (Coordination trusting = new EtcdCoordination(settings(secured.endpoints(), stranger.file(), ours, password))) {
        assertUnavailable(() -> trusting.read("a"));
      }
      try (Coordination unknown = new EtcdCoordination(settings(secured.endpoints(), authority.file(), null, password))) {
        assertUnavailable(() -> unknown.read("a"));
      }
    }
  }

  private static String[] with(String[] access, String... words) {
    List<String> all = new ArrayList<>(List.of(access));
    all.addAll(List.of(words));
    return all.toArray(String[]::new);
  }

  private static void assertUnavailable(Runnable call) {
    long begun = System.nanoTime();
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            TransientException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.COORDINATION_UNAVAILABLE));
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).as("a bound, not a goal").isLessThan(TIMEOUT.multipliedBy(5));
  }
}
