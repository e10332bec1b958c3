package io.helios.repl.server;

import io.helios.repl.failover.lease.LeaseStatus;
import io.helios.repl.failover.observation.ObservedEndpoints;
import io.helios.repl.failover.observation.ObservedEndpoints.Observation;
import io.helios.repl.failover.observation.Verdict;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * What observers see and which leases are given, for those who watch by metrics. Asked of memory when somebody reads them; any
 * thread.
 *
 * @param observed what all observers hold
 * @param leases of the databases that need one
 */
record FailoverGauges(Supplier<ObservedEndpoints> observed, Supplier<List<LeaseStatus>> leases) {

  /**
   * @param endpoints the databases that are looked at, as observers call them
   * @param sources where tenants may need a lease to be written
   */
  void register(MeterRegistry registry, Collection<String> endpoints, Collection<String> sources) {
    for (String endpoint : endpoints) {
      gauge(registry, "dead", "whether a majority of observers calls the database dead", endpoint, o -> o.verdict() == Verdict.DEAD ? 1 : 0);
      gauge(registry, "dead.votes", "how many observers call it dead", endpoint, o -> o.outcome().dead());
      gauge(registry, "votes", "how many observers' votes count", endpoint, o -> o.outcome().counted());
    }
    for (String source : sources) {
      Gauge.builder("helios.repl.lease.given", () -> given(source))
          .description("whether the lease was renewed without which its tenants with fencing: lease are not written")
          .tag("source", source)
          .register(registry);
    }
  }

  private void gauge(MeterRegistry registry, String name, String description, String endpoint, ToDoubleFunction<Observation> value) {
    Gauge.builder("helios.repl.endpoint." + name, () -> seen(endpoint, value)).description(description).tag("endpoint", endpoint).register(registry);
  }

  /** Not a number before it was looked at. */
  private double seen(String endpoint, ToDoubleFunction<Observation> value) {
    return observed.get().endpoints().stream().filter(o -> o.endpoint().equals(endpoint)).mapToDouble(value).findFirst().orElse(Double.NaN);
  }

  /** Not a number where no tenant needs one. */
  private double given(String source) {
    return leases.get().stream().filter(l -> l.database().equals(source)).mapToDouble(l -> l.given() ? 1 : 0).findFirst().orElse(Double.NaN);
  }
}
