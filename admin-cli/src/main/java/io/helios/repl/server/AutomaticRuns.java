package io.helios.repl.server;

import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.failover.Failover;
import io.helios.repl.failover.FailoverOptions;
import io.helios.repl.failover.Failovers;
import io.helios.repl.failover.observation.ObservedEndpoints;
import io.helios.repl.failover.observation.ObservedEndpoints.Observation;
import io.helios.repl.failover.policy.AutoFailover;
import io.helios.repl.failover.policy.Candidate;
import io.helios.repl.failover.policy.Decision;
import io.helios.repl.failover.policy.FailoverPolicy.Begun;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;

/** The automatic failover's hands: this server's tenants as candidates, and failovers as operators begin them. One thread at a time. */
final class AutomaticRuns implements AutoFailover.Runs {

  /** What such a failover was asked for by, so that a restart knows it again. */
  static final String BY_ITSELF = "automatic: ";

  private final ServerConfiguration configuration;
  private final CapturedSources captured;
  private final Tenants tenants;
  private final AutoStore settings;
  private final FailoverRequests requests;
  private final Consumer<FleetEvent> events;

  AutomaticRuns(
      ServerConfiguration configuration,
      CapturedSources captured,
      Tenants tenants,
      AutoStore settings,
      FailoverRequests requests,
      Consumer<FleetEvent> events) {
    this.configuration = configuration;
    this.captured = captured;
    this.tenants = tenants;
    this.settings = settings;
    this.requests = requests;
    this.events = events;
  }

  @Override
  public List<Candidate> candidates(ObservedEndpoints observed) {
    Instant now = Instant.now();
    AutoSettings automatic = settings.settings();
    Map<String, TenantStatus> statuses = new HashMap<>();
    tenants.statuses().forEach(s -> statuses.put(s.tenant(), s));
    List<Candidate> candidates = new ArrayList<>();
    for (StoredTenant stored : tenants.all()) {
      TenantStatus status = statuses.get(stored.tenant().name());
      if (status != null) {
        candidates.add(candidate(stored.tenant(), status, automatic, observed, now));
      }
    }
    return candidates;
  }

  private Candidate candidate(Tenant tenant, TenantStatus status, AutoSettings automatic, ObservedEndpoints observed, Instant now) {
    String source = endpoint(tenant.source());
    Observation home = observed.of(source).orElse(null);
    boolean underWay = failovers().find(tenant.id()).filter(f -> !f.state().rests()).isPresent();
    return new Candidate(
        tenant.id(),
        tenant.name(),
        tenant.tier(),
        source,
        endpoint(tenant.target()),
        automatic.isAutomatic(tenant, now),
        status.state() == TenantState.STREAMING,
        underWay,
        captured.bytes(tenant.source(), home),
        captured.behind(tenant.source()));
  }

  /** As it is observed: a far target has its region in its name already. */
  private String endpoint(String name) {
    return endpoint(configuration, name);
  }

  static String endpoint(ServerConfiguration configuration, String name) {
    return configuration.source(name).map(s -> s.region() + "/" + name)
        .or(() -> configuration.target(name).map(t -> t.region() + "/" + name))
        .orElse(name);
  }

  @Override
  public List<Begun> lately() {
    Instant now = Instant.now();
    return failovers().history().stream()
        .filter(f -> f.options().askedBy().startsWith(BY_ITSELF))
        .map(f -> new Begun(f.tenantId(), endpoint(f.from()), Math.max(0, Duration.between(f.begunAt(), now).toNanos())))
        .toList();
  }

  @Override
  public int running() {
    return Math.toIntExact(failovers().all().stream().filter(AutomaticRuns::isPromoting).count());
  }

  private static boolean isPromoting(Failover failover) {
    return !failover.state().rests() && !failover.state().promoted();
  }

  @Override
  public void begin(UUID tenant, String why) {
    FailoverOptions options =
        FailoverOptions.by(BY_ITSELF + why).withDrainPatience(configuration.failover().drainPatience());
    requests.run(tenants.byId(tenant), options);
  }

  @Override
  public void held(Decision decision) {
    boolean asks = decision.step().asksAHuman();
    events.accept(
        new FleetEvent(
            Instant.now(),
            asks ? FleetEvent.Severity.WARN : FleetEvent.Severity.INFO,
            decision.tenant().name(),
            "failover-held",
            decision.tenant().source() + " is dead, and tenant \"" + decision.tenant().name() + "\" is not failed over by itself: "
                + decision.step().words(),
            null));
  }

  private Failovers failovers() {
    return requests.failovers();
  }
}
