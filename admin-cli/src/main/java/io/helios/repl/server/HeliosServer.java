package io.helios.repl.server;

import io.helios.repl.config.ApiAccess;
import io.helios.repl.config.ListenAddress;
import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.config.StateDirectory;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.failover.FailoverDriver;
import io.helios.repl.failover.FailoverEnds;
import io.helios.repl.failover.Failovers;
import io.helios.repl.failover.FailoverSettings;
import io.helios.repl.failover.coordination.Coordination;
import io.helios.repl.failover.coordination.Epochs;
import io.helios.repl.failover.lease.LeaseSettings;
import io.helios.repl.failover.lease.Leases;
import io.helios.repl.failover.lease.WithheldLease;
import io.helios.repl.migration.MigrationDriver;
import io.helios.repl.migration.MigrationService;
import io.helios.repl.migration.Migrations;
import io.helios.repl.migration.SwitchedTraffic;
import io.helios.repl.migration.Traffic;
import io.helios.repl.migration.traffic.TrafficSwitches;
import io.helios.repl.peer.PeerKeys;
import io.helios.repl.peer.Peers;
import io.helios.repl.peer.PinnedKeys;
import io.helios.repl.peer.ServerIdentity;
import io.helios.repl.peer.ServerKeyPair;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.pipeline.StepLoop;
import io.helios.repl.pipeline.Ticker;
import io.helios.repl.tenant.Tenant;
import io.javalin.Javalin;
import io.javalin.config.RoutesConfig;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running server: data directory, store, engine and API, started in this order and stopped in reverse. Here, and
 * nowhere else, everything is put together.
 */
public final class HeliosServer implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(HeliosServer.class);

  /** So many tenants that are moved may be copied and compared at once. */
  private static final int PARALLEL_COPIES = 4;

  private final Deque<AutoCloseable> parts = new ArrayDeque<>();
  private final Operations operations = new Operations();
  private final PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final ServerConfiguration configuration;
  private final StoreMembers members;
  private volatile ListenAddress address;
  private @Nullable String token;
  private int tenantCount;
  private boolean closed;

  private HeliosServer(ServerConfiguration configuration, StoreMembers members) {
    this.configuration = configuration;
    this.members = members;
    this.address = configuration.listen();
  }

  /**
   * Starts everything and returns when commands can be taken; sources and targets may still be out of reach.
   *
   * @param environment says where the user's state directory is
   * @throws io.helios.repl.error.HeliosException when it cannot; nothing is left running then
   */
  public static HeliosServer start(
      ServerConfiguration configuration, FleetMaker fleets, Map<String, String> environment) {
    return start(configuration, fleets, environment, StoreMembers.alone(configuration));
  }

  /** @param members of its store, among which it is the active one */
  static HeliosServer start(
      ServerConfiguration configuration, FleetMaker fleets, Map<String, String> environment, StoreMembers members) {
    HeliosServer server = new HeliosServer(configuration, members);
    try {
      server.start(fleets, new StateDirectory(environment));
      return server;
    } catch (RuntimeException | Error e) {
      server.close();
      throw e;
    }
  }

  static void requireTls(ServerConfiguration configuration) {
    if (configuration.access().tls() == null && !configuration.listen().isLoopback()) {
      throw new OperatorException(
          new Problem(
              ErrorCode.TLS_REQUIRED,
              configuration.listen() + " is not loopback, and needs TLS",
              "the configuration has no tls:",
              "tls: { certificate: server.crt, key: server.key }, or listen: 127.0.0.1:7400"));
    }
  }

  private void start(FleetMaker fleets, StateDirectory state) {
    ApiAccess.Tls tls = configuration.access().tls();
    requireTls(configuration);
    TlsConnector https = tls == null ? null : TlsConnector.of(tls, configuration.peers());
    ServerIdentity identity =
        tls == null || configuration.peers().isEmpty() ? null : ServerIdentity.of(tls, configuration.region());
    DataDirectory data = add(DataDirectory.open(configuration.dataDirectory()));
    token = data.token();
    new JvmMemoryMetrics().bindTo(meters);
    new ProcessorMetrics().bindTo(meters);
    add(meters::close);
    ControlStore store = ControlStore.open(configuration.store(), data.path());
    EventLog events = add(new EventLog(store));
    members
        .before()
        .ifPresent(
            before ->
                events.accept(
                    new FleetEvent(
                        Instant.now(), FleetEvent.Severity.WARN, null, "server-active",
                        members.name() + " is the active server from now on; before it was " + before, null)));
    PinnedKeys pinned = new PinnedKeys(data.path());
    Peers peers =
        add(identity == null ? Peers.none() : Peers.start(configuration.peers(), identity, pinned, events));
    Fleet fleet = add(fleets.make(configuration, data.path(), meters, events, peers));
    PeerKeys keys = identity == null ? null : new PeerKeys(ServerKeyPair.of(fleet.keyTransfer()), pinned, peers);
    if (keys != null) {
      fleet.peers(region -> peers.applier(region, configuration.region(), keys).orElse(null));
      fleet.guests().from(peers.homes());
    }
    VerificationHistory history = new VerificationHistory(store);
    Tenants tenants = new Tenants(configuration, store, history, fleet, events);
    MigrationService service = new MigrationService();
    Migrations migrations =
        new Migrations(
            new MigrationStore(store, rowsOf(tenants)), new MigrationNews(events, meters), service.clock());
    migrations.restore();
    tenants.movedBy(migrations);
    Failovers failovers =
        new Failovers(new FailoverStore(store, tenants::turned), new FailoverNews(events, meters), Ticker.SYSTEM);
    failovers.restore();
    tenants.failedOverBy(failovers);
    tenants.restore();
    fleet.start();
    Drain drain = add(new Drain(fleet, tenants::statuses, events));
    SessionRoutes sessions = new SessionRoutes(configuration.targets());
    ServerFacts facts =
        new ServerFacts(
            configuration,
            store.place(),
            () -> address().toString(),
            drain::state,
            peers::latest,
            keys == null ? null : PinnedKeys.text(keys.own().publicKey()),
            Instant.now());
    Api api = new Api(configuration, fleet, tenants, store, operations, facts);
    Verifications verifying = new Verifications(tenants, fleet, history, events);
    VerificationRoutes verifications = new VerificationRoutes(tenants, verifying, fleet, operations);
    MovedTenants moved = 
        new MovedTenants(configuration, tenants, verifying, fleets.endFacts(fleet), new BetweenRegions(tls, peers::latest));
    TrafficSwitches switches = add(TrafficSwitches.of(configuration.traffic()));
    Traffic traffic = SwitchedTraffic.of(switches, new ConfiguredHomes(configuration));
    MigrationDriver driver =
        new MigrationDriver(
            migrations, moved, fleets.ends(fleet), traffic, service.clock(), service.steps(), PARALLEL_COPIES);
    MigrationRoutes moves =
        new MigrationRoutes(tenants, new Moves(tenants, moved, migrations, driver, service), operations);
    add(service);
    service.start(driver);
    Coordination coordination = add(Observing.coordination(configuration, store));
    FailoverSettings settings = configuration.failover();
    Leases leases =
        add(
            new Leases(
                new LeaseSettings(settings.lease(), LeaseSettings.DEFAULTS.margin()),
                fleet.leases(),
                fleet::tenants,
                coordination.isShared() ? coordination : null,
                members.areMany() ? members.name() : settings.observer(),
                events));
    FailoverRequests requests =
        failovers(
            failovers, fleets.failoverEnds(fleet), tenants, coordination, leases, new SourceProbes(configuration, fleet::sources), traffic,
            migrations, new FailoverMoves(migrations, driver, service));
    leases.start(); // who is withheld has been said
    FailoverRoutes takeovers = new FailoverRoutes(tenants, requests, operations, settings.drainPatience(), t -> fleet.tryGuard(t.id()));
    AutoStore automatic = new AutoStore(store);
    CapturedSources captured = new CapturedSources(configuration, fleet::sources);
    Observing observing =
        add(
            new Observing(
                configuration,
                coordination,
                captured,
                new AutomaticRuns(configuration, captured, tenants, automatic, requests, events)));
    AutoRoutes auto = new AutoRoutes(tenants, automatic, observing, leases::statuses);
    new FailoverGauges(observing::latest, leases::statuses)
        .register(meters, observing.endpoints(), configuration.sources().stream().map(s -> s.name()).toList());
    ApplyRoutes applying = new ApplyRoutes(configuration, tenants);
    Scrapes scrapes = new Scrapes(Instant.now());
    new UnverifiedGauge(new TenantHealth(tenants, history)).register(meters);
    EventRoutes eventRoutes =
        new EventRoutes(
            store,
            events.bell(),
            () ->
                new FleetNews.Standing(
                    tenants.statuses(), fleet.sources(), fleet.targets(), migrations.all(), requests.failovers().all(),
                    observing.latest().endpoints(), leases.statuses()),
            configuration.region(),
            nodeName(configuration));
    HostedTenants hosted = new HostedTenants(fleet.guests());
    hosted.register(meters);
    FrameRoutes frames = new FrameRoutes(fleet::frames, fleet::isGiven, PeerGate::region);
    GuestRoutes guests = keys == null ? null : new GuestRoutes(fleet.guests(), configuration.region(), keys);
    AuditLog audit = new AuditLog(store);
    RouteIndex index = new RouteIndex();
    AuditEntry lastChange = audit.last();
    if (lastChange != null) {
      LOG.info("the audit log has {} lines, its head is {}", lastChange.seq(), lastChange.hash());
    }
    FailedLogins logins = add(new FailedLogins(audit::refusedLogins, System::nanoTime));
    Authentication authentication = new Authentication(data.token(), configuration.access(), logins);
    Gate gate = new Gate(authentication, audit, new IdempotencyKeys(store));
    Javalin http =
        http(
            https,
            routes -> {
              routes.get("/livez", r -> r.contentType("application/json").result("{\"status\":\"alive\"}"));
              routes.get(
                  "/readyz",
                  r ->
                      r.status(drain.state().equals("running") ? 200 : 503)
                          .contentType("application/json")
                          .result(
                              Json.MAPPER.writeValueAsBytes(
                                  ServerFacts.readiness(drain.state(), fleet.sources(), fleet.targets()))));
              routes.get(
                  "/metrics",
                  r -> {
                    if (!configuration.listen().isLoopback()) {
                      gate.requireReader(r);
                    }
                    scrapes.scraped(Instant.now());
                    r.contentType("text/plain; version=0.0.4; charset=utf-8").result(meters.scrape());
                  });
              gate.install(routes);
              new MemberRoutes(members).install(routes);
              new DrainRoutes(drain, operations).install(routes);
              api.install(routes);
              new AuditRoutes(audit).install(routes);
              verifications.install(routes);
              moves.install(routes);
              takeovers.install(routes);
              auto.install(routes);
              applying.install(routes);
              eventRoutes.install(routes);
              new PipelineRoutes(tenants, fleet).install(routes);
              hosted.install(routes);
              new SlotRoutes(new Slots(configuration, tenants, fleet::mirroredTenants, events)).install(routes);
              new RunbookRoutes(new RunbookRuns(store)).install(routes);
              new DoctorRoutes(
                      configuration, fleet, tenants, history, scrapes, peers,
                      () -> observing.findings(auto.isOnAnywhere()))
                  .install(routes);
              if (keys != null && guests != null) {
                new PeerGate(configuration.peers()).install(routes);
                new PeerRoutes(configuration.region(), keys.own(), configuration.targets()).install(routes);
                frames.install(routes);
                new CatalogRoutes(fleet.catalog(), fleet::isGivenAny).install(routes);
                guests.install(routes);
                sessions.install(routes);
              }
              index.install(routes);
            });
    add(eventRoutes);
    add(frames);
    if (guests != null) {
      add(guests);
    }
    add(sessions);
    observing.start();
    add(new AccessFiles(configuration.access(), https, authentication, events)).start();
    index.tell(http);
    address = address.withPort(http.port());
    tenantCount = tenants.all().size();
    try {
      data.publish(state, address);
    } catch (IOException e) {
      LOG.warn(
          "commands will not find the token by themselves: {} cannot be written ({})",
          state.directory(),
          e.getMessage());
    }
  }

  /** Started, and stopped before what it works on. */
  private FailoverRequests failovers(
      Failovers failovers,
      FailoverEnds ends,
      Tenants tenants,
      Coordination coordination,
      Leases leases,
      SourceProbes probes,
      Traffic traffic,
      Migrations migrations,
      FailoverMoves moves) {
    StepLoop loop = add(new StepLoop("failovers", "failover"));
    FailoverDriver.Surroundings around =
        new FailoverDriver.Surroundings(
            new Epochs(members.whileActive(coordination)), new WithheldLease(leases), probes, new FailoverSending(traffic), moves);
    FailoverDriver driver = new FailoverDriver(failovers, tenants::byId, ends, around, Ticker.SYSTEM, loop.steps());
    driver.withholdLeases();
    loop.start(
        () -> {
          probes.look();
          driver.runOnce();
        });
    return new FailoverRequests(tenants, failovers, migrations, driver, ends, around, loop);
  }

  private static MigrationStore.TenantRows rowsOf(Tenants tenants) {
    return new MigrationStore.TenantRows() {
      @Override
      public void turned(Tenant tenant) {
        tenants.turned(tenant);
      }

      @Override
      public void left(UUID tenant) {
        tenants.left(tenants.byId(tenant));
      }
    };
  }

  private Javalin http(@Nullable TlsConnector https, Consumer<RoutesConfig> routes) {
    Javalin http = HttpListener.start(configuration.listen(), https, routes);
    add(
        () -> {
          operations.stop();
          HttpListener.stop(http);
        });
    return http;
  }

  /** The machine's name, or where that cannot be told what it listens on. */
  static String nodeName(ServerConfiguration configuration) {
    try {
      return Files.readString(Path.of("/etc/hostname")).strip();
    } catch (IOException e) {
      return configuration.listen().toString();
    }
  }

  private <T extends AutoCloseable> T add(T part) {
    parts.push(part);
    return part;
  }

  /** Where it listens, with the port that it got. */
  public URI address() {
    return configuration.access().tls() == null ? address.uri() : URI.create("https://" + address);
  }

  /** The bearer token of its API. */
  public String token() {
    return Objects.requireNonNull(token);
  }

  /** The line that is printed when it is ready. */
  public String greeting() {
    return "helios-repl server is ready at "
        + address()
        + " (sources: "
        + configuration.sources().size()
        + ", targets: "
        + configuration.targets().size()
        + ", tenants: "
        + tenantCount
        + ")";
  }

  /** Stops what was started, in reverse; what fails in it is logged. May be called twice. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    while (!parts.isEmpty()) {
      AutoCloseable part = parts.pop();
      try {
        part.close();
      } catch (Exception e) {
        LOG.warn("while stopping: {}", e.getMessage(), e);
      }
    }
  }
}
