package io.helios.repl.capture;

import io.helios.repl.tenant.Tier;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Commits of these tenants are acknowledged to their clients when their replicas have them. PostgreSQL makes them wait: the
 * stream of the slot is a standby that {@code synchronous_standby_names} names, by the slot's name, and sessions with {@code
 * synchronous_commit = remote_apply} wait for what it says is applied ({@code src/backend/replication/syncrep.c}).
 *
 * @param tiers whose tenants are waited for
 * @param degradeAfter for so long a replica may be behind, or out of reach, before commits are acknowledged without it; null
 *     when they wait for it however long it takes
 */
public record Synchronous(Set<Tier> tiers, @Nullable Duration degradeAfter) {

  public static final Duration DEGRADE_AFTER = Duration.ofSeconds(10);

  public Synchronous {
    tiers = Set.copyOf(tiers);
    if (tiers.isEmpty()) {
      throw new IllegalArgumentException("nobody to wait for");
    }
  }
}
