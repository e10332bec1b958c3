package io.helios.repl.tests.cli;

import static io.helios.repl.tests.cli.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who may what, by token. */
class RolesTest {

  private static final String READER = "reader-token-0123456789";
  private static final String OPERATOR = "operator-token-0123456789";

  @TempDir static Path directory;

  private static final int FAILURES_ALLOWED = 10;

  private static TestServer server;

  @BeforeAll
  static void start() {
    server = new TestServer(directory);
    server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
  }

  @BeforeEach
  void twoTokens() throws Exception {
    Path reader = Files.writeString(directory.resolve("reader"), READER + "\n");
    Path operator = Files.writeString(directory.resolve("operator"), OPERATOR);
    server.restart(
        server.yaml()
            + """
            api:
              tokens:
                - { name: grafana, role: read, token-file: %s }
                - { name: night-shift, role: operate, token-file: %s }
            """
                .formatted(reader, operator));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @ParameterizedTest
  @CsvSource({
    "reader-token-0123456789, GET, /tenants, 200",
    "reader-token-0123456789, POST, /tenants/acme/start?dryRun=true, 200",
    "reader-token-0123456789, POST, /tenants/acme/start, 403",
    "reader-token-0123456789, DELETE, /tenants/acme?confirm=acme, 403",
    "operator-token-0123456789, POST, /tenants/acme/stop, 200",
    "operator-token-0123456789, DELETE, /tenants/acme?confirm=acme, 403",
    "operator-token-0123456789, DELETE, /tenants/acme/?confirm=acme, 403",
    "reader-token-0123456789, POST, /tenants/acme/verify?dryRun=true, 403",
    "operator-token-0123456789, DELETE, /tenants/acme?dryRun=true, 200",
    "operator-token-0123456789, POST, /tenants/acme/key/shred?confirm=acme, 403",
  })
  void aRoleAllowsWhatItSays(String token, String method, String path, int status) throws Exception {
    HttpResponse<String> response = server.http(method, "/api/v1" + path, null, token);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    if (status == 403) {
      assertThat(json(response).path("code").asString()).isEqualTo("HR-9022");
      assertThat(response.body()).doesNotContain(token);
      String told = server.api("GET", "/audit?limit=1", null).body();
      assertThat(told).contains("\"outcome\":\"refused\"", "\"code\":\"HR-9022\"", "token:").doesNotContain(token);
    }
  }

  @Test
  void aTokenWhoseFileChangesIsReplacedWithoutARestart() throws Exception {
    Path file = Files.writeString(directory.resolve("renewed"), "first-token-0123456789");
    server.restart(server.yaml() + "api: { tokens: [ { name: robot, role: read, token-file: %s } ] }\n".formatted(file));
    assertThat(server.http("GET", "/api/v1/tenants", null, "first-token-0123456789").statusCode()).isEqualTo(200);
    Files.writeString(file, "short");
    Files.writeString(file, "second-token-0123456789");
    long until = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (server.http("GET", "/api/v1/tenants", null, "first-token-0123456789").statusCode() == 200) {
      assertThat(System.nanoTime()).isLessThan(until);
      Thread.sleep(50);
    }
    assertThat(server.http("GET", "/api/v1/tenants", null, "second-token-0123456789").statusCode()).isEqualTo(200);
    assertThat(server.done("events", "list").out()).contains("the token of robot was renewed").doesNotContain("second-token");
  }

  @Test
  void noTokenIsShownAnywhere() throws Exception {
    assertThat(server.api("GET", "/config", null).body()).contains("api.tokens[0].role").doesNotContain(READER, OPERATOR);
  }

  private static HttpResponse<String> wrong() {
    try {
      return server.http("GET", "/api/v1/tenants", null, "wrong-token-0123456789");
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void whoSendsWrongTokensAgainAndAgainIsRefusedUnreadAndTheRightOneIsLetInAllTheSame() throws Exception {
    List<HttpResponse<String>> answers =
        IntStream.range(0, 12).parallel().mapToObj(i -> wrong()).toList();
    assertThat(answers)
        .filteredOn(r -> r.statusCode() == 401)
        .hasSizeGreaterThanOrEqualTo(FAILURES_ALLOWED)
        .allSatisfy(r -> assertThat(r.headers().firstValue("WWW-Authenticate")).hasValue("Bearer"));
    HttpResponse<String> response = wrong();
    assertThat(response.statusCode()).isEqualTo(429);
    assertThat(json(response).path("code").asString()).isEqualTo("HR-9021");
    assertThat(Integer.parseInt(response.headers().firstValue("Retry-After").orElse(""))).isBetween(1, 60);
    assertThat(server.api("GET", "/tenants", null).statusCode()).isEqualTo(200);
    server.restart(Files.readString(directory.resolve("helios-repl.yaml")));
    String told = server.api("GET", "/audit?limit=1000", null).body();
    assertThat(told.split("\"action\":\"login\"", -1)).as("one line at once, one of the rest when the server ends: %s", told).hasSize(3);
    assertThat(told).contains("\"detail\":\"1 wrong token, by address: ", "\"detail\":\"12 wrong tokens, by address: ", "\"who\":\"unknown\"");
    assertThat(told).doesNotContain("wrong-token-0123456789");
    assertThat(server.done("audit", "verify").out()).contains("whole");
    assertThat(server.done("events", "list", "--audit").out()).contains("login").contains("HR-9007");
  }
}
