package io.helios.repl.tests.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.peer.GivenDocument;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.seal.SealedKey;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tenant whose source is in one region and whose target is in another one, where that region's server applies it. */
class SecondRegionTest {

  @TempDir static Path directory;

  private static TwoRegions two;
  private static FaultProxy toEu;

  @BeforeAll
  static void start() throws Exception {
    List<FaultProxy> proxies = new ArrayList<>();
    two =
        new TwoRegions(
            directory,
            port -> {
              FaultProxy proxy = new FaultProxy(port);
              proxies.add(proxy);
              return proxy.port();
            });
    toEu = proxies.getLast(); // the first one is on the way to the home server
    for (String tenant : List.of("acme", "globex", "hooli", "initech", "umbrella")) {
      two.insert(tenant, 1, 100);
    }
    two.startEu();
    two.startUs();
  }

  @AfterAll
  static void stop() {
    two.close();
    toEu.close();
  }

  @Test
  void aTenantStreamsToTheOtherRegionWhereItsServerAppliesIt() throws Exception {
    UUID acme = two.stream("acme");
    two.insert("acme", 101, 200);
    two.source.execute(
        "UPDATE orders SET note = 'changed' WHERE tenant_id = 'acme' AND id <= 50",
        "DELETE FROM orders WHERE tenant_id = 'acme' AND id = 60");
    two.arrives("acme");
    assertThat(two.home().status(acme).error()).isNull();
    assertThat(two.guests().keyGenerations(acme)).as("opened there").isEqualTo(1);
    assertThat(two.guests().keyGenerations(TwoRegions.id("nobody"))).isZero();
  }

  @Test
  @Tag("long")
  void aKeyThatIsChangedReachesThePeerAndOneThatIsShreddedIsGoneThere() throws Exception {
    UUID globex = two.stream("globex");
    two.stream("umbrella");
    two.arrives("globex");
    // Frames with the new key come by a line of their own, before the key does.
    toEu.set(FaultProxy.Direction.TO_SERVER, new FaultProxy.Delay(Duration.ofMillis(300)));
    for (int generation = 2; generation <= 4; generation++) {
      assertThat(two.home().rotateKey(globex)).isEqualTo(generation);
      two.insert("globex", 1000 * generation, 1000 * generation + 200);
      two.arrives("globex");
    }
    toEu.heal();
    assertThat(two.home().status(globex).state()).isEqualTo(TenantState.STREAMING);
    assertThat(two.guests().keyGenerations(globex)).isEqualTo(4);
    two.home().shredKey(globex);
    two.becomes(globex, TenantState.NEEDS_RESYNC);
    await().atMost(TwoRegions.PATIENCE).until(() -> two.guests().keyGenerations(globex) == 0);
    two.insert("globex", 9000, 9100);
    two.home().resyncTenant(globex);
    two.becomes(globex, TenantState.STREAMING);
    two.arrives("globex");
    assertThat(two.guests().keyGenerations(globex)).isEqualTo(1);
    two.home().removeTenant(globex, false);
    await().atMost(TwoRegions.PATIENCE).until(() -> two.guests().keyGenerations(globex) == 0);
    two.insert("umbrella", 101, 200);
    two.arrives("umbrella");
  }

  @Test
  @Tag("long")
  void aTenantIsPausedVerifiedAndFollowsItsSchemaAcrossTheSea() throws Exception {
    UUID initech = two.stream("initech");
    two.insert("initech", 101, 200);
    two.home().pauseTenant(initech);
    two.becomes(initech, TenantState.PAUSED);
    two.insert("initech", 201, 300);
    long there = Long.parseLong(two.target.value("SELECT count(*) FROM orders WHERE tenant_id = 'initech'"));
    two.home().resumeTenant(initech);
    two.arrives("initech");
    assertThat(there).isLessThanOrEqualTo(200);
    two.source.execute("ALTER TABLE orders ADD COLUMN price numeric(10,2) DEFAULT 7.5");
    two.insert("initech", 301, 400);
    two.arrives("initech");
    assertThat(two.target.value("SELECT count(*) FROM orders WHERE tenant_id = 'initech' AND price = 7.5")).isEqualTo("400");
    assertThat(Fleet.await(two.home().verify(initech, TwoRegions.PATIENCE), TwoRegions.PATIENCE).equal()).isTrue();
  }

  @Test
  void whatIsNotGivenAsItShouldBeIsRefusedAndLeavesNothing() throws Exception {
    UUID hooli = two.stream("hooli");
    two.arrives("hooli");
    UUID other = UUID.randomUUID();
    SealedKey forged = new SealedKey(other, 1, TwoRegions.US, TwoRegions.EU, new byte[80]);
    try (HttpClient us = two.client(TwoRegions.US)) {
      assertThat(put(us, "shop-eu", other, "{}".getBytes(StandardCharsets.UTF_8))).contains("HR-9");
      assertThat(put(us, "shop-eu", other, GivenDocument.encode(two.given(other, List.of(forged))))).contains("HR-4302");
      assertThat(put(us, "elsewhere", other, GivenDocument.encode(two.given(other, List.of())))).contains("HR-4312");
      assertThat(put(us, "shop-eu", other, GivenDocument.encode(two.given(hooli, List.of())))).contains("HR-9");
      HttpRequest back =
          HttpRequest.newBuilder(two.euUrl().resolve("/peer/v1/targets/shop-eu/tenants/" + hooli + "?incarnation=" + other)).DELETE().build();
      assertThat(us.send(back, HttpResponse.BodyHandlers.discarding()).statusCode()).as("of another incarnation").isEqualTo(204);
    }
    assertThat(two.guests().keyGenerations(other)).isZero();
    two.insert("hooli", 101, 200);
    two.arrives("hooli");
    two.target.execute("UPDATE helios.replica SET epoch = 9 WHERE tenant_key = 'hooli'");
    two.insert("hooli", 201, 300);
    TenantStatus fenced = two.becomes(hooli, TenantState.FAILED);
    assertThat(Objects.requireNonNull(fenced.error()).code()).isEqualTo(ErrorCode.APPLIER_FENCED);
    assertThat(two.target.value("SELECT count(*) FROM orders WHERE tenant_id = 'hooli'")).isEqualTo("200");
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
}
