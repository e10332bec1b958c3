package io.helios.repl.tests.cli;

import static io.helios.repl.tests.cli.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A request that is sent again with its key is answered again, and nothing is done twice. */
class IdempotencyTest {

  private static final String ONE = "{\"tenants\": [{\"name\": \"%s\", \"source\": \"shop\", \"target\": \"shop-eu\"}]}";

  @TempDir static Path directory;

  private static TestServer server;

  @BeforeAll
  static void start() {
    server = new TestServer(directory);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static HttpResponse<String> send(String method, String path, @Nullable String body, String key) throws Exception {
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(
          HttpRequest.newBuilder(server.server().address().resolve("/api/v1" + path))
              .header("Authorization", "Bearer " + server.server().token())
              .header("Idempotency-Key", key)
              .method(method, body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  private static String key() {
    return UUID.randomUUID().toString();
  }

  @Test
  void whoLostTheAnswerGetsItWhenHeAsksAgainAlsoAfterARestart() throws Exception {
    String key = key();
    HttpResponse<String> first = send("POST", "/tenants", ONE.formatted("once"), key);
    assertThat(first.statusCode()).isEqualTo(201);
    assertThat(first.headers().firstValue("Idempotency-Replayed")).isEmpty();
    HttpResponse<String> second = send("POST", "/tenants", ONE.formatted("once"), key);
    assertThat(second.statusCode()).isEqualTo(201);
    assertThat(second.body()).isEqualTo(first.body());
    assertThat(second.headers().firstValue("Idempotency-Replayed")).hasValue("true");
    server.restart(server.yaml());
    HttpResponse<String> third = send("POST", "/tenants", ONE.formatted("once"), key);
    assertThat(third.statusCode()).isEqualTo(201);
    assertThat(send("POST", "/tenants", ONE.formatted("once"), key()).statusCode()).as("another key").isEqualTo(409);
    assertThat(send("DELETE", "/tenants/once?confirm=once", null, key()).statusCode()).isEqualTo(200);
  }

  @Test
  void aKeyThatComesWithAnotherRequestIsRefused() throws Exception {
    String key = key();
    assertThat(send("POST", "/tenants", ONE.formatted("mine"), key).statusCode()).isEqualTo(201);
    HttpResponse<String> other = send("POST", "/tenants", ONE.formatted("other"), key);
    assertThat(other.statusCode()).isEqualTo(422);
    assertThat(json(other).path("code").asString()).isEqualTo("HR-9023");
    assertThat(send("POST", "/tenants/mine/stop", null, key).statusCode()).isEqualTo(422);
    assertThat(server.api("GET", "/tenants/other", null).statusCode()).isEqualTo(404);
  }

  @Test
  void whatWasRefusedMayBeTriedAgainWithTheSameKey() throws Exception {
    String key = key();
    assertThat(send("POST", "/tenants/later/stop", null, key).statusCode()).isEqualTo(404);
    server.api("POST", "/tenants", ONE.formatted("later"));
    assertThat(send("POST", "/tenants/later/stop", null, key).statusCode()).isEqualTo(200);
  }

  @Test
  void ofManyAtTheSameTimeOneIsDoneAndTheOthersGetItsAnswerOrAreToldToComeAgain() throws Exception {
    String key = key();
    List<Integer> answers =
        IntStream.range(0, 16)
            .parallel()
            .mapToObj(i -> {
              try {
                HttpResponse<String> response = send("POST", "/tenants", ONE.formatted("race"), key);
                assertThat(response.body()).doesNotContain("HR-1304");
                return response.statusCode();
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            })
            .toList();
    assertThat(answers).contains(201).containsOnly(201, 409);
    String told = server.api("GET", "/audit?limit=1000", null).body();
    assertThat(told.split("\"detail\":\"race\"", -1)).as("done once").hasSize(2);
  }

  @Test
  void aKeyThatIsNoneIsRefused() throws Exception {
    HttpResponse<String> response = send("POST", "/tenants", ONE.formatted("x"), "k".repeat(256));
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(json(response).path("code").asString()).isEqualTo("HR-9009");
  }
}
