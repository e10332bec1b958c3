package io.helios.repl.tests.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.apply.Replicated;
import io.helios.repl.config.ConfigurationInput;
import io.helios.repl.config.ConfigurationLoader;
import io.helios.repl.config.LoadedConfiguration;
import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.GivenTenant;
import io.helios.repl.pipeline.Guests;
import io.helios.repl.pki.PemFiles;
import io.helios.repl.pki.TrustedAuthorities;
import io.helios.repl.seal.SealedKey;
import io.helios.repl.server.FleetMaker;
import io.helios.repl.server.HeliosServer;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Ports;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.fixture.RegionCertificates;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Two servers that know each other by certificates: the one in us-east-1 has the source, the one in eu-central-1 the target, and applies. Each
 * calls the other through ports that the test has its hands on.
 */
final class TwoRegions implements AutoCloseable {

  static final String US = "us-east-1";
  static final String EU = "eu-central-1";
  static final String TARGET = EU + "/shop-eu";
  static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final char[] NO_PASSWORD = new char[0];

  final Database source = Database.create(Postgres.shared(17, "source"));
  final Database target = Database.create(Postgres.shared(17, "target"));
  final Path directory;
  final Path ca;
  final int usPort = Ports.free();
  final int euPort = Ports.free();

  private final int usSeen;
  private final int euSeen;
  private final Map<String, DesiredState> tenants = new LinkedHashMap<>();
  private @Nullable HeliosServer us;
  private @Nullable HeliosServer eu;
  private @Nullable Fleet home;
  private @Nullable Fleet far;
  String regions = US;

  /**
   * Starts neither.
   *
   * @param ways given the port of the server in us-east-1 and that of the other one, answers where they are called instead
   */
  TwoRegions(Path directory, Ways ways) throws IOException {
    this.directory = directory;
    this.ca = RegionCertificates.authority(directory, "ca");
    issue(US);
    issue(EU);
    this.usSeen = ways.through(usPort);
    this.euSeen = ways.through(euPort);
    source.execute("CREATE TABLE orders (tenant_id text, id bigint, note text, PRIMARY KEY (tenant_id, id))");
  }

  interface Ways {
    int through(int port) throws IOException;
  }

  /** {@code REGION.key} and {@code REGION.crt}. */
  final void issue(String region) {
    RegionCertificates.issue(directory, region, region, ca, Instant.now());
  }

  private String yaml(String region, int port, String peer, int peerPort) {
    return """
    region: %s
    listen: 127.0.0.1:%d
    data-dir: %s
    tls: { certificate: %s, key: %s }
    peers: { %s: { url: "https://127.0.0.1:%d", ca: %s } }
    """
        .formatted(
            region, port, directory.resolve(region), directory.resolve(region + ".crt"), directory.resolve(region + ".key"), peer,
            peerPort, ca);
  }

  private ServerConfiguration configuration(String region, String yaml) throws IOException {
    Path file = Files.writeString(directory.resolve(region + ".yaml"), yaml);
    LoadedConfiguration loaded = ConfigurationLoader.load(new ConfigurationInput(file, Map.of(), Map.of()));
    return Objects.requireNonNull(loaded.configuration(), () -> loaded.problems().toString());
  }

  void startEu() throws IOException {
    String yaml =
        yaml(EU, euPort, US, usSeen)
            + "targets: { shop-eu: { url: \"%s\", regions: [%s] } }\n".formatted(target.uri(), regions);
    FleetMaker standard = FleetMaker.standard(Map.of());
    eu =
        HeliosServer.start(
            configuration(EU, yaml),
            (configuration, data, meters, events, peers) -> {
              Fleet made = standard.make(configuration, data, meters, events, peers);
              far = made;
              return made;
            },
            environment(EU));
  }

  /** With the tenants that it had. */
  void startUs() throws IOException {
    String yaml =
        yaml(US, usPort, EU, euSeen)
            + "sources: { shop: { url: \"%s\", slot: helios_%s, tenancy: { column: tenant_id }, tables: [\"public.*\"] } }\n"
                .formatted(source.uri(), source.name());
    FleetMaker standard = FleetMaker.standard(Map.of());
    us =
        HeliosServer.start(
            configuration(US, yaml),
            (configuration, data, meters, events, peers) -> {
              Fleet made = standard.make(configuration, data, meters, events, peers);
              home = made;
              return made;
            },
            environment(US));
    tenants.forEach(this::add);
  }

  private Map<String, String> environment(String region) {
    return Map.of("XDG_STATE_HOME", directory.resolve(region + "-state").toString());
  }

  void stopUs() {
    stop(us);
    us = null;
  }

  void stopEu() {
    stop(eu);
    eu = null;
  }

  private static void stop(@Nullable HeliosServer server) {
    if (server != null) {
      server.close();
    }
  }

  Fleet home() {
    return Objects.requireNonNull(home);
  }

  /** Of the server in eu-central-1. */
  Guests guests() {
    return Objects.requireNonNull(far).guests();
  }

  private void add(String name, DesiredState state) {
    home().add(tenant(id(name), name), state);
  }

  private static Tenant tenant(UUID id, String name) {
    return new Tenant(
        id, name, name, "shop", TARGET, TableFilter.ALL, Tier.STANDARD, Duration.ofSeconds(5), ConflictPolicy.SOURCE_WINS, 1);
  }

  /** As a home server might say it. */
  GivenTenant given(UUID id, List<SealedKey> keys) {
    Replicated what = new Replicated(new Tenancy.ByColumn("tenant_id"), false, "shop", 1, US);
    return new GivenTenant(UUID.randomUUID(), 1, tenant(id, "another"), what, keys, null, 0);
  }

  /** Not started. */
  UUID create(String name) {
    add(name, DesiredState.CREATED);
    tenants.put(name, DesiredState.CREATED);
    return id(name);
  }

  /** Where the home server is called. */
  URI usUrl() {
    return URI.create("https://127.0.0.1:" + usPort + "/");
  }

  /** Where the other one is called. */
  URI euUrl() {
    return URI.create("https://127.0.0.1:" + euPort + "/");
  }

  /** Who calls as the server of a region does. */
  HttpClient client(String region) throws Exception {
    Path certificate = directory.resolve(region + ".crt");
    KeyStore keys = KeyStore.getInstance("PKCS12");
    keys.load(null, NO_PASSWORD);
    keys.setKeyEntry(
        "own", PemFiles.key(directory.resolve(region + ".key")), NO_PASSWORD,
        PemFiles.certificates(certificate).toArray(Certificate[]::new));
    KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    own.init(keys, NO_PASSWORD);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(own.getKeyManagers(), new TrustManager[] {TrustedAuthorities.of(ca).manager()}, null);
    return HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).sslContext(tls).build();
  }

  static UUID id(String name) {
    return new UUID(name.hashCode() & ~0xf000L | 0x4000, 0x8000_0000_0000_0000L | name.length());
  }

  /** Until it streams. */
  UUID stream(String name) {
    becomes(start(name), TenantState.STREAMING);
    return id(name);
  }

  UUID start(String name) {
    add(name, DesiredState.CREATED);
    tenants.put(name, DesiredState.RUNNING);
    home().startTenant(id(name));
    return id(name);
  }

  TenantStatus becomes(UUID tenant, TenantState state) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(home().status(tenant).state())
                    .as(() -> String.valueOf(home().status(tenant).error()))
                    .isEqualTo(state));
    return home().status(tenant);
  }

  void insert(String tenant, int from, int to) {
    source.execute(
        "INSERT INTO orders SELECT '%s', g, 'n' || g FROM generate_series(%d, %d) g".formatted(tenant, from, to));
  }

  /** Everything of the tenant is there, by the home server's own word and by the rows. */
  void arrives(String name) throws InterruptedException {
    Fleet.await(home().caughtUp(id(name)), PATIENCE);
    equal(name);
  }

  void equal(String name) {
    String sql = "SELECT * FROM orders WHERE tenant_id = '" + name + "' ORDER BY id";
    assertThat(target.query(sql)).isEqualTo(source.query(sql)).isNotEmpty();
  }

  /** What the server of a region has on its disk. */
  List<Path> files(String region) throws IOException {
    try (var files = Files.walk(directory.resolve(region))) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  /** A slot's name is the PostgreSQL server's, which other tests use too. */
  @Override
  public void close() {
    stopUs();
    stopEu();
    target.query(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database() AND NOT active");
  }
}
