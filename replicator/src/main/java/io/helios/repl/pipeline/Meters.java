package io.helios.repl.pipeline;

import io.helios.repl.apply.AppliedStatus;
import io.helios.repl.status.EndpointStatus;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The metrics, by the names that operators know them by ({@code helios_repl_…} in Prometheus). So that ten thousand tenants
 * do not make a million series, only the first {@value #LABELLED} are told apart; the others share the label {@code
 * _other}. The supervisor's thread owns it.
 */
final class Meters {

  private static final int LABELLED = 200;
  private static final String OTHERS = "_other";

  private final MeterRegistry registry;
  private final MultiGauge lagSeconds;
  private final MultiGauge lagBytes;
  private final MultiGauge relayBytes;
  private final MultiGauge states;
  private final MultiGauge retainedWal;
  private final Set<String> labelled = new HashSet<>();
  private final Map<String, Long> counted = new HashMap<>();

  /**
   * One tenant's figures as they stand.
   *
   * @param relayBytes of its frames that wait in the journal
   */
  record Sample(TenantStatus status, @org.jspecify.annotations.Nullable AppliedStatus applied, long relayBytes) {}

  Meters(MeterRegistry registry) {
    this.registry = registry;
    this.lagSeconds = gauge("helios.repl.lag", "seconds", "age of the oldest source commit that the target lacks");
    this.lagBytes = gauge("helios.repl.lag", "bytes", "WAL between the target's position and what is captured");
    this.relayBytes = gauge("helios.repl.relay", "bytes", "sealed bytes that wait in the journal");
    this.states = gauge("helios.repl.tenant.state", null, "1 for the state that the tenant is in");
    this.retainedWal = gauge("helios.repl.source.wal.retained", "bytes", "WAL that the slot holds back at the source");
  }

  private MultiGauge gauge(String name, @org.jspecify.annotations.Nullable String unit, String description) {
    return MultiGauge.builder(unit == null ? name : name + "." + unit).description(description).register(registry);
  }

  void sample(Collection<Sample> samples, List<EndpointStatus> sources) {
    List<MultiGauge.Row<?>> lags = new ArrayList<>();
    List<MultiGauge.Row<?>> behind = new ArrayList<>();
    List<MultiGauge.Row<?>> relay = new ArrayList<>();
    List<MultiGauge.Row<?>> inState = new ArrayList<>();
    for (Sample sample : samples) {
      TenantStatus status = sample.status();
      String tenant = label(status.tenant());
      if (!tenant.equals(OTHERS)) {
        Tags tags = Tags.of("tenant", tenant, "source", status.source(), "target", status.target());
        if (status.lagSeconds() != null) {
          lags.add(MultiGauge.Row.of(tags, status.lagSeconds()));
        }
        if (status.lagBytes() != null) {
          behind.add(MultiGauge.Row.of(tags, status.lagBytes()));
        }
        relay.add(MultiGauge.Row.of(Tags.of("tenant", tenant), sample.relayBytes()));
        for (TenantState state : TenantState.values()) {
          inState.add(
              MultiGauge.Row.of(
                  Tags.of("tenant", tenant, "state", state.name()), state == status.state() ? 1 : 0));
        }
      }
      count(sample, tenant);
    }
    lagSeconds.register(lags, true);
    lagBytes.register(behind, true);
    relayBytes.register(relay, true);
    states.register(inState, true);
    retainedWal.register(
        sources.stream()
            .filter(source -> source.retainedWalBytes() != null)
            .map(source -> MultiGauge.Row.of(Tags.of("source", source.name()), source.retainedWalBytes()))
            .toList(),
        true);
  }

  private void count(Sample sample, String tenant) {
    String name = sample.status().tenant();
    grow("helios.repl.sealed.bytes", Tags.empty(), name, sample.status().sealedBytes());
    grow("helios.repl.raw.bytes", Tags.empty(), name, sample.status().rawBytes());
    grow("helios.repl.conflicts", Tags.of("tenant", tenant), name, sample.status().conflicts());
    AppliedStatus applied = sample.applied();
    if (applied == null) {
      return;
    }
    grow("helios.repl.apply.transactions", Tags.of("tenant", tenant), name, applied.transactions());
    applied
        .tables()
        .forEach(
            (table, rows) -> {
              grow("helios.repl.apply.rows", Tags.of("tenant", tenant, "table", table, "op", "insert"), name, rows.inserts());
              grow("helios.repl.apply.rows", Tags.of("tenant", tenant, "table", table, "op", "update"), name, rows.updates());
              grow("helios.repl.apply.rows", Tags.of("tenant", tenant, "table", table, "op", "delete"), name, rows.deletes());
            });
  }

  /** Adds what a tenant's own counter grew by; one that starts again, with a tenant that starts again, counts from nothing. */
  private void grow(String counter, Tags tags, String tenant, long value) {
    String key = counter + tags + tenant;
    long before = counted.getOrDefault(key, 0L);
    counted.put(key, value);
    Counter meter = registry.counter(counter, tags);
    meter.increment(value >= before ? value - before : value);
  }

  private String label(String tenant) {
    if (labelled.contains(tenant)) {
      return tenant;
    }
    return labelled.size() < LABELLED && labelled.add(tenant) ? tenant : OTHERS;
  }

  void forget(String tenant) {
    labelled.remove(tenant);
    counted.keySet().removeIf(key -> key.endsWith("]" + tenant));
  }
}
