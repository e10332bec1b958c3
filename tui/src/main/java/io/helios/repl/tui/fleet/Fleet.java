package io.helios.repl.tui.fleet;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The fleet as of the last update. Immutable. */
public final class Fleet {

  private final FleetUpdate latest;
  private final Map<String, Tenant> tenants;
  private final Map<String, Migration> migrations;

  private Fleet(FleetUpdate latest, Map<String, Tenant> tenants, Map<String, Migration> migrations) {
    this.latest = latest;
    this.tenants = tenants;
    this.migrations = migrations;
  }

  /** Takes an update on top of what was known; null when nothing was. */
  public static Fleet after(@Nullable Fleet before, FleetUpdate update) {
    Map<String, Tenant> tenants = before == null || update.full() ? new HashMap<>() : new HashMap<>(before.tenants);
    update.removed().forEach(tenants::remove);
    update.tenants().forEach(t -> tenants.put(t.name(), t));
    return new Fleet(update, tenants, migrations(before, update));
  }

  private static Map<String, Migration> migrations(@Nullable Fleet before, FleetUpdate update) {
    if (before != null && !update.full() && update.migrations().isEmpty() && update.migrationsRemoved().isEmpty()) {
      return before.migrations;
    }
    Map<String, Migration> migrations =
        before == null || update.full() ? new HashMap<>() : new HashMap<>(before.migrations);
    update.migrationsRemoved().forEach(migrations::remove);
    update.migrations().forEach(m -> migrations.put(m.tenant(), m));
    return migrations;
  }

  /** By the server's clock. */
  public Instant at() {
    return latest.at();
  }

  public Server server() {
    return latest.server();
  }

  public Totals totals() {
    return latest.totals();
  }

  public List<Endpoint> sources() {
    return latest.sources();
  }

  public List<Endpoint> targets() {
    return latest.targets();
  }

  /** Sources, then targets. */
  public List<Endpoint> endpoints() {
    List<Endpoint> all = new ArrayList<>(latest.sources());
    all.addAll(latest.targets());
    return all;
  }

  /** In no order. */
  public Collection<Tenant> tenants() {
    return tenants.values();
  }

  public @Nullable Tenant tenant(String name) {
    return tenants.get(name);
  }

  /** In no order. */
  public Collection<Migration> migrations() {
    return migrations.values();
  }

  /** Most updates change none, and whoever keeps them in order need not sort them again. */
  public boolean hasSameMigrationsAs(@Nullable Fleet other) {
    return other != null && migrations == other.migrations;
  }

  /** The tenant's newest; null when it was never moved. */
  public @Nullable Migration migration(String tenant) {
    return migrations.get(tenant);
  }

  /** WAL that all sources hold back together; null when no source tells. */
  public @Nullable Long retainedWalBytes() {
    Long sum = null;
    for (Endpoint source : latest.sources()) {
      if (source.retainedWalBytes() != null) {
        sum = (sum == null ? 0 : sum) + source.retainedWalBytes();
      }
    }
    return sum;
  }
}
