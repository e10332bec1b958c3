package io.helios.repl.tui.model;

import io.helios.repl.tui.fleet.Objective;
import io.helios.repl.tui.fleet.Standing;
import io.helios.repl.tui.fleet.Tenant;
import java.util.Comparator;
import java.util.Locale;

/** In which order tenants are listed. What is equal stands by name, so that lines do not dance. */
public enum Sort {
  /** What is wrong first: lagging ones by how far they are behind; those that are well by name. */
  TROUBLE(
      Comparator.<Tenant, Standing>comparing(Standing::of)
          .thenComparing(
              (a, b) -> Standing.of(a).gravity() == Standing.Gravity.WELL ? 0 : Double.compare(lag(b), lag(a)))),
  LAG(Comparator.<Tenant>comparingDouble(Sort::lag).reversed()),
  BEHIND(Comparator.<Tenant>comparingLong(t -> t.lagBytes() == null ? -1 : t.lagBytes()).reversed()),
  ROWS(Comparator.<Tenant>comparingDouble(Tenant::rowsPerSecond).reversed()),
  BUDGET(Comparator.comparingDouble(Sort::budgetLeft)),
  TIER(Comparator.comparing(Tenant::tier)),
  NAME(Comparator.comparing(Tenant::name));

  private final Comparator<Tenant> order;

  Sort(Comparator<Tenant> order) {
    this.order = order.thenComparing(Tenant::name);
  }

  Comparator<Tenant> order() {
    return order;
  }

  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  Sort next(int steps) {
    return values()[Math.floorMod(ordinal() + steps, values().length)];
  }

  private static double lag(Tenant tenant) {
    Double lag = tenant.lagSeconds();
    return lag == null ? -1 : lag;
  }

  private static double budgetLeft(Tenant tenant) {
    Objective objective = tenant.objective();
    return objective == null ? Double.MAX_VALUE : objective.budgetLeft();
  }
}
