package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import io.helios.repl.cli.Main;
import io.helios.repl.cli.Shell;
import io.helios.repl.tests.fixture.Certificates;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands over TLS, to a server that answers each request with an empty list and notes who asked. */
class ContextTlsTest {

  private static final char[] NO_PASSWORD = new char[0];

  @TempDir Path directory;

  private final List<String> askedBy = new CopyOnWriteArrayList<>();
  private Certificates authority;
  private HttpsServer server;

  @BeforeEach
  void start() throws Exception {
    authority = new Certificates(directory, "authority");
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private String serve(boolean clientsNeedCertificates) throws Exception {
    Certificates.Signed own = authority.server("server", "127.0.0.1");
    SSLContext tls = SSLContext.getInstance("TLS");
    KeyStore identity = empty();
    identity.setKeyEntry("own", key(own.key()), NO_PASSWORD, new Certificate[] {certificate(own.certificate())});
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(identity, NO_PASSWORD);
    KeyStore authorities = empty();
    authorities.setCertificateEntry("ca", certificate(authority.file()));
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(authorities);
    tls.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(
        new HttpsConfigurator(tls) {
          @Override
          public void configure(HttpsParameters parameters) {
            SSLParameters wanted = getSSLContext().getDefaultSSLParameters();
            wanted.setNeedClientAuth(clientsNeedCertificates);
            parameters.setSSLParameters(wanted);
          }
        });
    server.createContext(
        "/",
        exchange -> {
          askedBy.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
          byte[] body = "{\"kind\":\"TenantList\",\"items\":[]}".getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().set("Content-Type", "application/json");
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    return "https://127.0.0.1:" + server.getAddress().getPort();
  }

  private static KeyStore empty() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, NO_PASSWORD);
    return store;
  }

  private static Certificate certificate(Path file) throws Exception {
    try (var in = Files.newInputStream(file)) {
      return CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }

  private static PrivateKey key(Path file) throws Exception {
    String text = Files.readString(file).replaceAll("-----[A-Z ]+-----|\\s", "");
    return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text)));
  }

  private TestServer.Ran run(String context) throws IOException {
    Path folder = Files.createDirectories(directory.resolve("helios-repl"));
    Files.writeString(folder.resolve("contexts.yaml"), "contexts: { it: { " + context + " } }\n");
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code =
        Main.run(
            new Shell(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                new BufferedReader(new StringReader("")),
                Map.of("XDG_CONFIG_HOME", directory.toString(), "XDG_STATE_HOME", "/nonexistent", "HELIOS_TOKEN", "another-servers"),
                false,
                false),
            "tenant", "list", "--context", "it", "-o", "name");
    return new TestServer.Ran(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  @Test
  void aServerIsTrustedByTheAuthorityThatTheContextNamesAndByNoOther() throws Exception {
    String url = serve(false);
    Path token = Files.writeString(directory.resolve("it.token"), "its-own\n");
    String told = "server: '" + url + "', token-file: '" + token + "'";
    assertThat(run(told + ", ca: '" + authority.file() + "'").code()).isZero();
    assertThat(askedBy).as("not the token of the environment").containsExactly("Bearer its-own");
    Certificates other = new Certificates(directory, "other");
    for (String context : List.of(told, told + ", ca: '" + other.file() + "'")) {
      TestServer.Ran refused = run(context);
      assertThat(refused.code()).isEqualTo(9);
      assertThat(refused.err())
          .startsWith("error HR-1209: the certificate of the server at " + url + " is not trusted")
          .contains("\n  hint: set ca: of a context")
          .doesNotContain("Exception", "PKIX");
    }
    assertThat(askedBy).as("nobody was told a token in between").hasSize(1);
  }

  @Test
  void aCertificateForAnotherHostIsNotTrusted() throws Exception {
    String url = serve(false).replace("127.0.0.1", "localhost");
    TestServer.Ran refused = run("server: '" + url + "', ca: '" + authority.file() + "'");
    assertThat(refused.code()).isEqualTo(9);
    assertThat(refused.err()).startsWith("error HR-1209: the certificate of the server at " + url);
  }

  @Test
  void whereAServerKnowsItsClientsByCertificateNoTokenIsShown() throws Exception {
    String told = "server: '" + serve(true) + "', ca: '" + authority.file() + "'";
    Certificates.Signed own = authority.client("operator");
    assertThat(run(told + ", certificate: '" + own.certificate() + "', key: '" + own.key() + "'").code()).isZero();
    assertThat(askedBy).containsExactly("null");
    TestServer.Ran without = run(told);
    assertThat(without.code()).isEqualTo(9);
    assertThat(without.err()).startsWith("error HR-").doesNotContain("Exception");
    assertThat(askedBy).hasSize(1);
  }

  @Test
  void filesThatAreNoCertificatesOrKeysAreTold() throws Exception {
    String told = "server: '" + serve(true) + "', ";
    Path text = Files.writeString(directory.resolve("text"), "no certificate\n");
    Certificates.Signed own = authority.client("operator");
    Certificates.Signed other = authority.client("other");
    Map<String, String> wrong =
        Map.of(
            "ca: '" + text + "'", text + " holds no certificate",
            "ca: /nowhere/ca.pem", "/nowhere/ca.pem cannot be read",
            "certificate: '" + text + "', key: '" + own.key() + "'", text + " holds no certificate",
            "certificate: '" + own.certificate() + "', key: '" + text + "'", text + " holds no private key",
            "certificate: '" + own.certificate() + "', key: /nowhere/key", "/nowhere/key cannot be read");
    for (Map.Entry<String, String> one : wrong.entrySet()) {
      TestServer.Ran refused = run(told + one.getKey());
      assertThat(refused.code()).as(one.getKey()).isEqualTo(2);
      assertThat(refused.err()).startsWith("error HR-1210: " + one.getValue()).contains("\n  why:  ", "\n  hint: ");
    }
    assertThat(run(told + "ca: '" + authority.file() + "', certificate: '" + own.certificate() + "', key: '" + other.key() + "'").code())
        .as("somebody else's key")
        .isIn(2, 9);
    assertThat(askedBy).isEmpty();
  }
}
