package io.helios.repl.tests.cli;

import static io.helios.repl.tests.cli.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class ApiTest {

  @TempDir static Path directory;

  private static TestServer server;

  @BeforeAll
  static void start() {
    server = new TestServer(directory);
    server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api/v1/server",
        "/api/v1/tenants",
        "/api/v1/tenants/acme",
        "/api/v1/config",
        "/api/v1/nothing",
        "/api/"
      })
  void nothingBelowApiIsToldWithoutAToken(String path) throws Exception {
    refused(server.http("GET", path, null, null));
  }

  @Test
  void aWrongTokenIsRefusedTheLaterTheMoreOftenItIsTried() throws Exception {
    long before = System.nanoTime();
    for (String token : new String[] {"wrong", "", server.server().token().substring(1)}) {
      refused(server.http("GET", "/api/v1/tenants/acme", null, token));
    }
    assertThat(System.nanoTime() - before).as("100, 200, 400 ms").isGreaterThan(700_000_000L);
    assertThat(server.api("GET", "/tenants", null).statusCode()).as("who has it is not slowed down").isEqualTo(200);
  }

  private static void refused(HttpResponse<String> response) {
    assertThat(response.statusCode()).isEqualTo(401);
    assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
    assertThat(json(response).path("code").asString()).isEqualTo("HR-9007");
    assertThat(response.body()).doesNotContain("acme");
  }

  static Stream<Arguments> refusals() {
    String one = "{\"tenants\": [{\"name\": \"%s\", \"source\": \"%s\", \"target\": \"%s\"%s}]}";
    return Stream.of(
        Arguments.of("GET", "/nothing", null, 404, "HR-9010"),
        Arguments.of("PUT", "/tenants", "{}", 405, "HR-9010"),
        Arguments.of("GET", "/tenants/nobody", null, 404, "HR-1301"),
        Arguments.of("GET", "/tenants/nobody/status", null, 404, "HR-1301"),
        Arguments.of("POST", "/tenants/nobody/start", null, 404, "HR-1301"),
        Arguments.of("POST", "/tenants/nobody/wait", "{\"for\": \"streaming\"}", 404, "HR-1301"),
        Arguments.of("POST", "/tenants/nobody/verify", null, 404, "HR-1301"),
        Arguments.of("DELETE", "/tenants/nobody?confirm=nobody", null, 404, "HR-1301"),
        Arguments.of("GET", "/tenants/it's", null, 400, "HR-9009"),
        Arguments.of("GET", "/tenants/%22", null, 400, "HR-9009"),
        Arguments.of("DELETE", "/tenants/acme", null, 400, "HR-9009"),
        Arguments.of("DELETE", "/tenants/acme?confirm=other", null, 400, "HR-9009"),
        Arguments.of("POST", "/tenants/acme/start?dryRun=perhaps", null, 400, "HR-9009"),
        Arguments.of("POST", "/tenants/acme/wait", "{\"for\": \"x\"}", 400, "HR-9009"),
        Arguments.of("POST", "/tenants/acme/wait", null, 400, "HR-9009"),
        Arguments.of("POST", "/tenants/acme/pause", null, 409, "HR-1306"),
        Arguments.of("POST", "/tenants/acme/resume", null, 409, "HR-1306"),
        Arguments.of("POST", "/tenants/acme/resync", null, 409, "HR-1306"),
        Arguments.of("GET", "/operations/unknown", null, 404, "HR-9011"),
        Arguments.of("GET", "/sources/nowhere/check", null, 404, "HR-1302"),
        Arguments.of("POST", "/targets/nowhere/prepare", null, 404, "HR-1303"),
        Arguments.of("POST", "/tenants", null, 400, "HR-9009"),
        Arguments.of("POST", "/tenants", "[]", 400, "HR-9009"),
        Arguments.of("POST", "/tenants", "{", 400, "HR-9009"),
        Arguments.of("POST", "/tenants", "{\"tenants\": []}", 400, "HR-9009"),
        Arguments.of("POST", "/tenants", "{\"tenants\": [5]}", 400, "HR-1305"),
        Arguments.of("POST", "/tenants", one.formatted("a/b", "shop", "shop-eu", ""), 400, "HR-1305"),
        Arguments.of(
            "POST", "/tenants", one.formatted("b", "shop", "shop-eu", ", \"tire\": \"premium\""), 400, "HR-1305"),
        Arguments.of("POST", "/tenants", one.formatted("b", "shop", "shop-eu", ", \"tier\": \"gold\""), 400, "HR-1305"),
        Arguments.of(
            "POST", "/tenants", one.formatted("b", "shop", "shop-eu", ", \"lagTarget\": \"5\""), 400, "HR-1305"),
        Arguments.of("POST", "/tenants", one.formatted("b", "shop", "shop-eu", ", \"key\": \"\""), 400, "HR-1305"),
        Arguments.of("POST", "/tenants", one.formatted("b", "shop", "shop-eu", ", \"tables\": [\"\"]"), 400, "HR-1305"),
        Arguments.of("POST", "/tenants", one.formatted("b", "nowhere", "shop-eu", ""), 404, "HR-1302"),
        Arguments.of("POST", "/tenants", one.formatted("b", "shop", "nowhere", ""), 404, "HR-1303"),
        Arguments.of("POST", "/tenants", one.formatted("b", "shop", "eu-central-1/shop-eu", ""), 404, "HR-1303"),
        Arguments.of("POST", "/tenants", one.formatted("acme", "shop", "shop-eu", ""), 409, "HR-1304"),
        Arguments.of(
            "POST", "/tenants", one.formatted("twin", "shop", "shop-eu", ", \"key\": \"acme\""), 409, "HR-1304"));
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void aRefusalIsAProblemDocumentWithCodeWhyAndHint(String method, String path, String body, int status, String code)
      throws Exception {
    HttpResponse<String> response = server.api(method, path, body);
    assertThat(response.body()).contains(code);
    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
    JsonNode problem = json(response);
    assertThat(problem.path("status").asInt()).isEqualTo(status);
    for (String field : new String[] {"type", "title", "detail", "why", "hint"}) {
      assertThat(problem.path(field).asString("")).as(field).isNotBlank();
    }
    assertThat(response.body()).doesNotContain("Exception", "at io.helios");
  }

  @Test
  void allProblemsOfSeveralDeclarationsComeTogetherAndNothingIsDeclared() throws Exception {
    HttpResponse<String> response =
        server.api(
            "POST",
            "/tenants",
            """
            {"tenants": [{"name": "good", "source": "shop", "target": "shop-eu"}, {"name": "x y", "source": "shpo", "tier": "gold"}]}
            """);
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(json(response).path("problems")).hasSize(4);
    assertThat(response.body()).contains("did you mean \\\"shop\\\"?");
    assertThat(server.api("GET", "/tenants/good", null).statusCode()).isEqualTo(404);
  }

  @Test
  void livenessReadinessAndMetricsNeedNoToken() throws Exception {
    assertThat(server.http("GET", "/livez", null, null).statusCode()).isEqualTo(200);
    HttpResponse<String> ready = server.http("GET", "/readyz", null, null);
    assertThat(ready.statusCode()).isEqualTo(200);
    assertThat(json(ready).path("sources").path(0).path("name").asString()).isEqualTo("shop");
    assertThat(json(ready).path("targets").path(0).path("state").asString()).isIn("up", "down");
    HttpResponse<String> metrics = server.http("GET", "/metrics", null, null);
    assertThat(metrics.statusCode()).isEqualTo(200);
    assertThat(metrics.headers().firstValue("Content-Type").orElse("")).startsWith("text/plain; version=0.0.4");
    assertThat(metrics.body()).contains("# TYPE jvm_memory_used_bytes gauge");
  }

  @Test
  void aDryRunChangesNothing() throws Exception {
    HttpResponse<String> planned =
        server.api(
            "POST",
            "/tenants?dryRun=true",
            "{\"tenants\": [{\"name\": \"planned\", \"source\": \"shop\", \"target\": \"shop-eu\"}]}");
    assertThat(planned.statusCode()).isEqualTo(200);
    assertThat(json(planned).path("items").path(0).path("steps")).hasSize(1);
    assertThat(server.api("GET", "/tenants/planned", null).statusCode()).isEqualTo(404);
    HttpResponse<String> deletion = server.api("DELETE", "/tenants/acme?dryRun=true", null);
    assertThat(json(deletion).path("done").asBoolean()).isFalse();
    assertThat(server.api("GET", "/tenants/acme", null).statusCode()).isEqualTo(200);
  }

  @Test
  void aWaitIsAskedForAgainAndAgain() throws Exception {
    JsonNode operation = json(server.api("POST", "/tenants/acme/wait", "{\"for\": \"streaming\"}"));
    assertThat(operation.path("done").asBoolean()).isFalse();
    JsonNode later = json(server.api("GET", "/operations/" + operation.path("id").asString() + "?timeout=50ms", null));
    assertThat(later.path("done").asBoolean()).isFalse();
    assertThat(later.path("id")).isEqualTo(operation.path("id"));
  }

  @Test
  void theConfigurationIsShownWithOriginsAndWithoutSecrets() throws Exception {
    HttpResponse<String> response = server.api("GET", "/config", null);
    assertThat(json(response).path("kind").asString()).isEqualTo("Configuration");
    assertThat(response.body()).contains("\"origin\":\"default\"", "\"origin\":\"helios-repl.yaml:1\"");
  }
}
