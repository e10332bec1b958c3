package io.helios.repl.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.helios.repl.apply.AppliedStatus;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.status.EndpointStatus;
import io.helios.repl.status.LagObjective;
import io.helios.repl.status.StageTimes;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class MetersTest {

  private static final Instant AT = Instant.parse("2026-01-01T00:00:00.500Z");
  private static final FleetSettings LIMITS = new FleetSettings(Path.of("data"), List.of(), List.of(), 1000, 100, 50, 4, 3);

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final Meters meters = new Meters(registry, LIMITS, 2, 3);

  private void sample(Meters.Sample... samples) {
    meters.sample(
        List.of(samples),
        List.of(new EndpointStatus("shop", "source", "h:1/d", true, null, 700L, 40L, 0, null, null)),
        List.of(new EndpointStatus("eu", "target", "h:2/d", false, null, null, null, 0, null, null)),
        List.of(new Meters.StageSample("shop", "seal", new StageTimes.Summary(3, 2, 8))),
        AT);
  }

  @Test
  void aSourceWithASynchronousTierTellsWhoIsNotWaitedFor() {
    meters.sampleSynchronous(Map.of());
    assertThat(registry.find("helios.repl.synchronous.degraded").gauges()).isEmpty();
    meters.sampleSynchronous(Map.of("shop", 2));
    assertThat(registry.get("helios.repl.synchronous.degraded").tag("source", "shop").gauge().value()).isEqualTo(2);
    meters.sampleSynchronous(Map.of("shop", 0));
    assertThat(registry.get("helios.repl.synchronous.degraded").tag("source", "shop").gauge().value()).isZero();
  }

  private static Meters.Sample tenant(String name, String tier, double lag, @Nullable AppliedStatus applied) {
    return new Meters.Sample(
        new TenantStatus(
            name, TenantState.STREAMING, "shop", "eu", tier, 7, lag, (long) (lag * 10), 5, 0, null, null,
            TenantStatus.CopyProgress.NONE, 0, 30, 90, AT, null, null, "here", "there",
            LagObjective.of(Duration.ofHours(1), 0.99, Duration.ofSeconds((long) lag), Duration.ZERO)),
        applied,
        11,
        new ObjectiveMeter.Totals(lag, 2 * lag));
  }

  private static AppliedStatus applied(long inserts, String... tables) {
    Map<String, AppliedStatus.Rows> rows = new java.util.HashMap<>();
    for (String table : tables) {
      rows.put(table, new AppliedStatus.Rows(inserts, 1, 0, 0));
    }
    return new AppliedStatus(
        Lsn.parse("0/1"), Lsn.parse("0/1"), 0, inserts, inserts,
        Map.of(new AppliedStatus.Conflict("public.a", "insert_exists"), inserts), rows, 0, false, null);
  }

  private List<Double> values(String name, String... tags) {
    List<Double> found = new ArrayList<>();
    registry.find(name).tags(tags).meters().forEach(meter -> meter.measure().forEach(m -> found.add(m.getValue())));
    return found;
  }

  @Test
  void aTenantHasItsLagStateEpochAndBudgetByName() {
    sample(tenant("acme", "standard", 18, null));

    assertThat(values("helios.repl.lag.seconds", "tenant", "acme", "source", "shop", "target", "eu")).containsExactly(18.0);
    assertThat(values("helios.repl.lag.bytes", "tenant", "acme")).containsExactly(180.0);
    assertThat(values("helios.repl.lag.target.seconds", "tenant", "acme")).containsExactly(5.0);
    assertThat(values("helios.repl.lag.budget.left.ratio", "tenant", "acme")).singleElement().satisfies(left -> assertThat(left).isCloseTo(0.5, within(1e-9)));
    assertThat(values("helios.repl.relay.bytes", "tenant", "acme")).containsExactly(11.0);
    assertThat(values("helios.repl.tenant.epoch", "tenant", "acme")).containsExactly(7.0);
    assertThat(values("helios.repl.tenant.state", "tenant", "acme", "state", "STREAMING")).containsExactly(1.0);
    assertThat(values("helios.repl.tenant.state", "tenant", "acme", "state", "FAILED")).containsExactly(0.0);
    assertThat(values("helios.repl.tenants", "state", "STREAMING")).containsExactly(1.0);
    assertThat(values("helios.repl.tenants", "state", "FAILED")).containsExactly(0.0);
    assertThat(values("helios.repl.lag.outside.seconds", "tenant", "acme")).containsExactly(18.0);
    assertThat(values("helios.repl.lag.measured.seconds", "tenant", "acme")).containsExactly(36.0);
  }

  @Test
  void sourcesTargetsStagesLimitsAndFreshnessAreTold() {
    sample();

    assertThat(values("helios.repl.source.wal.retained.bytes", "source", "shop")).containsExactly(700.0);
    assertThat(values("helios.repl.journal.bytes", "source", "shop")).containsExactly(40.0);
    assertThat(values("helios.repl.source.up", "source", "shop")).containsExactly(1.0);
    assertThat(values("helios.repl.target.up", "target", "eu")).containsExactly(0.0);
    assertThat(values("helios.repl.stage.seconds", "stage", "seal", "endpoint", "shop", "quantile", "0.99"))
        .containsExactly(0.008);
    assertThat(values("helios.repl.journal.quota.bytes")).containsExactly(1000.0);
    assertThat(values("helios.repl.relay.quota.bytes")).containsExactly(100.0);
    assertThat(values("helios.repl.source.wal.budget.bytes")).containsExactly(50.0);
    assertThat(values("helios.repl.sampled.timestamp.seconds")).containsExactly(AT.toEpochMilli() / 1000.0);
  }

  @Test
  void beyondTheCapTenantsShareALabelWithTheWorstLagAndTheSumOfBytes() {
    sample(
        tenant("a", "standard", 1, null), tenant("b", "best-effort", 40, null), tenant("c", "standard", 2, null),
        tenant("d", "best-effort", 3, null), tenant("e", "premium", 4, null));

    assertThat(values("helios.repl.lag.seconds")).hasSize(3);
    assertThat(values("helios.repl.lag.seconds", "tenant", "e")).as("premium first").containsExactly(4.0);
    assertThat(values("helios.repl.lag.seconds", "tenant", "a")).containsExactly(1.0);
    assertThat(values("helios.repl.lag.seconds", "tenant", "_other", "source", "_other", "target", "_other"))
        .containsExactly(40.0);
    assertThat(values("helios.repl.relay.bytes", "tenant", "_other")).containsExactly(33.0);
    assertThat(values("helios.repl.tenant.state", "tenant", "_other", "state", "STREAMING")).containsExactly(3.0);
    assertThat(values("helios.repl.tenants", "state", "STREAMING")).containsExactly(5.0);
  }

  @Test
  void whoHasALabelKeepsItWhenOthersOfItsTierCome() {
    sample(tenant("m", "standard", 1, null), tenant("n", "standard", 1, null));
    sample(tenant("m", "standard", 1, null), tenant("n", "standard", 1, null), tenant("a", "standard", 9, null));

    assertThat(values("helios.repl.lag.seconds", "tenant", "m")).hasSize(1);
    assertThat(values("helios.repl.lag.seconds", "tenant", "a")).isEmpty();
  }

  @Test
  void rowsTransactionsAndConflictsGrowByWhatWasAppliedSince() {
    sample(tenant("acme", "standard", 1, applied(10, "public.a")));
    sample(tenant("acme", "standard", 1, applied(25, "public.a")));

    assertThat(values("helios.repl.apply.rows", "tenant", "acme", "table", "public.a", "op", "insert")).containsExactly(25.0);
    assertThat(values("helios.repl.apply.rows", "tenant", "acme", "table", "public.a", "op", "update")).containsExactly(1.0);
    assertThat(values("helios.repl.apply.transactions", "tenant", "acme")).containsExactly(25.0);
    assertThat(values("helios.repl.conflicts", "tenant", "acme", "table", "public.a", "kind", "insert_exists"))
        .containsExactly(25.0);
    assertThat(values("helios.repl.sealed.bytes")).containsExactly(30.0);
    assertThat(values("helios.repl.raw.bytes")).containsExactly(90.0);
  }

  @Test
  void aTenantThatBeginsAnewGoesOnCountingFromWhereTheCounterWas() {
    sample(tenant("acme", "standard", 1, applied(10, "public.a")));
    sample(tenant("acme", "standard", 1, applied(4, "public.a")));

    assertThat(values("helios.repl.apply.transactions", "tenant", "acme")).containsExactly(14.0);
  }

  @Test
  void tablesBeyondTheCapShareALabelToo() {
    sample(tenant("acme", "standard", 1, applied(10, IntStream.range(0, 9).mapToObj(i -> "public.t" + i).toArray(String[]::new))));

    List<Meter> rows = List.copyOf(registry.find("helios.repl.apply.rows").tags("op", "insert").meters());
    assertThat(rows).as("three by name, and the others together").hasSize(4);
    assertThat(values("helios.repl.apply.rows", "op", "insert").stream().mapToDouble(Double::doubleValue).sum()).isEqualTo(90);
    assertThat(values("helios.repl.apply.rows", "op", "insert", "table", "_other")).hasSize(1);
  }

  @Test
  void ofATenantThatIsGoneNoSeriesIsLeft() {
    sample(tenant("acme", "standard", 1, applied(10, "public.a")), tenant("other", "standard", 1, applied(1, "public.a")));
    sample(tenant("other", "standard", 1, applied(1, "public.a")));

    assertThat(registry.getMeters())
        .isNotEmpty()
        .noneMatch(meter -> "acme".equals(meter.getId().getTag("tenant")))
        .anyMatch(meter -> "other".equals(meter.getId().getTag("tenant")));
  }
}
