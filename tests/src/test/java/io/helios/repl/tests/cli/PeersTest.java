package io.helios.repl.tests.cli;

import static io.helios.repl.tests.cli.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.pki.PemFiles;
import io.helios.repl.pki.TrustedAuthorities;
import io.helios.repl.tests.fixture.Certificates;
import io.helios.repl.tests.fixture.Ports;
import io.helios.repl.tests.fixture.RegionCertificates;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Two servers that know each other by certificates, and all who are not let in. */
class PeersTest {

  private static final char[] NO_PASSWORD = new char[0];
  private static final Duration YEAR = Duration.ofDays(365);

  @TempDir static Path directory;

  private static TestServer us;
  private static TestServer eu;
  private static int usPort;
  private static int euPort;
  private static Path ca;

  @BeforeAll
  static void start() throws Exception {
    ca = authority("ca");
    issue("us", "us-east-1", ca, Instant.now());
    issue("eu", "eu-central-1", ca, Instant.now());
    us = new TestServer(Files.createDirectories(directory.resolve("us-server")));
    eu = new TestServer(Files.createDirectories(directory.resolve("eu-server")));
    usPort = Ports.free();
    euPort = Ports.free();
  }

  @AfterAll
  static void stop() {
    us.close();
    eu.close();
  }

  @BeforeEach
  void both() {
    us.restart(yaml(us, "us-east-1", "us", usPort) + peer("eu-central-1", euPort, ca));
    eu.restart(yaml(eu, "eu-central-1", "eu", euPort) + peer("us-east-1", usPort, ca));
  }

  private static Path authority(String name) {
    return RegionCertificates.authority(directory, name);
  }

  private static void issue(String name, String region, Path authority, Instant from) {
    RegionCertificates.issue(directory, name, region, authority, from);
  }

  private static String yaml(TestServer server, String region, String files, int port) {
    return server.yaml().replace("127.0.0.1:0", "127.0.0.1:" + port)
        + "region: %s\ntls: { certificate: %s, key: %s }\n"
            .formatted(region, directory.resolve(files + ".crt"), directory.resolve(files + ".key"));
  }

  private static String peer(String region, int port, Path authority) {
    return "peers: { %s: { url: \"https://127.0.0.1:%d\", ca: %s } }\n".formatted(region, port, authority);
  }

  /** As of this moment, for doctor asks. */
  private static JsonNode peerNow(TestServer server) throws Exception {
    send(client(null), server, "/api/v1/doctor", server.server().token());
    return json(send(client(null), server, "/api/v1/server", server.server().token())).path("peers").path(0);
  }

  private static String codeNow(TestServer server) throws Exception {
    JsonNode peer = peerNow(server);
    assertThat(peer.path("reachable").asBoolean()).as(peer.toString()).isFalse();
    return peer.path("error").path("code").asString();
  }

  private static HttpClient client(@Nullable Path certificate) throws Exception {
    KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    KeyStore keys = KeyStore.getInstance("PKCS12");
    keys.load(null, NO_PASSWORD);
    if (certificate != null) {
      Path key = Path.of(certificate.toString().replaceFirst("\\.crt$", ".key"));
      keys.setKeyEntry(
          "own", PemFiles.key(key), NO_PASSWORD, PemFiles.certificates(certificate).toArray(Certificate[]::new));
    }
    own.init(keys, NO_PASSWORD);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(own.getKeyManagers(), new TrustManager[] {TrustedAuthorities.of(ca).manager()}, null);
    return HttpClient.newBuilder().sslContext(tls).build();
  }

  private static HttpResponse<String> send(HttpClient http, TestServer server, String path, @Nullable String token)
      throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(server.server().address() + path));
    if (token != null) {
      request.header("Authorization", "Bearer " + token);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void twoRegionsThatNameEachOtherAnswerAndTellVersionCertificateAndClock() throws Exception {
    for (TestServer server : List.of(us, eu)) {
      JsonNode peer = peerNow(server);
      assertThat(peer.path("reachable").asBoolean()).as(peer.toString()).isTrue();
      assertThat(peer.path("version").asString()).isNotBlank();
      assertThat(Instant.parse(peer.path("certificateEnds").asString())).isAfter(Instant.now().plus(Duration.ofDays(360)));
      assertThat(Math.abs(peer.path("clockAheadMillis").asLong())).isLessThan(2_000);
      String findings = send(client(null), server, "/api/v1/doctor", server.server().token()).body();
      assertThat(findings).doesNotContain("region \\\"");
    }
    OpenApi api = new OpenApi();
    JsonNode status = json(send(client(null), us, "/api/v1/server", us.server().token()));
    assertThat(api.judge("FleetStatus", status)).isEmpty();
  }

  @Test
  void nobodyButAPeerOpensWhatIsForPeersAndAPeerOpensNothingElse() throws Exception {
    String hello = "/peer/v1/server";
    assertThat(send(client(directory.resolve("eu.crt")), us, hello, null).statusCode()).isEqualTo(200);
    issue("asia", "ap-south-1", ca, Instant.now());
    for (HttpResponse<String> refused :
        List.of(
            send(client(null), us, hello, us.server().token()),
            send(client(directory.resolve("us.crt")), us, hello, null),
            send(client(directory.resolve("asia.crt")), us, hello, us.server().token()),
            send(client(null), us, "/peer/v1/anything", null))) {
      assertThat(refused.statusCode()).isEqualTo(403);
      assertThat(json(refused).path("code").asString()).isEqualTo("HR-9110");
    }
    for (String path : List.of("/api/v1/tenants", "/api/v1/server", "/api/v1/audit")) {
      HttpResponse<String> refused = send(client(directory.resolve("eu.crt")), us, path, null);
      assertThat(refused.statusCode()).as(path).isEqualTo(403);
      assertThat(json(refused).path("code").asString()).isEqualTo("HR-9022");
    }
  }

  /** The status that a session of eu's target is answered with. */
  private static int session(HttpClient http, String target, @Nullable String token) throws Exception {
    WebSocket.Builder socket = http.newWebSocketBuilder();
    if (token != null) {
      socket.header("Authorization", "Bearer " + token);
    }
    try {
      socket
          .buildAsync(URI.create("wss://127.0.0.1:" + euPort + "/peer/v1/targets/" + target + "/session"), new WebSocket.Listener() {})
          .get(30, TimeUnit.SECONDS)
          .abort();
      return 101;
    } catch (ExecutionException e) {
      return ((WebSocketHandshakeException) e.getCause()).getResponse().statusCode();
    }
  }

  /** What opens a database is behind the same gate. */
  @Test
  void aTargetsDatabaseIsOpenToTheRegionsThatItNamesAndToNobodyElse() throws Exception {
    String closed = "shop-eu: { url: \"" + eu.target.uri() + "\"";
    eu.restart(
        yaml(eu, "eu-central-1", "eu", euPort).replace(closed, closed + ", regions: [us-east-1]") + peer("us-east-1", usPort, ca));
    issue("asia-2", "ap-south-1", ca, Instant.now());
    HttpClient peer = client(directory.resolve("us.crt"));
    assertThat(session(peer, "shop-eu", null)).isEqualTo(101);
    assertThat(session(peer, "another", null)).isEqualTo(409);
    String token = eu.server().token();
    assertThat(session(client(null), "shop-eu", token)).isEqualTo(403);
    assertThat(session(client(directory.resolve("eu.crt")), "shop-eu", token)).as("it is no peer of its own").isEqualTo(403);
    assertThat(session(client(directory.resolve("asia-2.crt")), "shop-eu", token)).isEqualTo(403);
    both();
    assertThat(session(peer, "shop-eu", null)).as("without regions:").isEqualTo(409);
  }

  /** What the one authority signs gives nothing that the other one's would. */
  @Test
  void clientsAndPeersOfTwoAuthoritiesAreNotMixedUp() throws Exception {
    Path people = Files.createDirectories(directory.resolve("people"));
    Certificates clients = new Certificates(people, "clients");
    Path alice = clients.client("alice").certificate();
    us.restart(
        yaml(us, "us-east-1", "us", usPort)
                .replace("tls: {", "tls: { client-ca: %s, client-roles: { alice: admin }, ".formatted(clients.file()))
            + peer("eu-central-1", euPort, ca));
    assertThat(send(client(alice), us, "/api/v1/tenants", null).statusCode()).isEqualTo(200);
    assertThat(send(client(alice), us, "/peer/v1/server", null).statusCode()).isEqualTo(403);
    issue("alice", "eu-central-1", ca, Instant.now());
    Path posing = directory.resolve("alice.crt");
    assertThat(send(client(posing), us, "/api/v1/tenants", null).statusCode()).as("a server called alice").isEqualTo(403);
    Certificates regions = new Certificates(Files.createDirectories(directory.resolve("regions")), "regions");
    us.restart(
        yaml(us, "us-east-1", "us", usPort)
                .replace("tls: {", "tls: { client-ca: %s, client-roles: { alice: admin }, ".formatted(clients.file()))
            + peer("eu-central-1", euPort, regions.file()));
    Path foreign = regions.client("alice").certificate();
    assertThat(send(client(foreign), us, "/api/v1/tenants", null).statusCode())
        .as("an alice of the peers' authority").isEqualTo(403);
  }

  @Test
  void aPeerThatGoesAndComesBackIsNoticedAndTold() throws Exception {
    assertThat(peerNow(us).path("reachable").asBoolean()).isTrue();
    eu.server().close();
    assertThat(codeNow(us)).isEqualTo("HR-9111");
    assertThat(send(client(null), us, "/api/v1/doctor", us.server().token()).body())
        .contains("the server of region \\\"eu-central-1\\\" cannot be reached");
    both();
    JsonNode back = peerNow(us);
    assertThat(back.path("reachable").asBoolean()).as(back.toString()).isTrue();
  }

  @Test
  void eachKnowsTheOthersPublicKeyAndAnotherOneIsRefusedUntilItsPinIsRemoved() throws Exception {
    JsonNode own = json(send(client(null), us, "/api/v1/server", us.server().token()));
    assertThat(peerNow(eu).path("publicKey").asString()).isEqualTo(own.path("publicKey").asString()).hasSize(43);
    Path pin = eu.directory.resolve("data").resolve("peers").resolve("us-east-1.pub");
    String right = Files.readString(pin);
    Files.writeString(pin, peerNow(us).path("publicKey").asString());
    assertThat(codeNow(eu)).isEqualTo("HR-4301");
    Files.delete(pin);
    assertThat(peerNow(eu).path("reachable").asBoolean()).isTrue();
    assertThat(pin).hasContent(right.strip());
  }

  @Test
  void serverStatusShowsPeersAsATable() throws Exception {
    peerNow(us);
    Path file = Files.writeString(
        directory.resolve("contexts.yaml"),
        "contexts: { us: { server: \"%s\", ca: %s, token-file: %s } }\n"
            .formatted(us.server().address(), ca, us.directory.resolve("data").resolve("token")));
    Path home = Files.createDirectories(directory.resolve("config").resolve("helios-repl"));
    Files.copy(file, home.resolve("contexts.yaml"));
    TestServer.Ran ran =
        us.run(Map.of("XDG_CONFIG_HOME", home.resolveSibling("").toString(), "HELIOS_SERVER", ""), "server", "status", "--context", "us");
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.out()).containsPattern("(?m)^PEER +URL +REACHABLE +VERSION +CERTIFICATE-ENDS +CLOCK-AHEAD +ROUND-TRIP +ERROR$")
        .containsPattern("(?m)^eu-central-1 +https://127.0.0.1:" + euPort + "/ +yes .* ms +\\d+ ms +-$");
  }

  @Test
  void whoAnswersForAnotherRegionIsToldNothing() throws Exception {
    us.restart(yaml(us, "us-east-1", "us", usPort) + peer("ap-south-1", euPort, ca));
    assertThat(codeNow(us)).isEqualTo("HR-9113");
    assertThat(peerNow(us).path("error").path("message").asString()).contains("ap-south-1");
  }

  @Test
  void aPeerThatDoesNotNameUsRefusesAndOneWithoutPeersIsNone() throws Exception {
    eu.restart(yaml(eu, "eu-central-1", "eu", euPort) + peer("ap-south-1", usPort, ca));
    assertThat(codeNow(us)).isEqualTo("HR-9114");
    eu.restart(yaml(eu, "eu-central-1", "eu", euPort));
    assertThat(codeNow(us)).isEqualTo("HR-9115");
  }

  @Test
  void aCertificateOfAnotherAuthorityOrOneThatIsOverIsNotTrusted() throws Exception {
    Path other = authority("other");
    issue("eu-other", "eu-central-1", other, Instant.now());
    eu.restart(yaml(eu, "eu-central-1", "eu-other", euPort) + peer("us-east-1", usPort, ca));
    assertThat(codeNow(us)).isEqualTo("HR-9112");
    issue("eu-over", "eu-central-1", ca, Instant.now().minus(YEAR.multipliedBy(2)));
    eu.restart(yaml(eu, "eu-central-1", "eu-over", euPort) + peer("us-east-1", usPort, ca));
    assertThat(codeNow(us)).as("over, at the server").isEqualTo("HR-9112");
    assertThatThrownBy(() -> send(client(directory.resolve("eu-over.crt")), us, "/peer/v1/server", null))
        .as("over, at the caller").isInstanceOf(IOException.class);
  }

  @Test
  void aServerWhoseOwnCertificateIsNotOfItsRegionDoesNotStart() {
    assertThatThrownBy(() -> us.restart(yaml(us, "us-west-2", "us", usPort) + peer("eu-central-1", euPort, ca)))
        .isInstanceOfSatisfying(
            OperatorException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.PEER_OWN_CERTIFICATE));
  }
}
