package io.helios.repl.pipeline;

import io.helios.repl.apply.AppliedStatus;
import io.helios.repl.status.TenantStatus;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes counters that only grow out of what tenants have counted since they were attached, which begins anew with each of
 * their lives. Tables are told apart up to a bound, too; beyond it, and for tenants that share a label, they share {@value
 * LabelledTenants#OTHERS}. The supervisor's thread owns it.
 */
final class TenantCounters {

  private static final List<String> TENANT_COUNTERS =
      List.of(
          "helios.repl.apply.rows", "helios.repl.apply.transactions", "helios.repl.conflicts", "helios.repl.lag.outside.seconds",
          "helios.repl.lag.measured.seconds");

  private final MeterRegistry registry;
  private final int mostTables;
  private final Map<String, Counted> counted = new HashMap<>();
  private final Map<String, Set<String>> tables = new HashMap<>();
  private int tableCount;

  /** What of a tenant is in the counters already. */
  private record Counted(
      String label, @Nullable AppliedStatus applied, long sealedBytes, long rawBytes, ObjectiveMeter.Totals objective) {}

  /** @param mostTables how many tables, of all tenants together, have series of their own */
  TenantCounters(MeterRegistry registry, int mostTables) {
    this.registry = registry;
    this.mostTables = mostTables;
  }

  /** @param label what the tenant is called in metrics */
  void count(Meters.Sample sample, String label) {
    TenantStatus status = sample.status();
    Counted before = counted.get(status.tenant());
    if (before == null) {
      before = new Counted(label, null, 0, 0, new ObjectiveMeter.Totals(0, 0));
    } else if (!before.label().equals(label)) {
      forgetLabel(before.label());
    }
    grow("helios.repl.sealed.bytes", Tags.empty(), before.sealedBytes(), status.sealedBytes());
    grow("helios.repl.raw.bytes", Tags.empty(), before.rawBytes(), status.rawBytes());
    Tags tenant = Tags.of("tenant", label);
    grow("helios.repl.lag.outside.seconds", tenant, before.objective().outsideSeconds(), sample.objective().outsideSeconds());
    grow("helios.repl.lag.measured.seconds", tenant, before.objective().measuredSeconds(), sample.objective().measuredSeconds());
    AppliedStatus applied = sample.applied();
    if (applied != null && applied != before.applied()) {
      count(label, tenant, before.applied(), applied);
    }
    counted.put(
        status.tenant(),
        new Counted(
            label,
            applied == null ? before.applied() : applied,
            status.sealedBytes(),
            status.rawBytes(),
            sample.objective()));
  }

  private void count(String label, Tags tenant, @Nullable AppliedStatus before, AppliedStatus now) {
    grow("helios.repl.apply.transactions", tenant, before == null ? 0 : before.transactions(), now.transactions());
    now.tables()
        .forEach(
            (table, rows) -> {
              AppliedStatus.Rows had =
                  before == null ? AppliedStatus.Rows.NONE : before.tables().getOrDefault(table, AppliedStatus.Rows.NONE);
              if (!rows.equals(had)) {
                Tags tags = tenant.and("table", table(label, table));
                grow("helios.repl.apply.rows", tags.and("op", "insert"), had.inserts(), rows.inserts());
                grow("helios.repl.apply.rows", tags.and("op", "update"), had.updates(), rows.updates());
                grow("helios.repl.apply.rows", tags.and("op", "delete"), had.deletes(), rows.deletes());
              }
            });
    now.conflictCounts()
        .forEach(
            (conflict, count) ->
                grow(
                    "helios.repl.conflicts",
                    tenant.and("table", table(label, conflict.table())).and("kind", conflict.kind()),
                    before == null ? 0 : before.conflictCounts().getOrDefault(conflict, 0L),
                    count));
  }

  /** A count that is less than before has begun anew. */
  private void grow(String counter, Tags tags, double before, double now) {
    registry.counter(counter, tags).increment(now >= before ? now - before : now);
  }

  private String table(String label, String table) {
    if (label.equals(LabelledTenants.OTHERS)) {
      return LabelledTenants.OTHERS;
    }
    Set<String> known = tables.computeIfAbsent(label, any -> new HashSet<>());
    if (known.contains(table)) {
      return table;
    }
    if (tableCount >= mostTables) {
      return LabelledTenants.OTHERS;
    }
    tableCount++;
    known.add(table);
    return table;
  }

  /** Drops the series of tenants that are gone. */
  void keepOnly(Set<String> tenants) {
    for (String gone : counted.keySet().stream().filter(known -> !tenants.contains(known)).toList()) {
      Counted last = counted.remove(gone);
      if (last != null) {
        forgetLabel(last.label());
      }
    }
  }

  private void forgetLabel(String label) {
    if (label.equals(LabelledTenants.OTHERS)) {
      return;
    }
    Set<String> known = tables.remove(label);
    tableCount -= known == null ? 0 : known.size();
    Tag tenant = Tag.of("tenant", label);
    registry.getMeters().stream()
        .filter(meter -> TENANT_COUNTERS.contains(meter.getId().getName()) && meter.getId().getTags().contains(tenant))
        .toList()
        .forEach(registry::remove);
  }
}
