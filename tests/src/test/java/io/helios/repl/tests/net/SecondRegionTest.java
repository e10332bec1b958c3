package io.helios.repl.tests.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.peer.FrameWire;
import io.helios.repl.peer.GivenDocument;
import io.helios.repl.peer.HttpFrameSource;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.Handover;
import io.helios.repl.relay.Frame;
import io.helios.repl.seal.FrameOpener;
import io.helios.repl.seal.MemoryKeyring;
import io.helios.repl.seal.SealedKey;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tenant whose source is in one region and whose target is in another one, where that region's server applies it. */
class SecondRegionTest {

  private static final String SECRET = "nobody-on-the-way-may-read-this";

  @TempDir Path directory;

  private FaultProxy toUs;
  private FaultProxy toEu;
  private TwoRegions two;

  @BeforeEach
  void start() throws Exception {
    two =
        new TwoRegions(
            directory,
            port -> {
              FaultProxy proxy = new FaultProxy(port);
              if (toUs == null) {
                toUs = proxy;
              } else {
                toEu = proxy;
              }
              return proxy.port();
            });
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

  @Test
  void aTenantStreamsToTheOtherRegionWhereItsServerAppliesIt() throws Exception {
    UUID acme = two.stream("acme");
    two.insert("acme", 101, 200);
    two.source.execute("UPDATE orders SET note = 'changed' WHERE tenant_id = 'acme' AND id <= 50", "DELETE FROM orders WHERE id = 60");
    two.arrives("acme");
    assertThat(two.home().status(acme).error()).isNull();
    assertThat(two.guests().keyGenerations(acme)).as("opened there").isEqualTo(1);
    assertThat(two.guests().keyGenerations(TwoRegions.id("globex"))).isZero();
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
  @Tag("long")
  void aLineOfWhichNobodyIsToldThatItIsDeadIsFoundOut() throws Exception {
    UUID acme = two.stream("acme");
    toUs.loseOpenLinks();
    toEu.loseOpenLinks();
    two.insert("acme", 10_000, 10_500);
    two.arrives("acme");
    assertThat(two.home().status(acme).conflicts()).isZero();
  }

  @Test
  void aKeyThatIsChangedReachesThePeerAndOneThatIsShreddedIsGoneThere() throws Exception {
    UUID acme = two.stream("acme");
    two.stream("globex");
    two.arrives("acme");
    // Frames with the new key come by a line of their own, before the key does.
    toEu.set(FaultProxy.Direction.TO_SERVER, new FaultProxy.Delay(Duration.ofMillis(300)));
    for (int generation = 2; generation <= 4; generation++) {
      assertThat(two.home().rotateKey(acme)).isEqualTo(generation);
      two.insert("acme", 1000 * generation, 1000 * generation + 200);
      two.arrives("acme");
    }
    toEu.heal();
    assertThat(two.home().status(acme).state()).isEqualTo(TenantState.STREAMING);
    assertThat(two.guests().keyGenerations(acme)).isEqualTo(4);
    two.home().shredKey(acme);
    two.becomes(acme, TenantState.NEEDS_RESYNC);
    await().atMost(TwoRegions.PATIENCE).until(() -> two.guests().keyGenerations(acme) == 0);
    two.insert("acme", 9000, 9100);
    two.home().resyncTenant(acme);
    two.becomes(acme, TenantState.STREAMING);
    two.arrives("acme");
    assertThat(two.guests().keyGenerations(acme)).isEqualTo(1);
    two.home().removeTenant(acme, false);
    await().atMost(TwoRegions.PATIENCE).until(() -> two.guests().keyGenerations(acme) == 0);
    two.insert("globex", 101, 200);
    two.arrives("globex");
  }

  @Test
  void aTenantIsPausedVerifiedAndFollowsItsSchemaAcrossTheSea() throws Exception {
    UUID acme = two.stream("acme");
    two.insert("acme", 101, 200);
    two.home().pauseTenant(acme);
    two.becomes(acme, TenantState.PAUSED);
    two.insert("acme", 201, 300);
    long there = Long.parseLong(two.target.value("SELECT count(*) FROM orders"));
    two.home().resumeTenant(acme);
    two.arrives("acme");
    assertThat(there).isLessThanOrEqualTo(200);
    two.source.execute("ALTER TABLE orders ADD COLUMN price numeric(10,2) DEFAULT 7.5");
    two.insert("acme", 301, 400);
    two.arrives("acme");
    assertThat(two.target.value("SELECT count(*) FROM orders WHERE price = 7.5")).isEqualTo("400");
    assertThat(Fleet.await(two.home().verify(acme, TwoRegions.PATIENCE), TwoRegions.PATIENCE).equal()).isTrue();
  }

  @Test
  void whatIsNotGivenAsItShouldBeIsRefusedAndLeavesNothing() throws Exception {
    UUID acme = two.stream("acme");
    two.arrives("acme");
    UUID other = UUID.randomUUID();
    SealedKey forged = new SealedKey(other, 1, TwoRegions.US, TwoRegions.EU, new byte[80]);
    try (HttpClient us = two.client(TwoRegions.US)) {
      assertThat(put(us, "shop-eu", other, "{}".getBytes(StandardCharsets.UTF_8))).contains("HR-9");
      assertThat(put(us, "shop-eu", other, GivenDocument.encode(two.given(other, List.of(forged))))).contains("HR-4302");
      assertThat(put(us, "elsewhere", other, GivenDocument.encode(two.given(other, List.of())))).contains("HR-4312");
      assertThat(put(us, "shop-eu", other, GivenDocument.encode(two.given(acme, List.of())))).contains("HR-9");
      HttpRequest back =
          HttpRequest.newBuilder(two.euUrl().resolve("/peer/v1/targets/shop-eu/tenants/" + acme + "?incarnation=" + other)).DELETE().build();
      assertThat(us.send(back, HttpResponse.BodyHandlers.discarding()).statusCode()).as("of another incarnation").isEqualTo(204);
    }
    assertThat(two.guests().keyGenerations(other)).isZero();
    two.insert("acme", 101, 200);
    two.arrives("acme");
    two.target.execute("UPDATE helios.replica SET epoch = 9");
    two.insert("acme", 201, 300);
    TenantStatus fenced = two.becomes(acme, TenantState.FAILED);
    assertThat(Objects.requireNonNull(fenced.error()).code()).isEqualTo(ErrorCode.APPLIER_FENCED);
    assertThat(two.target.value("SELECT count(*) FROM orders")).isEqualTo("200");
  }

  private String put(HttpClient client, String target, UUID tenant, byte[] body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(two.euUrl().resolve("/peer/v1/targets/" + target + "/tenants/" + tenant))
            .PUT(HttpRequest.BodyPublishers.ofByteArray(body))
            .build();
    HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).isBetween(400, 499);
    return answer.body();
  }

  @Test
  void aRegionThatTheTargetDoesNotNameGivesNothing() throws Exception {
    two.stopEu();
    two.regions = "";
    two.startEu();
    two.home();
    UUID acme = two.stream("acme");
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
