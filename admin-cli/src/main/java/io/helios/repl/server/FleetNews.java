package io.helios.repl.server;

import io.helios.repl.failover.Failover;
import io.helios.repl.failover.lease.LeaseStatus;
import io.helios.repl.failover.observation.ObservedEndpoints.Observation;
import io.helios.repl.migration.Migration;
import io.helios.repl.status.EndpointStatus;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import java.time.Instant;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a dashboard is told of the fleet: all of it first, then whole totals but only the tenants, migrations and failovers that
 * have changed since the last time. One for each listener, one thread.
 */
final class FleetNews {

  private final String region;
  private final String version;
  private final String node;
  private Map<String, TenantStatus> told = Map.of();
  private Map<String, Migration> toldMoves = Map.of();
  private Map<String, Failover> toldFailovers = Map.of();
  private long toldAtNanos;
  private boolean begun;

  FleetNews(String region, String version, String node) {
    this.region = region;
    this.version = version;
    this.node = node;
  }

  /** All that is told of at one moment. */
  record Standing(
      List<TenantStatus> tenants,
      List<EndpointStatus> sources,
      List<EndpointStatus> targets,
      List<Migration> migrations,
      List<Failover> failovers,
      List<Observation> observations,
      List<LeaseStatus> leases) {}

  /**
   * @param nanos of a clock that only goes forward, for rates
   */
  ObjectNode next(Instant at, long nanos, Standing standing) {
    List<TenantStatus> tenants = standing.tenants();
    Map<String, TenantStatus> now = new LinkedHashMap<>();
    tenants.forEach(t -> now.put(t.tenant(), t));
    double seconds = begun ? (nanos - toldAtNanos) / 1e9 : 0;
    ObjectNode document = Json.document("Fleet").put("full", !begun).put("at", Documents.time(at));
    document.putObject("server").put("region", region).put("version", version).put("node", node).putNull("epoch");
    totals(document.putObject("totals"), tenants, seconds);
    ArrayNode sourceList = document.putArray("sources");
    standing.sources().forEach(s -> sourceList.add(Documents.endpoint(s)));
    ArrayNode targetList = document.putArray("targets");
    standing.targets().forEach(t -> targetList.add(Documents.endpoint(t)));
    ArrayNode changed = document.putArray("tenants");
    now.values().stream().filter(t -> !t.equals(told.get(t.tenant()))).forEach(t -> changed.add(Documents.tenantStatus(t)));
    ArrayNode removed = document.putArray("removed");
    told.keySet().stream().filter(name -> !now.containsKey(name)).forEach(removed::add);
    moves(document, standing.migrations());
    failovers(document, standing.failovers());
    ArrayNode observations = document.putArray("observations");
    standing.observations().forEach(o -> observations.add(ObservationDocuments.observation(o)));
    ArrayNode leases = document.putArray("leases");
    standing.leases().forEach(lease -> leases.add(ObservationDocuments.lease(lease)));
    told = now;
    toldAtNanos = nanos;
    begun = true;
    return document;
  }

  private void moves(ObjectNode document, List<Migration> migrations) {
    Map<String, Migration> now = new LinkedHashMap<>();
    migrations.forEach(m -> now.put(m.tenant(), m));
    ArrayNode changed = document.putArray("migrations");
    now.values().stream()
        .filter(m -> !m.equals(toldMoves.get(m.tenant())))
        .forEach(m -> changed.add(MigrationDocuments.migration(m)));
    ArrayNode removed = document.putArray("migrationsRemoved");
    toldMoves.keySet().stream().filter(name -> !now.containsKey(name)).forEach(removed::add);
    toldMoves = now;
  }

  private void failovers(ObjectNode document, List<Failover> failovers) {
    Map<String, Failover> now = new LinkedHashMap<>();
    failovers.forEach(f -> now.put(f.tenant(), f));
    ArrayNode changed = document.putArray("failovers");
    now.values().stream()
        .filter(f -> !f.equals(toldFailovers.get(f.tenant())))
        .forEach(f -> changed.add(FailoverDocuments.failover(f)));
    ArrayNode removed = document.putArray("failoversRemoved");
    toldFailovers.keySet().stream().filter(name -> !now.containsKey(name)).forEach(removed::add);
    toldFailovers = now;
  }

  private void totals(ObjectNode totals, List<TenantStatus> tenants, double seconds) {
    totals.put("tenants", tenants.size());
    Map<TenantState, Integer> states = new EnumMap<>(TenantState.class);
    tenants.forEach(t -> states.merge(t.state(), 1, Integer::sum));
    ObjectNode byState = totals.putObject("byState");
    states.forEach((state, count) -> byState.put(state.name(), count));
    double[] lags =
        tenants.stream().map(TenantStatus::lagSeconds).filter(Objects::nonNull).mapToDouble(Double::doubleValue).sorted().toArray();
    totals
        .putObject("lagSeconds")
        .put("p50", percentile(lags, 50))
        .put("p95", percentile(lags, 95))
        .put("p99", percentile(lags, 99))
        .put("max", percentile(lags, 100));
    totals
        .put("rowsPerSecond", rounded(tenants.stream().mapToDouble(TenantStatus::rowsPerSecond).sum(), 10))
        .put("rawBytesPerSecond", rate(tenants, TenantStatus::rawBytes, seconds))
        .put("sealedBytesPerSecond", rate(tenants, TenantStatus::sealedBytes, seconds));
  }

  /** By nearest rank; null of nothing. */
  private static @Nullable Double percentile(double[] sorted, int percent) {
    if (sorted.length == 0) {
      return null;
    }
    int rank = (int) Math.ceil(percent / 100.0 * sorted.length);
    return rounded(sorted[Math.clamp(rank - 1, 0, sorted.length - 1)], 1000);
  }

  /** Counters begin again with a tenant's new start: what is below the last time counts from nothing. */
  private double rate(List<TenantStatus> tenants, ToLongFunction<TenantStatus> counter, double seconds) {
    if (seconds <= 0) {
      return 0;
    }
    long grown = 0;
    for (TenantStatus tenant : tenants) {
      TenantStatus before = told.get(tenant.tenant());
      long count = counter.applyAsLong(tenant);
      long last = before == null ? count : counter.applyAsLong(before);
      grown += count >= last ? count - last : count;
    }
    return rounded(grown / seconds, 1);
  }

  private static double rounded(double value, int steps) {
    return (double) Math.round(value * steps) / steps;
  }
}
