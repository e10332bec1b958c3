package io.helios.repl.pipeline;

import io.helios.repl.status.TenantStatus;
import io.helios.repl.tenant.Tier;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which tenants metrics tell apart: so many at the most, premium ones first, and within a tier those that have been told apart
 * already, so that no series comes and goes. The others share {@value #OTHERS}. The supervisor's thread owns it.
 */
final class LabelledTenants {

  static final String OTHERS = "_other";

  private static final Comparator<TenantStatus> BY_TIER =
      Comparator.comparingInt(tenant -> Tier.of(tenant.tier()).ordinal());

  private final int most;
  private Set<String> labelled = Set.of();
  private Set<String> seen = Set.of();

  LabelledTenants(int most) {
    this.most = most;
  }

  /** Looks who is there now. */
  void look(Collection<TenantStatus> tenants) {
    Set<String> now = new HashSet<>();
    tenants.forEach(tenant -> now.add(tenant.tenant()));
    if (now.equals(seen)) {
      return;
    }
    seen = now;
    Set<String> before = labelled;
    List<TenantStatus> ordered =
        tenants.stream()
            .sorted(
                BY_TIER
                    .thenComparing(tenant -> !before.contains(tenant.tenant()))
                    .thenComparing(TenantStatus::tenant))
            .toList();
    Set<String> next = new HashSet<>();
    ordered.stream().limit(most).forEach(tenant -> next.add(tenant.tenant()));
    labelled = next;
  }

  /** The tenant's name, or {@value #OTHERS}. */
  String label(String tenant) {
    return labelled.contains(tenant) ? tenant : OTHERS;
  }
}
