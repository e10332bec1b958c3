package io.helios.repl.pipeline;

import io.helios.repl.error.Backoff;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * When each tenant of a source is reconciled next: once an interval, the first time somewhere within the first one, by chance,
 * so that they are spread over it, after a restart too. One that failed is tried again after a pause that grows up to the
 * interval. Pure; one thread's.
 */
final class ReconcileSchedule {

  private static final Duration FIRST_PAUSE = Duration.ofSeconds(2);

  private final long everyNanos;
  private final Backoff retry;
  private final RandomGenerator chance;
  private final Map<UUID, Due> due = new HashMap<>();

  private record Due(long atNanos, int failures) {}

  ReconcileSchedule(Duration every, RandomGenerator chance) {
    this.everyNanos = every.toNanos();
    this.retry = new Backoff(every.compareTo(FIRST_PAUSE) < 0 ? every : FIRST_PAUSE, every);
    this.chance = chance;
  }

  /**
   * Whose turn it is: of those that are ready, who has been due for longest.
   *
   * @param tenants all there are; who is not among them is forgotten, who is new comes within an interval
   */
  Optional<UUID> next(Set<UUID> tenants, Predicate<UUID> ready, long now) {
    due.keySet().retainAll(tenants);
    tenants.forEach(tenant -> due.computeIfAbsent(tenant, any -> new Due(now + chance.nextLong(everyNanos), 0)));
    return due.entrySet().stream()
        .filter(entry -> entry.getValue().atNanos() - now <= 0 && ready.test(entry.getKey()))
        .min(Comparator.comparingLong(entry -> entry.getValue().atNanos() - now))
        .map(Map.Entry::getKey);
  }

  /** It was reconciled: the next time an interval after this one was due, or after now when that is over already. */
  void done(UUID tenant, long now) {
    due.computeIfPresent(tenant, (id, was) -> {
      long next = was.atNanos() + everyNanos;
      return new Due(next - now > 0 ? next : now + everyNanos, 0);
    });
  }

  void failed(UUID tenant, long now) {
    due.computeIfPresent(
        tenant,
        (id, was) -> new Due(now + retry.pause(was.failures() + 1, chance).toNanos(), was.failures() + 1));
  }

  /** How long the one that has waited longest of those that are ready is overdue; zero when none is. */
  Duration overdue(Predicate<UUID> ready, long now) {
    return due.entrySet().stream()
        .filter(entry -> ready.test(entry.getKey()))
        .map(entry -> now - entry.getValue().atNanos())
        .filter(late -> late > 0)
        .max(Comparator.naturalOrder())
        .map(Duration::ofNanos)
        .orElse(Duration.ZERO);
  }
}
