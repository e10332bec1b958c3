package io.helios.repl.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.pipeline.CopyThrottle.Pace;
import io.helios.repl.postgres.ConnectionScope;
import io.helios.repl.postgres.ConnectionStrings;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who makes whose copy wait, and how long a copy waits at the most; on a clock that is moved by hand. */
class CopyLoadTest {

  private static final CopyLimits LIMITS = new CopyLimits(Duration.ofSeconds(1), Duration.ofMillis(50), 1000);
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final AtomicLong nanos = new AtomicLong();
  private final AtomicLong looks = new AtomicLong();
  private final Ticker ticker =
      new Ticker() {
        @Override
        public long nanos() {
          looks.incrementAndGet();
          return nanos.get();
        }

        @Override
        public Instant now() {
          return START.plusNanos(nanos.get());
        }
      };
  private final List<TenantStatus> tenants = new ArrayList<>();
  private final List<String> told = new ArrayList<>();

  /** Nobody asks the databases here. */
  private final CopyLoad load =
      new CopyLoad(LIMITS, () -> tenants, task -> {}, (tenant, kind, what) -> told.add(tenant.name() + ": " + what), ticker);

  private CopyLane copy(String name) {
    return enter(name, "copy");
  }

  private CopyLane enter(String name, String work) {
    Tenant tenant =
        new Tenant(
            UUID.randomUUID(), name, name, "shop", "eu", TableFilter.ALL, Tier.STANDARD, Duration.ofSeconds(5),
            ConflictPolicy.SOURCE_WINS, 1);
    var database = ConnectionStrings.parse("postgresql://nobody@127.0.0.1:1/nothing", null);
    return load.enter(
        tenant,
        work,
        new SourceSettings("shop", database, new Tenancy.ByColumn("t"), TableFilter.ALL, null, "p", "s", "here"),
        new TargetSettings("eu", database, "there"));
  }

  private void streams(String name, String target, double lag, long lagBytes, Instant since) {
    tenants.removeIf(t -> t.tenant().equals(name));
    tenants.add(
        new TenantStatus(
            name, TenantState.STREAMING, "shop", target, "standard", 1, lag, lagBytes, 5, 0, null, null,
            TenantStatus.CopyProgress.NONE, 0, 0, 0, since, null, null, "here", "there", null));
  }

  private void seconds(long seconds) {
    nanos.addAndGet(Duration.ofSeconds(seconds).toNanos());
    load.look();
  }

  @Test
  void aLaggingTenantOfThatTargetHoldsTheCopyFromItsFirstByteUntilItHasCaughtUp() {
    streams("a", "eu", 3.2, 100, START.minusSeconds(60));
    CopyLane lane = copy("b");
    assertThat(lane.held()).isEqualTo("lag of tenant \"a\" 3.2 s over 1.0 s");
    streams("a", "eu", 0.5, 100, START.minusSeconds(60));
    seconds(1);
    assertThat(lane.held()).isNull();
    assertThat(told)
        .containsExactly("b: copy throttled: lag of tenant \"a\" 3.2 s over 1.0 s", "b: the copy goes on at full speed");
  }

  @Test
  void tenantsOfOtherTargetsAndThoseThatWaitForTheirSourceHoldNobody() {
    streams("a", "elsewhere", 60, 100, START.minusSeconds(60));
    streams("c", "eu", 60, 0, START.minusSeconds(60));
    assertThat(copy("b").held()).isNull();
    assertThat(told).isEmpty();
  }

  /** The applier stands still while its snapshots are taken: that lag is its own, and no reason to hold it longer. */
  @Test
  void aVerificationStepsBackForOthersAndNotForItsOwnTenant() {
    streams("b", "eu", 60, 100, START.minusSeconds(60));
    CopyLane lane = enter("b", "verification");
    assertThat(lane.held()).isNull();
    streams("a", "eu", 2, 100, START.minusSeconds(60));
    seconds(1);
    assertThat(lane.held()).contains("tenant \"a\" 2.0 s");
    assertThat(told).containsExactly("b: verification throttled: lag of tenant \"a\" 2.0 s over 1.0 s");
  }

  @Test
  void whoHasJustBeenCopiedCountsOnceItHasCaughtUp() {
    CopyLane lane = copy("b");
    streams("a", "eu", 30, 100, START.plusSeconds(5));
    seconds(6);
    assertThat(lane.held()).isNull();
    streams("a", "eu", 0.2, 100, START.plusSeconds(5));
    seconds(1);
    streams("a", "eu", 2, 100, START.plusSeconds(5));
    seconds(1);
    assertThat(lane.held()).contains("tenant \"a\" 2.0 s");
  }

  @Test
  void aPaceThatChangesOftenIsToldOnceAMinute() {
    streams("a", "eu", 0, 0, START.minusSeconds(60));
    copy("b");
    for (int i = 0; i < 10; i++) {
      streams("a", "eu", 3, 100, START.minusSeconds(60));
      seconds(1);
      streams("a", "eu", 0, 0, START.minusSeconds(60));
      seconds(1);
    }
    assertThat(told).hasSize(2);
    nanos.addAndGet(Duration.ofMinutes(1).toNanos());
    streams("a", "eu", 3, 100, START.minusSeconds(60));
    seconds(1);
    assertThat(told).hasSize(3);
  }

  @Test
  void atFullSpeedNoBufferWaits() {
    CopyLane lane = copy("b");
    lane.pass(1 << 20, new ConnectionScope());
    assertThat(lane.waits()).isZero();
  }

  @Test
  @Timeout(60)
  void sessionsShareTheFloorAndEachBufferWaitsForItsOwnPieceOfTime() throws Exception {
    CopyLane lane = copy("b");
    lane.pace(new Pace(100, "as a test"));
    BlockingQueue<Long> passed = new LinkedBlockingQueue<>();
    for (int session = 0; session < 2; session++) {
      Thread.ofVirtual().start(() -> {
        lane.pass(100, new ConnectionScope());
        passed.add(nanos.get());
      });
    }
    while (lane.waits() < 2) {
      Thread.onSpinWait();
    }
    assertThat(passed).isEmpty();
    long second = Duration.ofSeconds(1).toNanos();
    nanos.set(second);
    assertThat(passed.take()).isEqualTo(second);
    long seen = looks.get();
    while (looks.get() < seen + 2 && passed.isEmpty()) {
      Thread.onSpinWait();
    }
    assertThat(passed).as("the other one has looked at the clock again").isEmpty();
    nanos.set(2 * second);
    assertThat(passed.take()).isEqualTo(2 * second);
  }

  @Test
  void aCopyThatIsBrokenOffDoesNotWait() {
    CopyLane lane = copy("b");
    lane.pace(new Pace(1, "as a test"));
    ConnectionScope scope = new ConnectionScope();
    scope.cancel();
    assertThatThrownBy(() -> lane.pass(1 << 20, scope)).isInstanceOf(CancellationException.class);
  }
}
