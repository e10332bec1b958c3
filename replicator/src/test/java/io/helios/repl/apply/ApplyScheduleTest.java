package io.helios.repl.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameSource;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ApplyScheduleTest {

  private static final FrameSource NO_FRAMES = new FrameSource() {
    @Override
    public List<Frame> fetch(UUID tenant, long afterPosition, long fromSequence, int maxBytes) {
      return List.of();
    }

    @Override
    public long capturedUpTo() {
      return 0;
    }

    @Override
    public void acknowledge(UUID tenant, long position) {}

    @Override
    public Arrivals arrivals(long mark, Duration timeout) {
      return new Arrivals(mark, List.of());
    }
  };

  private long now;
  private final ApplySchedule schedule = new ApplySchedule(() -> now, 100);

  private ReplicaTenant add(String name, Tier tier) {
    ReplicaTenant replica = tenant(name, tier);
    schedule.add(replica);
    return replica;
  }

  private static ReplicaTenant tenant(String name) {
    return tenant(name, Tier.STANDARD);
  }

  private static ReplicaTenant tenant(String name, Tier tier) {
    Tenant tenant = new Tenant(UUID.randomUUID(), name, name, "s", "t", TableFilter.ALL, tier, Duration.ofSeconds(5),
        ConflictPolicy.SOURCE_WINS, 1);
    return new ReplicaTenant(tenant, new Replicated(new Tenancy.ByDatabase(), false, "s", 1, "r"), NO_FRAMES);
  }

  private List<String> names(List<ReplicaTenant> tenants) {
    return tenants.stream().map(t -> t.tenant().name()).toList();
  }

  @Test
  void higherTiersGoFirstAndLowerOnesGoOn() {
    for (int i = 0; i < 20; i++) {
      add("premium", Tier.PREMIUM);
      add("standard", Tier.STANDARD);
      add("best", Tier.BEST_EFFORT);
    }
    Map<String, Integer> turns = new HashMap<>();
    for (int i = 0; i < 130; i++) {
      ReplicaTenant tenant = schedule.claim(1, 1).getFirst();
      turns.merge(tenant.tenant().name(), 1, Integer::sum);
      schedule.giveBack(tenant, ApplySchedule.Outcome.MORE);
    }
    assertThat(turns).containsEntry("premium", 90).containsEntry("standard", 30).containsEntry("best", 10);
  }

  @Test
  void aChangedTierCountsFromTheNextTurnOnAndLosesNobodyWhoWaitsInLine() {
    ReplicaTenant waiting = add("waiting", Tier.BEST_EFFORT);
    ReplicaTenant other = add("other", Tier.STANDARD);
    waiting.change(
        new Tenant(waiting.id(), "waiting", "waiting", "s", "t", TableFilter.ALL, Tier.PREMIUM, Duration.ofSeconds(5),
            ConflictPolicy.STOP, 1));
    assertThat(waiting.tenant().tier()).as("one declaration from a turn's first to its last step").isEqualTo(Tier.BEST_EFFORT);
    assertThat(schedule.claim(2, 1)).containsExactlyInAnyOrder(waiting, other);
    assertThat(waiting.tenant().tier()).isEqualTo(Tier.PREMIUM);
    assertThat(waiting.tenant().conflicts()).isEqualTo(ConflictPolicy.STOP);
    schedule.giveBack(waiting, ApplySchedule.Outcome.MORE);
    schedule.giveBack(other, ApplySchedule.Outcome.MORE);
    assertThat(names(schedule.claim(1, 1))).containsExactly("waiting");
    schedule.giveBackUntouched(waiting);
    assertThat(schedule.remove(waiting.id())).isCompleted();
    assertThat(schedule.claim(8, 1)).as("it left the line that it stood in").containsExactly(other);
  }

  @Test
  void aLowTierAloneHasAllTurns() {
    ReplicaTenant best = add("best", Tier.BEST_EFFORT);
    assertThat(schedule.claim(8, 1)).containsExactly(best);
  }

  @Test
  void withinATierItIsRoundRobin() {
    add("a", Tier.STANDARD);
    add("b", Tier.STANDARD);
    add("c", Tier.STANDARD);
    List<String> order = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      ReplicaTenant tenant = schedule.claim(1, 1).getFirst();
      order.add(tenant.tenant().name());
      schedule.giveBack(tenant, ApplySchedule.Outcome.MORE);
    }
    assertThat(order).containsExactly("a", "b", "c", "a", "b", "c");
  }

  @Test
  void workersShareWhatWaits() {
    for (int i = 0; i < 10; i++) {
      add("t" + i, Tier.STANDARD);
    }
    assertThat(schedule.claim(128, 4)).hasSize(3);
    assertThat(schedule.claim(2, 4)).hasSize(2);
    assertThat(schedule.claim(128, 1)).hasSize(5);
  }

  @Test
  void aSignalWhileClaimedBringsTheTenantBackOnce() {
    ReplicaTenant a = add("a", Tier.STANDARD);
    schedule.claim(1, 1);
    assertThat(schedule.claim(1, 1)).isEmpty();
    schedule.signal(a.id());
    schedule.signal(a.id());
    schedule.giveBack(a, ApplySchedule.Outcome.IDLE);
    assertThat(names(schedule.claim(5, 1))).containsExactly("a");
    schedule.giveBack(a, ApplySchedule.Outcome.IDLE);
    assertThat(schedule.claim(5, 1)).isEmpty();
  }

  @Test
  void aTenantThatFailedWaitsForItsTimeAndAStoppedOneForSomebody() {
    ReplicaTenant a = add("a", Tier.STANDARD);
    schedule.claim(1, 1);
    schedule.giveBackLater(a, 100);
    schedule.signal(a.id());
    assertThat(schedule.claim(1, 1)).isEmpty();
    now = 100;
    assertThat(schedule.claim(1, 1)).containsExactly(a);
    schedule.giveBack(a, ApplySchedule.Outcome.STOPPED);
    schedule.signal(a.id());
    assertThat(schedule.claim(1, 1)).isEmpty();
    schedule.resume(a.id());
    assertThat(schedule.claim(1, 1)).containsExactly(a);
  }

  @Test
  void removalOfAClaimedTenantCompletesWhenItIsGivenBack() {
    ReplicaTenant a = add("a", Tier.STANDARD);
    schedule.claim(1, 1);
    CompletableFuture<Void> removed = schedule.remove(a.id());
    assertThat(removed).isNotDone();
    schedule.giveBack(a, ApplySchedule.Outcome.MORE);
    assertThat(removed).isDone();
    assertThat(schedule.claim(1, 1)).isEmpty();
    assertThat(schedule.remove(a.id())).isDone();
  }

  @Test
  void onlySoManyTurnsRunAtOnceButForThoseThatTakeLong() {
    ApplySchedule narrow = new ApplySchedule(() -> now, 1);
    ReplicaTenant a = tenant("a");
    ReplicaTenant b = tenant("b");
    narrow.add(a);
    narrow.add(b);
    assertThat(narrow.claim(1, 1)).containsExactly(a);
    assertThat(narrow.claim(1, 1)).isEmpty();
    narrow.giveBack(a, ApplySchedule.Outcome.IDLE);
    assertThat(narrow.claim(1, 1)).containsExactly(b);
    narrow.signal(a.id());
    assertThat(narrow.claim(1, 1)).isEmpty();
    now += Duration.ofMillis(500).toNanos();
    assertThat(narrow.claim(1, 1)).as("b's target makes it wait").containsExactly(a);
  }
}
