package io.helios.repl.server;

import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** In which order the tenants of a source are moved, when all of them are. Pure. */
enum DrainOrder {
  NAME(Comparator.comparing(TenantStatus::tenant)),

  /** Who writes least comes first. Of one that does not stream nobody knows how much it writes: those come last. */
  QUIETEST(
      Comparator.<TenantStatus, Boolean>comparing(status -> status.state() != TenantState.STREAMING)
          .thenComparing(TenantStatus::rowsPerSecond)
          .thenComparing(TenantStatus::tenant));

  private final Comparator<TenantStatus> order;

  DrainOrder(Comparator<TenantStatus> order) {
    this.order = order;
  }

  static Optional<DrainOrder> of(String word) {
    return Stream.of(values()).filter(order -> order.name().toLowerCase(Locale.ROOT).equals(word)).findFirst();
  }

  /** The names of the tenants that have that source. */
  List<String> of(String source, Collection<TenantStatus> all) {
    return all.stream().filter(status -> status.source().equals(source)).sorted(order).map(TenantStatus::tenant).toList();
  }
}
