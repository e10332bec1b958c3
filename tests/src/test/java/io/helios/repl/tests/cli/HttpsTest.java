package io.helios.repl.tests.cli;

import static io.helios.repl.tests.cli.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.tests.fixture.Certificates;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.concurrent.Callable;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS and mutual TLS, as they are wanted beyond loopback. */
class HttpsTest {

  private static final char[] NO_PASSWORD = new char[0];

  @TempDir static Path directory;

  private static TestServer server;
  private static Certificates authority;
  private static Certificates.Signed certificate;

  @BeforeAll
  static void start() throws Exception {
    authority = new Certificates(directory, "authority");
    certificate = authority.server("server", "127.0.0.1");
    server = new TestServer(directory);
    server.restart(server.yaml().replace("127.0.0.1:0", "0.0.0.0:0") + tls(certificate.key()));
  }

  private static String tls(Path key) {
    return """
    tls:
      certificate: %s
      key: %s
      client-ca: %s
      client-roles: { alice: admin, grafana: read }
    """
        .formatted(certificate.certificate(), key, authority.file());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static Certificate read(Path file) throws Exception {
    try (var in = Files.newInputStream(file)) {
      return CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }

  /** A client that trusts the authority, with a certificate of its own or without. */
  private static HttpClient client(Certificates.@Nullable Signed own) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, NO_PASSWORD);
    trusted.setCertificateEntry("authority", read(authority.file()));
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    KeyStore keys = KeyStore.getInstance("PKCS12");
    keys.load(null, NO_PASSWORD);
    if (own != null) {
      String pem = Files.readString(own.key()).replaceAll("-----[A-Z ]+-----", "");
      keys.setKeyEntry(
          "own",
          KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem))),
          NO_PASSWORD,
          new Certificate[] {read(own.certificate())});
    }
    KeyManagerFactory own12 = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    own12.init(keys, NO_PASSWORD);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(own12.getKeyManagers(), trust.getTrustManagers(), null);
    return HttpClient.newBuilder().sslContext(context).build();
  }

  private static HttpResponse<String> send(
      HttpClient http, String method, String path, @Nullable String token) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + server.server().address().getPort() + path))
            .method(method, HttpRequest.BodyPublishers.noBody());
    if (token != null) {
      request.header("Authorization", "Bearer " + token);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void aTokenIsEnoughWhereTheLineIsProtectedAndPlainHttpIsNotSpoken() throws Exception {
    assertThat(server.server().address().getScheme()).isEqualTo("https");
    try (HttpClient http = client(null)) {
      assertThat(send(http, "GET", "/api/v1/tenants", server.server().token()).statusCode()).isEqualTo(200);
      assertThat(send(http, "GET", "/api/v1/tenants", null).statusCode()).isEqualTo(401);
      URI plain = URI.create("http://127.0.0.1:" + server.server().address().getPort() + "/api/v1/tenants");
      assertThatThrownBy(() -> http.send(HttpRequest.newBuilder(plain).build(), HttpResponse.BodyHandlers.ofString()))
          .isInstanceOf(IOException.class);
    }
  }

  private static X509Certificate shown() throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, NO_PASSWORD);
    trusted.setCertificateEntry("authority", read(authority.file()));
    trust.init(trusted);
    context.init(null, trust.getTrustManagers(), null);
    try (SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", server.server().address().getPort())) {
      socket.startHandshake();
      return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    }
  }

  private static void until(String what, Callable<Boolean> condition) throws Exception {
    long until = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!condition.call()) {
      assertThat(System.nanoTime()).as(what).isLessThan(until);
      Thread.sleep(50);
    }
  }

  private static String events() throws Exception {
    try (HttpClient http = client(null)) {
      return send(http, "GET", "/api/v1/events?limit=50", server.server().token()).body();
    }
  }

  @Test
  void aRenewedCertificateIsShownWithoutARestartAndABrokenOneIsNot() throws Exception {
    X509Certificate before = shown();
    try (HttpClient open = client(null)) {
      assertThat(send(open, "GET", "/livez", null).statusCode()).isEqualTo(200);
      authority.server("server", "127.0.0.1");
      X509Certificate renewed = (X509Certificate) read(certificate.certificate());
      assertThat(renewed).isNotEqualTo(before);
      until("the renewed certificate is shown", () -> shown().equals(renewed));
      assertThat(send(open, "GET", "/livez", null).statusCode()).as("over the connection from before").isEqualTo(200);

      Files.writeString(certificate.certificate(), "-----BEGIN CERTIFICATE-----\nnonsense\n");
      until("it is told", () -> events().contains("cannot be used; the one before stays"));
      assertThat(shown()).isEqualTo(renewed);
      authority.server("server", "127.0.0.1");
      X509Certificate mended = (X509Certificate) read(certificate.certificate());
      until("the mended one is shown", () -> shown().equals(mended));
    }
  }

  private static String doctor() throws Exception {
    try (HttpClient http = client(null)) {
      HttpResponse<String> doctor = send(http, "GET", "/api/v1/doctor", server.server().token());
      assertThat(doctor.statusCode()).as(doctor.body()).isEqualTo(200);
      return doctor.body();
    }
  }

  @Test
  void theDoctorFindsTheApisCertificateBeforeItsEndAndNoLongerWhenItIsRenewed() throws Exception {
    authority.server("server", "127.0.0.1", Instant.now().plus(Duration.ofDays(20)));
    assertThat(doctor()).contains("the certificate for the API expires on ").contains("without a restart");
    authority.server("server", "127.0.0.1", Instant.now().plus(Duration.ofDays(90)));
    assertThat(doctor()).doesNotContain("the certificate for the API");
    Certificates.Signed over = authority.server("over", "127.0.0.1", Instant.now().minus(Duration.ofHours(1)));
    Path own = certificate.certificate();
    byte[] sound = Files.readAllBytes(own);
    Files.copy(over.certificate(), own, StandardCopyOption.REPLACE_EXISTING);
    assertThat(doctor()).contains("the certificate for the API expired on ");
    Files.write(own, sound);
  }

  @Test
  void beyondLoopbackMetricsAreNotForEverybodyAndHealthIs() throws Exception {
    try (HttpClient http = client(null)) {
      assertThat(send(http, "GET", "/metrics", null).statusCode()).isEqualTo(401);
      assertThat(send(http, "GET", "/metrics", server.server().token()).statusCode()).isEqualTo(200);
      assertThat(send(http, "GET", "/livez", null).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void aClientCertificateStandsForATokenWithTheRoleOfItsName() throws Exception {
    try (HttpClient alice = client(authority.client("alice"));
        HttpClient grafana = client(authority.client("grafana"))) {
      assertThat(send(alice, "GET", "/api/v1/tenants", null).statusCode()).isEqualTo(200);
      assertThat(send(alice, "DELETE", "/api/v1/tenants/nobody?confirm=nobody", null).statusCode()).isEqualTo(404);
      assertThat(send(grafana, "GET", "/metrics", null).statusCode()).isEqualTo(200);
      HttpResponse<String> refused = send(grafana, "POST", "/api/v1/tenants/nobody/start", null);
      assertThat(refused.statusCode()).isEqualTo(403);
      assertThat(send(alice, "GET", "/api/v1/audit?limit=1", null).body())
          .contains("\"who\":\"certificate:grafana\"", "\"outcome\":\"refused\"");
    }
  }

  @Test
  void aCertificateWithoutARoleIsToldSoAndOneOfAnotherAuthorityIsNotLetIn() throws Exception {
    try (HttpClient bob = client(authority.client("bob"))) {
      HttpResponse<String> refused = send(bob, "GET", "/api/v1/tenants", null);
      assertThat(refused.statusCode()).isEqualTo(403);
      assertThat(json(refused).path("code").asString()).isEqualTo("HR-9022");
      assertThat(send(bob, "GET", "/api/v1/tenants", server.server().token()).statusCode()).as("with a token").isEqualTo(200);
    }
    Path elsewhere = Files.createDirectories(directory.resolve("elsewhere"));
    try (HttpClient mallory = client(new Certificates(elsewhere, "authority").client("alice"))) {
      assertThatThrownBy(() -> send(mallory, "GET", "/api/v1/tenants", null)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void aKeyThatIsNotTheCertificatesIsNamedAtTheStart(@TempDir Path other) throws Exception {
    try (TestServer wrong = new TestServer(other)) {
      Path key = authority.client("somebody").key();
      Path broken = Files.writeString(other.resolve("broken.key"), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
      for (Path unfit : new Path[] {key, broken, certificate.certificate()}) {
        assertThatThrownBy(() -> wrong.restart(wrong.yaml() + tls(unfit)))
            .isInstanceOfSatisfying(
                OperatorException.class,
                e -> {
                  assertThat(e.problem().code()).isEqualTo(ErrorCode.TLS_UNUSABLE);
                  assertThat(e.problem().message()).contains(unfit.toString());
                });
      }
    }
  }
}
