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
  private final Map<String, Failover> failovers;

  private Fleet(
      FleetUpdate latest, Map<String, Tenant> tenants, Map<String, Migration> migrations, Map<String, Failover> failovers) {
    this.latest = latest;
    this.tenants = tenants;
    this.migrations = migrations;
    this.failovers = failovers;
  }

  /** Takes an update on top of what was known; null when nothing was. */
  public static Fleet after(@Nullable Fleet before, FleetUpdate update) {
    Map<String, Tenant> tenants = before == null || update.full() ? new HashMap<>() : new HashMap<>(before.tenants);
    update.removed().forEach(tenants::remove);
    update.tenants().forEach(t -> tenants.put(t.name(), t));
    return new Fleet(update, tenants, migrations(before, update), failovers(before, update));
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

  private static Map<String, Failover> failovers(@Nullable Fleet before, FleetUpdate update) {
    FailoverNews news = update.failover();
    if (before != null && !update.full() && news.failovers().isEmpty() && news.removed().isEmpty()) {
      return before.failovers;
    }
    Map<String, Failover> failovers = before == null || update.full() ? new HashMap<>() : new HashMap<>(before.failovers);
    news.removed().forEach(failovers::remove);
    news.failovers().forEach(f -> failovers.put(f.tenant(), f));
    return failovers;
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

  /** In no order. */
  public Collection<Failover> failovers() {
    return failovers.values();
  }

  /** As {@link #hasSameMigrationsAs}. */
  public boolean hasSameFailoversAs(@Nullable Fleet other) {
    return other != null && failovers == other.failovers;
  }

  /** The tenant's newest; null when it was never failed over. */
  public @Nullable Failover failover(String tenant) {
    return failovers.get(tenant);
  }

  /** The databases that are looked at, the worst first. */
  public List<Observation> observations() {
    return latest.failover().observations();
  }

  public List<Lease> leases() {
    return latest.failover().leases();
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
