package io.helios.repl.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.failover.lease.LeaseStatus;
import io.helios.repl.failover.observation.ObservedEndpoints;
import io.helios.repl.failover.observation.ObservedEndpoints.Observation;
import io.helios.repl.failover.observation.Probe;
import io.helios.repl.failover.observation.Quorum;
import io.helios.repl.failover.observation.Sample;
import io.helios.repl.failover.observation.Verdict;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** What is watched by metrics of observers and leases. */
class FailoverGaugesTest {

  private final AtomicReference<ObservedEndpoints> observed = new AtomicReference<>(ObservedEndpoints.NONE);
  private final AtomicReference<List<LeaseStatus>> leases = new AtomicReference<>(List.of());
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  private double endpoint(String name) {
    return registry.get("helios.repl.endpoint." + name).tag("endpoint", "us/shop").gauge().value();
  }

  private double given() {
    return registry.get("helios.repl.lease.given").tag("source", "shop").gauge().value();
  }

  @Test
  void whatNobodyKnowsIsNoNumber() {
    new FailoverGauges(observed::get, leases::get).register(registry, List.of("us/shop"), List.of("shop"));
    assertThat(List.of(endpoint("dead"), endpoint("dead.votes"), endpoint("votes"), given())).allMatch(v -> Double.isNaN(v));
    observed.set(
        new ObservedEndpoints(
            1, "a",
            List.of(
                new Observation(
                    "us/shop", new Quorum.Outcome(Verdict.DEAD, 2, 1, 3, 2), Verdict.DEAD, Instant.EPOCH,
                    new Probe.Seen(Sample.Kind.REFUSED, false, null, "nothing listens"), null, null, List.of())),
            null));
    leases.set(List.of(new LeaseStatus("crm", false, null), new LeaseStatus("shop", true, null)));
    assertThat(List.of(endpoint("dead"), endpoint("dead.votes"), endpoint("votes"), given())).containsExactly(1.0, 2.0, 3.0, 1.0);
    leases.set(List.of(new LeaseStatus("shop", false, null)));
    assertThat(given()).isZero();
  }
}
