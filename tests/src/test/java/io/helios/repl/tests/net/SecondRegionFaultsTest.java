package io.helios.repl.tests.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.peer.FrameWire;
import io.helios.repl.peer.HttpFrameSource;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.Handover;
import io.helios.repl.relay.Frame;
import io.helios.repl.seal.FrameOpener;
import io.helios.repl.seal.MemoryKeyring;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes wrong between two regions, and who is in between. */
@Tag("long")
class SecondRegionFaultsTest {

  private static final String SECRET = "nobody-on-the-way-may-read-this";

  @TempDir Path directory;

  private FaultProxy toUs;
  private FaultProxy toEu;
  private TwoRegions two;

  @BeforeEach
  void start() throws Exception {
    List<FaultProxy> proxies = new ArrayList<>();
    two =
        new TwoRegions(
            directory,
            port -> {
              FaultProxy proxy = new FaultProxy(port);
              proxies.add(proxy);
              return proxy.port();
            });
    toUs = proxies.getFirst();
    toEu = proxies.getLast();
    two.insert("acme", 1, 100);
    two.insert("globex", 1, 100);
    two.startEu();
    two.startUs();
  }

  @AfterEach
  void stop() {
    two.close();
    toUs.close();
    toEu.close();
  }

  /** What is asked for here comes through the mutual TLS: nobody else gets as far, and who does cannot read it. */
  @Test
  void onlyTheRegionThatHasATenantGetsItsFramesAndNobodyReadsThemWithoutItsKey() throws Exception {
    UUID acme = two.stream("acme");
    UUID globex = two.create("globex");
    two.arrives("acme");
    two.stopEu();
    two.source.execute("INSERT INTO orders VALUES ('acme', 1000, '" + SECRET + "')");
    try (HttpClient eu = two.client(TwoRegions.EU);
        HttpFrameSource frames = HttpFrameSource.open(eu, two.usUrl(), "shop")) {
      List<Frame> sealed =
          await().atMost(TwoRegions.PATIENCE).until(() -> frames.fetch(acme, 0, 0, 1 << 20), found -> !found.isEmpty());
      assertThat(TwoRegions.text(FrameWire.encode(sealed))).doesNotContain(SECRET).doesNotContain("orders");
      try (FrameOpener opener = new FrameOpener(new MemoryKeyring())) {
        assertThatThrownBy(() -> opener.open(sealed.getFirst()))
            .isInstanceOfSatisfying(
                CorruptionException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.FRAME_KEY_UNKNOWN));
      }
      assertThatThrownBy(() -> frames.fetch(globex, 0, 0, 1 << 20))
          .isInstanceOfSatisfying(
              OperatorException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.TENANT_NOT_GIVEN));
    }
    two.issue("ap-south-1");
    for (String path : List.of("sources/shop/frames?tenant=" + acme + "&position=0&sequence=0&max=9", "sources/shop/tables/1")) {
      try (HttpClient stranger = two.client("ap-south-1")) {
        HttpRequest request = HttpRequest.newBuilder(two.usUrl().resolve("/peer/v1/" + path)).build();
        assertThat(stranger.send(request, HttpResponse.BodyHandlers.discarding()).statusCode()).isEqualTo(403);
      }
    }
    for (Path file : two.files(TwoRegions.EU)) {
      assertThat(file.toString()).as("of what was given, nothing is on that server's disk").doesNotContain(acme.toString());
      assertThat(TwoRegions.text(Files.readAllBytes(file))).doesNotContain("acme").doesNotContain(SECRET);
    }
    two.startEu();
    two.arrives("acme");
    assertThat(two.target.value("SELECT note FROM orders WHERE id = 1000")).isEqualTo(SECRET);
  }

  @Test
  void aCutoverLearnsAtOnceThatTheTargetHasTakenTheTenant() throws Exception {
    UUID acme = two.stream("acme");
    two.arrives("acme");
    Handover handover = two.home().handover(acme);
    handover.arm();
    try (Handover.Fence _ = handover.fence(2, Duration.ofSeconds(5))) {
      assertThat(handover.awaitPromoted(2, TwoRegions.PATIENCE)).isTrue();
    }
    handover.turn(2);
    await().atMost(TwoRegions.PATIENCE).until(() -> two.guests().keyGenerations(acme) == 0);
    two.becomes(acme, TenantState.STREAMING);
    two.target.execute("INSERT INTO orders VALUES ('acme', 5000, 'written at the new home')");
    Fleet.await(two.home().caughtUp(acme), TwoRegions.PATIENCE);
    assertThat(two.source.value("SELECT note FROM orders WHERE id = 5000")).isEqualTo("written at the new home");
  }

  @Test
  void eitherServerMayBeginAnewAndEverythingArrivesOnce() throws Exception {
    UUID acme = two.stream("acme");
    two.arrives("acme");
    toEu.refuse();
    two.stopEu();
    two.insert("acme", 101, 200);
    await().atMost(TwoRegions.PATIENCE).untilAsserted(() -> {
      TenantStatus status = two.home().status(acme);
      assertThat(status.state()).isEqualTo(TenantState.STREAMING);
      assertThat(Objects.requireNonNull(status.error()).code()).isEqualTo(ErrorCode.PEER_UNREACHABLE);
    });
    two.startEu();
    toEu.heal();
    two.arrives("acme");
    await().atMost(TwoRegions.PATIENCE).until(() -> two.home().status(acme).error() == null);
    two.insert("acme", 201, 300);
    two.stopUs();
    two.insert("acme", 301, 400);
    two.startUs();
    two.becomes(acme, TenantState.STREAMING);
    two.arrives("acme");
    assertThat(two.home().status(acme).conflicts()).isZero();
  }

  @Test
  void aLineThatIsCutAndWaitsCostsNothingButTime() throws Exception {
    UUID acme = two.stream("acme");
    for (int round = 0; round < 3; round++) {
      toUs.refuse();
      toEu.refuse();
      toUs.cut(true);
      toEu.cut(true);
      two.insert("acme", 1000 * (round + 1), 1000 * (round + 1) + 500);
      toUs.heal();
      toEu.heal();
      toEu.cut(false);
      two.arrives("acme");
    }
    assertThat(two.home().status(acme).conflicts()).isZero();
  }

  /** It takes as long as a request may wait for news. */
  @Test
  void aLineOfWhichNobodyIsToldThatItIsDeadIsFoundOut() throws Exception {
    UUID acme = two.stream("acme");
    toUs.loseOpenLinks();
    toEu.loseOpenLinks();
    two.insert("acme", 10_000, 10_500);
    two.arrives("acme");
    assertThat(two.home().status(acme).conflicts()).isZero();
  }

  @Test
  void aRegionThatTheTargetDoesNotNameAnyMoreGivesNothing() throws Exception {
    UUID acme = two.stream("acme");
    two.arrives("acme");
    two.stopEu();
    two.regions = "";
    two.startEu();
    two.insert("acme", 101, 200);
    await().atMost(TwoRegions.PATIENCE).untilAsserted(() ->
        assertThat(Objects.requireNonNull(two.home().status(acme).error()).code()).isEqualTo(ErrorCode.TARGET_NOT_OPEN));
    assertThat(two.guests().keyGenerations(acme)).isZero();
    two.stopEu();
    two.regions = TwoRegions.US;
    two.startEu();
    two.arrives("acme");
  }
}
