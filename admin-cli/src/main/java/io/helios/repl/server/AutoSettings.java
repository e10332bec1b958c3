package io.helios.repl.server;

import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * For whom the automatic failover is on. What is said of a tenant comes before what is said of its tier, and that before what is said of all;
 * where nothing is said it is off. A pause that concerns the tenant in any of these ways goes before all of it. Pure.
 */
record AutoSettings(List<Line> lines) {

  AutoSettings {
    lines = List.copyOf(lines);
  }

  enum Scope {
    TENANT,
    TIER,
    ALL
  }

  /**
   * @param subject the tenant's id or the tier's label; empty for all
   * @param automatic null where nothing was said but a pause
   * @param offUntil the end of a pause; null for none
   */
  record Line(Scope scope, String subject, @Nullable Boolean automatic, @Nullable Instant offUntil, String who, Instant at) {

    private boolean concerns(UUID tenant, Tier tier) {
      return switch (scope) {
        case TENANT -> subject.equals(tenant.toString());
        case TIER -> subject.equals(tier.label());
        case ALL -> true;
      };
    }
  }

  /** Until when it is held back for the tenant, though it may be on. */
  Optional<Instant> pausedUntil(Tenant tenant, Instant now) {
    Instant latest = now;
    for (Line line : lines) {
      Instant until = line.offUntil();
      if (until != null && until.isAfter(latest) && line.concerns(tenant.id(), tenant.tier())) {
        latest = until;
      }
    }
    return latest.equals(now) ? Optional.empty() : Optional.of(latest);
  }

  boolean isOn(Tenant tenant) {
    for (Scope scope : Scope.values()) {
      for (Line line : lines) {
        if (line.scope() == scope && line.automatic() != null && line.concerns(tenant.id(), tenant.tier())) {
          return line.automatic();
        }
      }
    }
    return false;
  }

  /** Whether it is failed over without being asked for now. */
  boolean isAutomatic(Tenant tenant, Instant now) {
    return isOn(tenant) && pausedUntil(tenant, now).isEmpty();
  }
}
