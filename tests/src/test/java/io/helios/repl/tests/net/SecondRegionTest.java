package io.helios.repl.tests.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tenant whose source is in one region and whose target is in another one, where that region's server applies it. */
class SecondRegionTest {

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
    assertThat(two.target.query("SELECT DISTINCT application_name FROM pg_stat_activity WHERE application_name LIKE '%apply%'"))
        .isNotEmpty();
  }

  @Test
  void eitherServerMayBeginAnewAndEverythingArrivesOnce() throws Exception {
    UUID acme = two.stream("acme");
    two.arrives("acme");
    two.stopEu();
    two.insert("acme", 101, 200);
    await().atMost(TwoRegions.PATIENCE).untilAsserted(() -> {
      TenantStatus status = two.home().status(acme);
      assertThat(status.state()).isEqualTo(TenantState.STREAMING);
      assertThat(Objects.requireNonNull(status.error()).code()).isEqualTo(ErrorCode.PEER_UNREACHABLE);
    });
    two.startEu();
    two.arrives("acme");
    assertThat(two.home().status(acme).error()).isNull();
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
