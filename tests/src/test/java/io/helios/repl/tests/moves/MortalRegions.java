package io.helios.repl.tests.moves;

import static org.awaitility.Awaitility.await;

import io.helios.repl.pki.TrustedAuthorities;
import io.helios.repl.tests.faults.CrashServer;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Ports;
import io.helios.repl.tests.fixture.RegionCertificates;
import io.helios.repl.tests.keys.ServerProcess;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Two regions whose servers are processes and whose databases are servers of their own, each of which can be killed and
 * started again on what is on its disk. The one in {@code us} has the source and the tenants, the one in {@code eu} the target.
 */
final class MortalRegions implements AutoCloseable {

  /** Who dies. */
  enum Victim {
    HOME_SERVER,
    TARGET_SERVER,
    BOTH_SERVERS,
    HOME_DATABASE,
    TARGET_DATABASE
  }

  private final Path directory;
  private final Path ca;
  private final @Nullable CrashServer homeServer;
  private final @Nullable CrashServer targetServer;
  final Database home;
  final Database target;
  private final ServerProcess us;
  private final ServerProcess eu;

  /** On databases that are nobody else's to kill. */
  static MortalRegions start(Path directory, CrashServer home, CrashServer target) throws Exception {
    return new MortalRegions(directory, home, home.database(), target, target.database());
  }

  /** On databases that must not be killed. */
  static MortalRegions start(Path directory, Database home, Database target) throws Exception {
    return new MortalRegions(directory, null, home, null, target);
  }

  private MortalRegions(
      Path directory, @Nullable CrashServer homeServer, Database home, @Nullable CrashServer targetServer, Database target)
      throws Exception {
    this.directory = directory;
    this.homeServer = homeServer;
    this.home = home;
    this.targetServer = targetServer;
    this.target = target;
    this.ca = RegionCertificates.authority(directory, "ca");
    int usPort = Ports.free();
    int euPort = Ports.free();
    us = server(
        "us", usPort, "eu", euPort,
        "sources: { shop: { url: \"%s\", tenancy: { column: tenant_id }, slot: s_%s, publication: p_%s } }"
            .formatted(home.uri(), home.name(), home.name()));
    eu = server("eu", euPort, "us", usPort, "targets: { shop-eu: { url: \"%s\", regions: [us] } }".formatted(target.uri()));
    CountedWriters.tables(home);
    both(us::start, eu::start);
  }

  private ServerProcess server(String region, int port, String peer, int peerPort, String more) throws Exception {
    Path own = Files.createDirectories(directory.resolve(region + "-server"));
    RegionCertificates.issue(directory, region, region, ca, Instant.now());
    String yaml =
        """
        region: %s
        listen: 127.0.0.1:%d
        data-dir: %s
        tls: { certificate: %s, key: %s }
        peers: { %s: { url: "https://127.0.0.1:%d", ca: %s } }
        %s
        """
            .formatted(
                region, port, own.resolve("data"), directory.resolve(region + ".crt"), directory.resolve(region + ".key"), peer,
                peerPort, ca, more);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(null, new TrustManager[] {TrustedAuthorities.of(ca).manager()}, null);
    return new ServerProcess(own, yaml, HttpClient.newBuilder().sslContext(tls).build());
  }

  /** At once: most of a start is waiting for a processor. */
  private static void both(Callable<?> one, Callable<?> other) throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> both = List.of(threads.submit(one), threads.submit(other));
      for (Future<?> each : both) {
        each.get();
      }
    }
  }

  /** Both of a tenant's databases, its first home first. */
  List<Database> homes() {
    return List.of(home, target);
  }

  /** With SIGKILL, by its process id. */
  void kill(Victim victim) throws Exception {
    switch (victim) {
      case HOME_SERVER -> us.kill();
      case TARGET_SERVER -> eu.kill();
      case BOTH_SERVERS -> {
        us.kill();
        eu.kill();
      }
      case HOME_DATABASE -> database(homeServer).crash();
      case TARGET_DATABASE -> database(targetServer).crash();
    }
  }

  void startAgain(Victim victim) throws Exception {
    switch (victim) {
      case HOME_SERVER -> us.start();
      case TARGET_SERVER -> eu.start();
      case BOTH_SERVERS -> both(us::start, eu::start);
      case HOME_DATABASE -> database(homeServer).start();
      case TARGET_DATABASE -> database(targetServer).start();
    }
  }

  private static CrashServer database(@Nullable CrashServer server) {
    if (server == null) {
      throw new IllegalStateException("others use that database server, too");
    }
    return server;
  }

  void create(String tenant) {
    us.api(
        "POST", "/tenants",
        "{\"tenants\": [{\"name\": \"%s\", \"source\": \"shop\", \"target\": \"eu/shop-eu\"}]}".formatted(tenant));
  }

  void start(String tenant) {
    us.api("POST", "/tenants/" + tenant + "/start", "{}");
    us.becomes(tenant, "STREAMING");
  }

  /** Asks for a step of the tenant's migration, which has to be accepted. */
  void ask(String tenant, String verb) {
    HttpResponse<String> answer =
        us.send(
            "POST", "/api/v1/tenants/" + tenant + "/migration/" + verb + "?confirm=" + tenant,
            verb.equals("complete") ? "{}" : "{\"maxPause\": \"10s\", \"force\": [\"verification\", \"long-transaction\", \"lag\"]}",
            us.token());
    if (answer.statusCode() >= 300) {
      throw new AssertionError(verb + ": " + answer.body());
    }
  }

  JsonNode migration(String tenant) {
    return us.api("GET", "/tenants/" + tenant + "/migration", null);
  }

  String state(String tenant) {
    return migration(tenant).path("state").asString();
  }

  /** Waits until the migration is in one of these states, or has failed, and nothing more is asked of it. */
  String becomes(String tenant, Set<String> states) {
    return await()
        .atMost(ServerProcess.PATIENCE)
        .until(
            () -> migration(tenant),
            m -> m.path("wish").isNull() && (states.contains(m.path("state").asString()) || m.path("state").asString().equals("FAILED")))
        .path("state")
        .asString();
  }

  @Override
  public void close() {
    us.close();
    eu.close();
  }
}
