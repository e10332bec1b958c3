package io.helios.repl.pipeline;

import io.helios.repl.apply.AppliedStatus;
import io.helios.repl.status.EndpointStatus;
import io.helios.repl.status.StageTimes;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleBinaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The metrics, by the names that operators know them by ({@code helios_repl_…} in Prometheus); docs/metrics.md lists them. So
 * that ten thousand tenants do not make a million series, only {@value #LABELLED} are told apart ({@link LabelledTenants});
 * of the others the worst lag, the sum of bytes, and how many are in each state are told. The supervisor's thread owns it.
 */
final class Meters {

  private static final int LABELLED = 200;
  private static final int TABLES = 2_000;

  private final LabelledTenants labels;
  private final TenantCounters counters;
  private final GaugeRows lagSeconds;
  private final GaugeRows lagBytes;
  private final GaugeRows lagTarget;
  private final GaugeRows budgetLeft;
  private final GaugeRows relayBytes;
  private final GaugeRows states;
  private final GaugeRows epochs;
  private final GaugeRows tenants;
  private final GaugeRows retainedWal;
  private final GaugeRows journals;
  private final GaugeRows sourcesUp;
  private final GaugeRows targetsUp;
  private final GaugeRows stages;
  private final GaugeRows degraded;
  private volatile double sampledAt;

  /**
   * One tenant's figures as they stand.
   *
   * @param relayBytes of its frames that wait in the journal
   */
  record Sample(
      TenantStatus status, @Nullable AppliedStatus applied, long relayBytes, ObjectiveMeter.Totals objective) {}

  /** What one stage takes at one source or target. */
  record StageSample(String endpoint, String stage, StageTimes.Summary times) {}

  Meters(MeterRegistry registry, FleetSettings limits) {
    this(registry, limits, LABELLED, TABLES);
  }

  Meters(MeterRegistry registry, FleetSettings limits, int labelled, int tables) {
    this.labels = new LabelledTenants(labelled);
    this.counters = new TenantCounters(registry, tables);
    this.lagSeconds = gauge(registry, "lag.seconds", "age of the oldest source commit that the target lacks", Math::max);
    this.lagBytes = gauge(registry, "lag.bytes", "WAL between the target's position and what is captured", Math::max);
    this.lagTarget = gauge(registry, "lag.target.seconds", "the lag that is wanted at most", Math::min);
    this.budgetLeft = gauge(registry, "lag.budget.left.ratio", "share of the hour's lag error budget that is left", Math::min);
    this.relayBytes = gauge(registry, "relay.bytes", "sealed bytes that wait in the journal", Double::sum);
    this.states = gauge(registry, "tenant.state", "1 for the state that the tenant is in", Double::sum);
    this.epochs = gauge(registry, "tenant.epoch", "the tenant's generation; it grows when its primary changes", Math::max);
    this.tenants = gauge(registry, "tenants", "tenants in this state", Double::sum);
    this.retainedWal = gauge(registry, "source.wal.retained.bytes", "WAL that the slot holds back at the source", Math::max);
    this.journals = gauge(registry, "journal.bytes", "what the source's journal takes on disk", Math::max);
    this.sourcesUp = gauge(registry, "source.up", "whether the last attempt to talk to the source succeeded", Math::min);
    this.targetsUp = gauge(registry, "target.up", "whether the last attempt to talk to the target succeeded", Math::min);
    this.stages = gauge(registry, "stage.seconds", "what a stage takes, over the last one to two minutes", Math::max);
    this.degraded = gauge(registry, "synchronous.degraded", "tenants whose commits ought to wait for their replicas and do not", Math::max);
    limit(registry, "journal.quota.bytes", "what a source's journal may take on disk", limits.journalBytes());
    limit(registry, "relay.quota.bytes", "what one tenant may take of a journal", limits.journalBytesPerTenant());
    limit(registry, "source.wal.budget.bytes", "WAL that lagging tenants may hold back", limits.walBudget());
    Gauge.builder("helios.repl.sampled.timestamp.seconds", () -> sampledAt)
        .description("when these metrics were gathered, seconds since 1970")
        .register(registry);
  }

  private static GaugeRows gauge(
      MeterRegistry registry, String name, String description, DoubleBinaryOperator merge) {
    return new GaugeRows(registry, "helios.repl." + name, description, merge);
  }

  private static void limit(MeterRegistry registry, String name, String description, long bytes) {
    Gauge.builder("helios.repl." + name, () -> bytes).description(description).register(registry);
  }

  void sample(
      Collection<Sample> samples,
      List<EndpointStatus> sources,
      List<EndpointStatus> targets,
      List<StageSample> stageTimes,
      Instant now) {
    labels.look(samples.stream().map(Sample::status).toList());
    counters.keepOnly(names(samples));
    sampleTenants(samples);
    samples.forEach(sample -> counters.count(sample, labels.label(sample.status().tenant())));
    sampleEndpoints(sources, targets);
    for (StageSample stage : stageTimes) {
      Tags tags = Tags.of("stage", stage.stage(), "endpoint", stage.endpoint());
      stages.add(tags.and("quantile", "0.5"), stage.times().p50Millis() / 1000);
      stages.add(tags.and("quantile", "0.99"), stage.times().p99Millis() / 1000);
    }
    stages.publish();
    sampledAt = now.toEpochMilli() / 1000.0;
  }

  /** @param counts for each source with a synchronous tier, how many of its tenants are not waited for */
  void sampleSynchronous(Map<String, Integer> counts) {
    counts.forEach((source, count) -> degraded.add(Tags.of("source", source), count));
    degraded.publish();
  }

  private static Set<String> names(Collection<Sample> samples) {
    Set<String> names = new HashSet<>();
    samples.forEach(sample -> names.add(sample.status().tenant()));
    return names;
  }

  private void sampleTenants(Collection<Sample> samples) {
    for (TenantState state : TenantState.values()) {
      tenants.add(Tags.of("state", state.name()), 0);
    }
    for (Sample sample : samples) {
      TenantStatus status = sample.status();
      String label = labels.label(status.tenant());
      boolean other = label.equals(LabelledTenants.OTHERS);
      Tags tenant = Tags.of("tenant", label);
      Tags way = tenant.and("source", other ? label : status.source(), "target", other ? label : status.target());
      if (status.lagSeconds() != null) {
        lagSeconds.add(way, status.lagSeconds());
      }
      if (status.lagBytes() != null) {
        lagBytes.add(way, status.lagBytes());
      }
      lagTarget.add(tenant, status.lagTargetSeconds());
      if (status.objective() != null) {
        budgetLeft.add(tenant, status.objective().budgetLeft());
      }
      relayBytes.add(tenant, sample.relayBytes());
      epochs.add(tenant, status.epoch());
      for (TenantState state : TenantState.values()) {
        states.add(tenant.and("state", state.name()), state == status.state() ? 1 : 0);
      }
      tenants.add(Tags.of("state", status.state().name()), 1);
    }
    lagSeconds.publish();
    lagBytes.publish();
    lagTarget.publish();
    budgetLeft.publish();
    relayBytes.publish();
    states.publish();
    epochs.publish();
    tenants.publish();
  }

  private void sampleEndpoints(List<EndpointStatus> sources, List<EndpointStatus> targets) {
    for (EndpointStatus source : sources) {
      Tags tags = Tags.of("source", source.name());
      if (source.retainedWalBytes() != null) {
        retainedWal.add(tags, source.retainedWalBytes());
      }
      if (source.journalBytes() != null) {
        journals.add(tags, source.journalBytes());
      }
      sourcesUp.add(tags, source.reachable() ? 1 : 0);
    }
    retainedWal.publish();
    journals.publish();
    sourcesUp.publish();
    targets.forEach(target -> targetsUp.add(Tags.of("target", target.name()), target.reachable() ? 1 : 0));
    targetsUp.publish();
  }
}
