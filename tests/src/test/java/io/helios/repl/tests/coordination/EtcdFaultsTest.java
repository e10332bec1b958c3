package io.helios.repl.tests.coordination;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.TransientException;
import io.helios.repl.failover.coordination.Coordination;
import io.helios.repl.failover.coordination.CoordinationSettings;
import io.helios.repl.failover.coordination.EtcdCoordination;
import io.helios.repl.tests.fixture.EtcdCluster;
import io.helios.repl.tests.net.FaultProxy;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Three members of etcd that are killed, paused and cut off: what a call then does, and that all goes on afterwards. */
@Timeout(120)
class EtcdFaultsTest {

  private static final AtomicInteger PREFIXES = new AtomicInteger();
  private static final Duration TIMEOUT = Duration.ofSeconds(3);

  private static EtcdCluster cluster;

  private final String prefix = "/faults-" + PREFIXES.incrementAndGet() + "/";
  private Coordination registers;

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

  @BeforeEach
  void openRegisters() {
    registers = open(cluster.endpoints());
    goesOn(registers, "before");
  }

  @AfterEach
  void closeRegisters() {
    registers.close();
  }

  private Coordination open(List<URI> endpoints) {
    return new EtcdCoordination(new CoordinationSettings.Etcd(endpoints, null, null, null, null, null, prefix, TIMEOUT));
  }

  @Test
  @Tag("long")
  void eachMemberMayDieInTurnAndTheRestGoesOn() {
    for (int member = 0; member < cluster.size(); member++) {
      cluster.kill(member);
      try {
        goesOn(registers, "killed " + member);
      } finally {
        cluster.start(member);
      }
      goesOn(registers, "back " + member);
    }
  }

  @Test
  void aMemberThatGoesSilentInTheMiddleOfThingsIsLeftForAnother() {
    for (int member = 0; member < cluster.size(); member++) {
      cluster.pause(member);
      try {
        goesOn(registers, "paused " + member);
      } finally {
        cluster.wake(member);
      }
    }
  }

  @Test
  void aMemberBehindAHalfOpenLinkIsLeftForAnother() {
    List<FaultProxy> proxies = new ArrayList<>();
    for (int member = 0; member < cluster.size(); member++) {
      proxies.add(new FaultProxy(cluster.port(member)));
    }
    List<URI> endpoints = proxies.stream().map(p -> URI.create("http://127.0.0.1:" + p.port())).toList();
    try (Coordination through = open(endpoints)) {
      goesOn(through, "one");
      proxies.getFirst().set(new FaultProxy.Swallow());
      assertThat(through.read("goes-on")).map(Coordination.Entry::value).contains("one");
      proxies.forEach(p -> p.set(new FaultProxy.Swallow()));
      assertUnavailable(() -> through.read("a"));
    } finally {
      proxies.forEach(FaultProxy::close);
    }
  }

  @Test
  void withoutAQuorumNothingIsReadOrChangedAndWithOneAllGoesOn() {
    long seen = registers.read("goes-on").orElseThrow().version();
    cluster.kill(0);
    cluster.kill(1);
    try {
      assertUnavailable(() -> registers.read("a"));
      assertUnavailable(() -> registers.list(""));
      assertUnavailable(() -> registers.swap("goes-on", seen, "in between"));
    } finally {
      cluster.start(0);
      cluster.start(1);
    }
    await()
        .atMost(Duration.ofSeconds(30))
        .ignoreExceptionsInstanceOf(TransientException.class)
        .untilAsserted(() -> assertThat(registers.read("goes-on").orElseThrow().value()).isIn("before", "in between"));
    goesOn(registers, "after");
  }

  @Test
  void closingWaitsForNobody() {
    try (FaultProxy proxy = new FaultProxy(cluster.port(0))) {
      Coordination through = open(List.of(URI.create("http://127.0.0.1:" + proxy.port())));
      goesOn(through, "one");
      proxy.set(new FaultProxy.Swallow());
      through.close();
      assertThatThrownBy(() -> through.read("a")).isInstanceOf(RuntimeException.class);
    }
    assertThat(Thread.getAllStackTraces().keySet())
        .filteredOn(t -> t.getName().startsWith("vert.x") || t.getName().startsWith("jetcd") || t.getName().startsWith("grpc"))
        .allMatch(Thread::isDaemon);
  }

  /** An election may be under way: what may heal is tried again, as everybody does who uses registers. */
  private static void goesOn(Coordination registers, String value) {
    await()
        .atMost(Duration.ofSeconds(30))
        .ignoreExceptionsInstanceOf(TransientException.class)
        .until(
            () -> {
              long version = registers.read("goes-on").map(Coordination.Entry::version).orElse(0L);
              registers.swap("goes-on", version, value);
              return registers.read("goes-on").orElseThrow().value().equals(value);
            });
  }

  private static void assertUnavailable(Runnable call) {
    long begun = System.nanoTime();
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            TransientException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.COORDINATION_UNAVAILABLE));
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).as("a bound, not a goal").isLessThan(TIMEOUT.multipliedBy(5));
  }
}
