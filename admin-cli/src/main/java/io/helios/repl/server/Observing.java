package io.helios.repl.server;

import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.failover.coordination.Coordination;
import io.helios.repl.failover.coordination.CoordinationSettings;
import io.helios.repl.failover.coordination.EtcdCoordination;
import io.helios.repl.failover.observation.Endpoint;
import io.helios.repl.failover.observation.ObservedEndpoints;
import io.helios.repl.failover.observation.Observer;
import io.helios.repl.failover.observation.SqlProbe;
import io.helios.repl.failover.policy.AutoFailover;
import io.helios.repl.failover.policy.Decision;
import io.helios.repl.failover.policy.FailoverPolicy;
import io.helios.repl.pipeline.Ticker;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

/** The observer of this server and its automatic failover, put together: what they hold, and what doctor says of it. Any thread. */
final class Observing implements AutoCloseable {

  private static final Executor WAITING = work -> Thread.ofVirtual().name("helios-look").start(work);

  private final ServerConfiguration configuration;
  private final Coordination coordination;
  private final CapturedSources captured;
  private final Observer observer;
  private final AutoFailover automatic;
  private final AtomicBoolean deciding = new AtomicBoolean();

  Observing(
      ServerConfiguration configuration, Coordination coordination, CapturedSources captured, AutoFailover.Runs runs) {
    this.configuration = configuration;
    this.captured = captured;
    this.coordination = coordination;
    this.automatic =
        new AutoFailover(
            new FailoverPolicy(configuration.failover().brakes(), configuration.failover().votesFresh()), runs, Ticker.SYSTEM::nanos);
    this.observer =
        new Observer(
            configuration.failover(),
            endpoints(configuration),
            endpoint -> new SqlProbe(endpoint, configuration.failover().thresholds().probeTimeout()),
            coordination,
            WAITING,
            Ticker.SYSTEM,
            this::decide);
  }

  static Coordination coordination(ServerConfiguration configuration, ControlStore store) {
    return switch (configuration.coordination()) {
      case CoordinationSettings.Local local -> new StoreCoordination(store);
      case CoordinationSettings.Etcd etcd -> new EtcdCoordination(etcd);
    };
  }

  /** Each once: a database that tenants come from and go to has two names at most, and both are looked at. */
  private static List<Endpoint> endpoints(ServerConfiguration configuration) {
    Map<String, Endpoint> endpoints = new LinkedHashMap<>();
    configuration.sources().forEach(s -> add(endpoints, Endpoint.of(s.region(), s.name(), s.connection())));
    configuration.targets().forEach(t -> add(endpoints, Endpoint.of(t.region(), t.name(), t.connection())));
    configuration.failover().observed().forEach(e -> add(endpoints, e));
    return List.copyOf(endpoints.values());
  }

  private static void add(Map<String, Endpoint> endpoints, Endpoint endpoint) {
    endpoints.putIfAbsent(endpoint.id(), endpoint);
  }

  void start() {
    observer.start();
  }

  /** The store and the engine are asked, which may take a moment: not on the observer's thread, and one at a time. */
  private void decide(ObservedEndpoints observed) {
    captured.look(observed);
    if (deciding.compareAndSet(false, true)) {
      WAITING.execute(
          () -> {
            try {
              automatic.runOnce(observed);
            } finally {
              deciding.set(false);
            }
          });
    }
  }

  /** What observers call the databases that this server looks at. */
  List<String> endpoints() {
    return endpoints(configuration).stream().map(Endpoint::id).toList();
  }

  ObservedEndpoints latest() {
    return observer.latest();
  }

  List<Decision> decisions() {
    return automatic.latest();
  }

  /** @param automaticAnywhere whether some tenant is failed over by itself */
  List<Finding> findings(boolean automaticAnywhere) {
    List<Finding> findings = new ArrayList<>();
    ObservedEndpoints observed = observer.latest();
    Problem problem = observed.problem();
    if (problem != null) {
      findings.add(new Finding(Severity.ERROR, problem.code(), problem.message(), problem.why(), problem.hint()));
    }
    if (!coordination.isShared() && automaticAnywhere) {
      findings.add(
          new Finding(
              Severity.WARN,
              ErrorCode.COORDINATION_LOCAL,
              "this server alone decides about automatic failovers",
              "where it is cut off from a source that lives, it takes that for dead; when it dies itself, nobody fails anything over",
              "coordination: etcd, and three observers in three places: docs/failover.md"));
    }
    observed.endpoints().stream()
        .filter(e -> automaticAnywhere && e.outcome().counted() < e.outcome().needed())
        .forEach(
            e ->
                findings.add(
                    new Finding(
                        Severity.WARN,
                        ErrorCode.OBSERVERS_TOO_FEW,
                        e.endpoint() + " could not be called dead: " + e.outcome().counted() + " of "
                            + e.outcome().needed() + " votes that it takes are there",
                        "no tenant of it would be failed over by itself",
                        "see who is silent: helios-repl failover status; failover.observers is "
                            + configuration.failover().observers())));
    return findings;
  }

  @Override
  public void close() {
    observer.close();
  }
}
