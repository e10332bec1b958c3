package io.helios.repl.server;

import io.helios.repl.config.ListenAddress;
import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.config.StateDirectory;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.pipeline.Fleet;
import io.javalin.Javalin;
import io.javalin.config.RoutesConfig;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.BindException;
import java.net.SocketException;
import java.net.URI;
import java.nio.channels.UnresolvedAddressException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Objects;
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
  private static final long LARGEST_BODY = 8 << 20;
  private static final long HTTP_STOP_MILLIS = 2_000;

  private final Deque<AutoCloseable> parts = new ArrayDeque<>();
  private final Operations operations = new Operations();
  private final PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final ServerConfiguration configuration;
  private volatile ListenAddress address;
  private @Nullable String token;
  private int tenantCount;
  private boolean closed;

  private HeliosServer(ServerConfiguration configuration) {
    this.configuration = configuration;
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
    HeliosServer server = new HeliosServer(configuration);
    try {
      server.start(fleets, new StateDirectory(environment));
      return server;
    } catch (RuntimeException | Error e) {
      server.close();
      throw e;
    }
  }

  private void start(FleetMaker fleets, StateDirectory state) {
    if (!configuration.listen().isLoopback()) {
      throw new OperatorException(
          new Problem(
              ErrorCode.TLS_REQUIRED,
              configuration.listen() + " is not loopback, and needs TLS",
              "TLS is not in this release",
              "listen: 127.0.0.1:7400"));
    }
    DataDirectory data = add(DataDirectory.open(configuration.dataDirectory()));
    token = data.token();
    new JvmMemoryMetrics().bindTo(meters);
    new ProcessorMetrics().bindTo(meters);
    add(meters::close);
    ControlStore store = ControlStore.open(configuration.store(), data.path());
    EventLog events = add(new EventLog(store));
    Fleet fleet = add(fleets.make(configuration, data.path(), meters, events));
    VerificationHistory history = new VerificationHistory(store);
    Tenants tenants = new Tenants(configuration, store, history, fleet, events);
    tenants.restore();
    fleet.start();
    ServerFacts facts = new ServerFacts(configuration, store.place(), () -> address.uri().toString(), Instant.now());
    Api api = new Api(configuration, fleet, tenants, store, operations, facts);
    VerificationRoutes verifications =
        new VerificationRoutes(tenants, new Verifications(tenants, fleet, history, events), fleet, operations);
    Scrapes scrapes = new Scrapes(Instant.now());
    new UnverifiedGauge(new TenantHealth(tenants, history)).register(meters);
    Authentication authentication = new Authentication(data.token());
    Javalin http =
        http(
            routes -> {
              routes.get("/livez", r -> r.contentType("application/json").result("{\"status\":\"alive\"}"));
              routes.get(
                  "/readyz",
                  r ->
                      r.contentType("application/json")
                          .result(
                              Json.MAPPER.writeValueAsBytes(ServerFacts.readiness(fleet.sources(), fleet.targets()))));
              routes.get(
                  "/metrics",
                  r -> {
                    scrapes.scraped(Instant.now());
                    r.contentType("text/plain; version=0.0.4; charset=utf-8").result(meters.scrape());
                  });
              api.install(routes, authentication);
              verifications.install(routes);
              new PipelineRoutes(tenants, fleet).install(routes);
              new DoctorRoutes(configuration, fleet, tenants, history, scrapes).install(routes);
            });
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

  private Javalin http(Consumer<RoutesConfig> routes) {
    Javalin http =
        Javalin.create(
            c -> {
              c.startup.showJavalinBanner = false;
              c.startup.showOldJavalinVersionWarning = false;
              c.startup.startupWatcherEnabled = false;
              c.concurrency.useVirtualThreads = true;
              c.http.maxRequestSize = LARGEST_BODY;
              c.http.prefer405over404 = true;
              c.jetty.modifyServer(server -> server.setStopTimeout(HTTP_STOP_MILLIS));
              c.jetty.modifyHttpConfiguration(h -> h.setSendServerVersion(false));
              routes.accept(c.routes);
            });
    try {
      http.start(configuration.listen().host(), configuration.listen().port());
    } catch (RuntimeException e) {
      http.stop();
      throw cannotListen(e);
    }
    add(
        () -> {
          operations.stop();
          http.stop();
        });
    return http;
  }

  private RuntimeException cannotListen(RuntimeException e) {
    Throwable cause = e;
    while (cause != null) {
      if (cause instanceof BindException
          || cause instanceof UnresolvedAddressException
          || cause instanceof SocketException) {
        return new OperatorException(
            new Problem(
                ErrorCode.LISTEN_FAILED,
                "the server cannot listen on " + configuration.listen(),
                String.valueOf(cause.getMessage()),
                "stop what listens there, or choose another address: --listen 127.0.0.1:7401"),
            e);
      }
      cause = cause.getCause();
    }
    return e;
  }

  private <T extends AutoCloseable> T add(T part) {
    parts.push(part);
    return part;
  }

  /** Where it listens, with the port that it got. */
  public URI address() {
    return address.uri();
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
