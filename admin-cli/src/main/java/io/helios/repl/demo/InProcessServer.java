package io.helios.repl.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.helios.repl.client.HeliosClient;
import io.helios.repl.client.LiveDashboard;
import io.helios.repl.config.ApiAccess;
import io.helios.repl.config.ListenAddress;
import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.config.StoreLocation;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.failover.FailoverSettings;
import io.helios.repl.failover.coordination.CoordinationSettings;
import io.helios.repl.pipeline.CopyLimits;
import io.helios.repl.pipeline.SourceSettings;
import io.helios.repl.pipeline.TargetSettings;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.schema.DumpPolicy;
import io.helios.repl.server.FleetMaker;
import io.helios.repl.server.HeliosServer;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.status.Verification;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The product's server in this process. Tenants are declared and started through its API, as any client would, so that
 * its store knows them; what is looked at many times a second is asked of the engine itself.
 */
public final class InProcessServer implements DemoServer {

  private static final String SOURCE = "shop";
  private static final String TARGET = "shop-eu";
  private static final ListenAddress USUAL = new ListenAddress("127.0.0.1", 7400);

  private final HeliosServer server;
  private final Fleet fleet;
  private final HttpClient http = HttpClient.newHttpClient();
  private final Map<String, UUID> started = new LinkedHashMap<>();

  private InProcessServer(HeliosServer server, Fleet fleet) {
    this.server = server;
    this.fleet = fleet;
  }

  /** Listens where a server usually does, or on any free port when that is taken. */
  public static InProcessServer start(
      FleetMaker fleets, ConnectionSettings source, ConnectionSettings target, Path dataDirectory) {
    AtomicReference<@Nullable Fleet> made = new AtomicReference<>();
    FleetMaker remembering =
        (configuration, directory, meters, events, peers) -> {
          Fleet fleet = fleets.make(configuration, directory, meters, events, peers);
          made.set(fleet);
          return fleet;
        };
    HeliosServer server;
    try {
      server = HeliosServer.start(configuration(USUAL, source, target, dataDirectory), remembering, System.getenv());
    } catch (OperatorException e) {
      if (e.problem().code() != ErrorCode.LISTEN_FAILED) {
        throw e;
      }
      server =
          HeliosServer.start(configuration(USUAL.withPort(0), source, target, dataDirectory), remembering, System.getenv());
    }
    return new InProcessServer(server, Objects.requireNonNull(made.get()));
  }

  private static ServerConfiguration configuration(
      ListenAddress listen, ConnectionSettings source, ConnectionSettings target, Path dataDirectory) {
    return new ServerConfiguration(
        null,
        "us-east-1",
        listen,
        dataDirectory,
        new StoreLocation.Sqlite(),
        List.of(
            new SourceSettings(
                SOURCE,
                source,
                new Tenancy.ByColumn(Shop.TENANT_COLUMN),
                new TableFilter(Shop.TENANT_TABLES),
                new TableFilter(Shop.REFERENCE_TABLES),
                "helios_" + SOURCE,
                "helios_" + SOURCE,
                "us-east-1")),
        List.of(new TargetSettings(TARGET, target, "eu-central-1")),
        List.of(),
        ServerConfiguration.Relay.DEFAULT,
        ServerConfiguration.Apply.DEFAULT,
        CopyLimits.DEFAULT,
        ServerConfiguration.MasterKeys.DEFAULT,
        ApiAccess.DEFAULT,
        ServerConfiguration.Traces.DEFAULT,
        List.of(),
        DumpPolicy.AUTO,
        new CoordinationSettings.Local(),
        FailoverSettings.of("us-east-1"),
        List.of());
  }

  @Override
  public URI address() {
    return server.address();
  }

  @Override
  public void startTenant(String tenant) throws InterruptedException {
    post(
        "/api/v1/tenants",
        "{\"tenants\": [{\"name\": \"%s\", \"source\": \"%s\", \"target\": \"%s\"}]}".formatted(tenant, SOURCE, TARGET));
    post("/api/v1/tenants/" + tenant + "/start", "{}");
    started.put(tenant, find(tenant));
  }

  private void post(String path, String json) throws InterruptedException {
    try {
      HttpRequest request =
          HttpRequest.newBuilder(server.address().resolve(path))
              .header("Authorization", "Bearer " + server.token())
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofString(json, UTF_8))
              .build();
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString(UTF_8));
      if (response.statusCode() >= 300) {
        throw new IOException("POST " + path + " was answered with " + response.statusCode() + ": " + response.body());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public List<TenantStatus> statuses() {
    Map<UUID, TenantStatus> all = fleet.statuses();
    return started.values().stream().map(id -> Objects.requireNonNull(all.get(id))).toList();
  }

  @Override
  public void awaitCaughtUp(String tenant, Duration patience) throws TimeoutException, InterruptedException {
    await(fleet.caughtUp(id(tenant)), patience);
  }

  @Override
  public Verification verify(String tenant, Duration patience) throws TimeoutException, InterruptedException {
    return await(fleet.verify(id(tenant), patience), patience);
  }

  private UUID id(String tenant) {
    return Objects.requireNonNull(started.get(tenant));
  }

  private UUID find(String tenant) {
    return fleet.statuses().entrySet().stream()
        .filter(e -> e.getValue().tenant().equals(tenant))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElseThrow();
  }

  @Override
  public void dashboard(Charset charset, boolean colours) throws IOException, InterruptedException {
    LiveDashboard.run(
        HeliosClient.to(server.address(), server.token()),
        new LiveDashboard.Look(false, "", Duration.ofSeconds(1), charset, colours));
  }

  private static <T> T await(CompletableFuture<T> future, Duration patience) throws TimeoutException, InterruptedException {
    try {
      return future.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof HeliosException known) {
        throw known;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  @Override
  public void close() {
    http.close();
    server.close();
  }
}
