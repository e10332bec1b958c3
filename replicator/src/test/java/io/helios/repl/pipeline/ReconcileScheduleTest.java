package io.helios.repl.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ReconcileScheduleTest {

  private static final long EVERY = Duration.ofMinutes(10).toNanos();
  private static final long STEP = Duration.ofMillis(100).toNanos();

  private final ReconcileSchedule schedule = new ReconcileSchedule(Duration.ofNanos(EVERY), new Random(42));
  private final Set<UUID> tenants = new HashSet<>();

  private UUID tenant() {
    UUID id = UUID.randomUUID();
    tenants.add(id);
    return id;
  }

  /** All that come between two moments, each done at once. */
  private List<UUID> run(long from, long to) {
    List<UUID> done = new ArrayList<>();
    for (long now = from; now < to; now += STEP) {
      Optional<UUID> next = schedule.next(tenants, id -> true, now);
      long at = now;
      next.ifPresent(id -> {
        done.add(id);
        schedule.done(id, at);
      });
    }
    return done;
  }

  @Test
  void eachComesOnceAnIntervalAndTheyAreSpreadOverIt() {
    for (int i = 0; i < 200; i++) {
      tenant();
    }
    long begin = -5; // the clock may stand anywhere
    for (int quarter = 0; quarter < 8; quarter++) {
      assertThat(run(begin + quarter * EVERY / 4, begin + (quarter + 1) * EVERY / 4)).hasSizeBetween(25, 75);
    }
    Map<UUID, Integer> times = new HashMap<>();
    run(begin + 2 * EVERY, begin + 5 * EVERY).forEach(id -> times.merge(id, 1, Integer::sum));
    assertThat(times).hasSize(200);
    assertThat(times.values()).allSatisfy(count -> assertThat(count).isBetween(2, 4));
  }

  @Test
  void oneThatWasNotReadyComesAsSoonAsItIsAndWhoHasWaitedLongestComesFirst() {
    UUID first = tenant();
    schedule.next(tenants, id -> false, 0);
    UUID second = tenant();
    schedule.next(tenants, id -> false, EVERY);
    assertThat(schedule.next(tenants, id -> false, 3 * EVERY)).isEmpty();
    assertThat(schedule.overdue(id -> true, 3 * EVERY)).isBetween(Duration.ofNanos(2 * EVERY), Duration.ofNanos(3 * EVERY));
    assertThat(schedule.next(tenants, id -> true, 3 * EVERY)).contains(first);
    assertThat(schedule.next(tenants, second::equals, 3 * EVERY)).contains(second);
    schedule.done(first, 3 * EVERY);
    assertThat(schedule.next(tenants, first::equals, 4 * EVERY - 1)).as("what is late is not caught up on").isEmpty();
    assertThat(schedule.next(tenants, first::equals, 4 * EVERY)).contains(first);
  }

  @Test
  void oneThatFailedIsTriedAgainSoonThenEverMoreSlowlyButOnceAnIntervalAtLeast() {
    UUID id = tenant();
    schedule.next(tenants, any -> true, 0);
    long now = EVERY;
    List<Long> pauses = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      schedule.failed(id, now);
      long at = now;
      while (schedule.next(tenants, any -> true, at).isEmpty()) {
        at += STEP;
      }
      pauses.add(at - now);
      now = at;
    }
    assertThat(pauses.getFirst()).isLessThanOrEqualTo(Duration.ofSeconds(3).toNanos());
    assertThat(pauses.getLast()).isBetween(EVERY / 2, EVERY + STEP);
  }

  @Test
  void whoIsGoneIsForgotten() {
    UUID id = tenant();
    schedule.next(tenants, any -> true, 0);
    tenants.clear();
    assertThat(schedule.next(tenants, any -> true, 2 * EVERY)).isEmpty();
    assertThat(schedule.overdue(any -> true, 2 * EVERY)).isZero();
    schedule.done(id, 2 * EVERY);
    assertThat(schedule.next(Set.of(), any -> true, 4 * EVERY)).isEmpty();
  }
}
