package io.helios.repl.tests.cli;

import static io.helios.repl.tests.cli.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.migration.CutoverGate;
import io.helios.repl.tests.cli.EventsListener.Sent;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/** The server does what docs/openapi.yaml says: nothing more, nothing less, nothing else. */
class OpenApiTest {

  private static final String ACME =
      """
      {"tenants": [{"name": "acme", "source": "shop", "target": "shop-eu", "tier": "premium", "lagTarget": "5s"}]}
      """;

  private static final String READER = "reader-token-0123456789";

  /** Its answer is that of GET; VerifyCommandsTest cancels one that runs. */
  private static final String NEEDS_A_RUNNING_VERIFICATION = "DELETE /api/v1/tenants/{name}/verification";

  @TempDir static Path directory;

  private static final OpenApi API = new OpenApi();
  private static final Set<String> SUCCEEDED = new TreeSet<>();

  private static TestServer server;

  @BeforeAll
  static void start() throws Exception {
    server = new TestServer(directory, new PaperEnds());
    Path reader = Files.writeString(directory.resolve("reader"), READER);
    server.restart(server.yaml() + "api: { tokens: [ { name: reader, role: read, token-file: %s } ] }\n".formatted(reader));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /** Sends it, and holds request and answer to the description. */
  private static JsonNode call(String method, String path, @Nullable String body, int status) throws Exception {
    OpenApi.Operation operation = API.of(method, path.replaceAll("\\?.*", ""));
    HttpResponse<String> response = server.http(method, path, body, server.server().token());
    String what = operation.name() + ": " + response.body();
    assertThat(response.statusCode()).as(what).isEqualTo(status);
    String type = response.headers().firstValue("Content-Type").orElse("");
    assertThat(API.judge(operation, status, type, response.body())).as(what).isEmpty();
    if (status / 100 == 2) {
      SUCCEEDED.add(operation.name());
      if (body != null) {
        assertThat(API.judgeRequest(operation, body)).as(what).isEmpty();
      }
    }
    return type.contains("json") ? json(response) : MissingNode.getInstance();
  }

  private static JsonNode done(JsonNode operation) throws Exception {
    JsonNode now = operation;
    while (!now.path("done").asBoolean()) {
      now = call("GET", "/api/v1/operations/" + now.path("id").asString() + "?timeout=5s", null, 200);
    }
    assertThat(now.has("result")).as(now.toString()).isTrue();
    return now.path("result");
  }

  @Test
  void everyRouteIsDescribedWithItsRoleAndNothingElseIs() throws Exception {
    Map<String, String> registered = new TreeMap<>();
    call("GET", "/api/v1", null, 200).path("items").forEach(
        r -> registered.put(r.path("method").asString() + " " + r.path("path").asString(), r.path("role").asString()));
    Map<String, String> described =
        API.operations().values().stream()
            .filter(o -> o.path().startsWith("/api/"))
            .collect(Collectors.toMap(OpenApi.Operation::name, o -> o.definition().path("x-role").asString(""), (a, b) -> a, TreeMap::new));
    assertThat(described).isEqualTo(registered);
  }

  @Test
  void theServerServesTheFileOfTheRepository() throws Exception {
    assertThat(server.api("GET", "/openapi.yaml", null).body()).isEqualTo(OpenApi.text());
  }

  /** One tenant's life, by way of every route; each answer is held to its schema. */
  @Test
  void eachAnswerOnAWalkThroughAllRoutesIsAsDescribed() throws Exception {
    for (String path : new String[] {"", "/openapi.yaml", "/server", "/config", "/sources", "/targets", "/guests", "/sources/shop/check", "/targets/shop-eu/check"}) {
      call("GET", "/api/v1" + path, null, 200);
    }
    for (String path : new String[] {"/livez", "/readyz", "/metrics"}) {
      call("GET", path, null, 200);
    }
    call("POST", "/api/v1/sources/shop/prepare?dryRun=true", null, 200);
    call("POST", "/api/v1/sources/shop/prepare", null, 200);
    call("POST", "/api/v1/targets/shop-eu/prepare", null, 200);
    call("POST", "/api/v1/tenants?dryRun=true", ACME, 200);
    call("POST", "/api/v1/tenants", ACME, 201);
    call("POST", "/api/v1/tenants", ACME, 409);
    call("POST", "/api/v1/tenants", "{\"tenants\": [{\"name\": \"x y\", \"source\": \"nowhere\"}]}", 400);
    call("GET", "/api/v1/tenants/acme/status", null, 200);
    call("POST", "/api/v1/tenants/acme/start?dryRun=true", null, 200);
    done(call("POST", "/api/v1/tenants/acme/start?wait=true", null, 202));
    done(call("POST", "/api/v1/tenants/acme/wait", "{\"for\": \"caught-up\"}", 202));
    call("POST", "/api/v1/apply?dryRun=true", ACME, 200);
    call("POST", "/api/v1/apply", ACME.replace("premium", "standard"), 200);
    call("GET", "/api/v1/tenants/acme/pipeline", null, 200);
    call("GET", "/api/v1/doctor", null, 200);
    call("GET", "/api/v1/tenants?limit=1", null, 200);
    call("GET", "/api/v1/tenants/acme", null, 200);
    JsonNode verified = done(call("POST", "/api/v1/tenants/acme/verify", null, 202));
    assertThat(API.judge("Verification", verified)).isEmpty();
    call("GET", "/api/v1/tenants/acme/verification", null, 200);
    call("GET", "/api/v1/tenants/acme/verifications", null, 200);
    call("DELETE", "/api/v1/tenants/acme/verification", null, 409);
    call("POST", "/api/v1/tenants/acme/repair?dryRun=true", null, 200);
    done(call("POST", "/api/v1/tenants/acme/repair", null, 202));
    call("POST", "/api/v1/tenants/acme/key/rotate?dryRun=true", null, 200);
    call("POST", "/api/v1/tenants/acme/key/rotate", null, 200);
    call("GET", "/api/v1/keys", null, 200);
    call("POST", "/api/v1/tenants/acme/pause", null, 200);
    call("POST", "/api/v1/tenants/acme/resume", null, 200);
    call("POST", "/api/v1/tenants/acme/stop", null, 200);
    done(call("POST", "/api/v1/tenants/acme/resync?wait=true", null, 202));
    migration();
    failover();
    slots();
    runbooks();
    call("GET", "/api/v1/events?limit=3", null, 200);
    stream();
    call("GET", "/api/v1/servers", null, 200);
    call("GET", "/api/v1/server/drain", null, 200);
    call("POST", "/api/v1/server/drain?dryRun=true", null, 200);
    done(call("POST", "/api/v1/server/drain?wait=true", null, 202));
    call("POST", "/api/v1/server/drain", null, 200);
    call("GET", "/readyz", null, 503);
    call("DELETE", "/api/v1/server/drain", null, 200);
    call("POST", "/api/v1/tenants/acme/key/shred", null, 400);
    call("POST", "/api/v1/tenants/acme/key/shred?confirm=acme", null, 200);
    call("DELETE", "/api/v1/tenants/acme?dryRun=true", null, 200);
    call("DELETE", "/api/v1/tenants/acme?confirm=acme", null, 200);
    call("GET", "/api/v1/tenants/acme", null, 404);
    call("GET", "/api/v1/audit?limit=2", null, 200);
    call("GET", "/api/v1/audit/verify", null, 200);
    Set<String> left = new TreeSet<>(API.operations().keySet());
    left.removeAll(SUCCEEDED);
    assertThat(left).as("never succeeded on the walk").containsExactly(NEEDS_A_RUNNING_VERIFICATION);
  }

  private static void migration() throws Exception {
    String of = "/api/v1/tenants/globex/migration";
    String unproven = "{\"force\": [\"verification\"], \"maxPause\": \"100ms\", \"retry\": 1}";
    call("POST", "/api/v1/tenants", ACME.replace("acme", "globex"), 201);
    call("GET", of, null, 404);
    call("POST", of + "/start?dryRun=true", "{}", 200);
    call("POST", of + "/start", "{\"to\": \"nowhere\"}", 409);
    done(call("POST", of + "/start?wait=true", "{\"to\": \"shop-eu\", \"maxPause\": \"200ms\"}", 202));
    call("POST", of + "/plan", "{\"rehearsals\": 3}", 200);
    assertThat(call("GET", of + "?gates=true", null, 200).path("gates").path("items")).hasSize(CutoverGate.values().length);
    call("POST", of + "/cutover?dryRun=true", "{}", 200);
    call("POST", of + "/cutover", "{}", 400);
    call("POST", of + "/rollback?confirm=globex", "{}", 409);
    JsonNode cutover = done(call("POST", of + "/cutover?confirm=globex", "{}", 202));
    assertThat(API.judge("Cutover", cutover)).isEmpty();
    call("GET", of, null, 200);
    done(call("POST", of + "/rollback?confirm=globex", unproven, 202));
    call("POST", "/api/v1/migrations?dryRun=true", "{\"moves\": [{\"source\": \"shop\"}]}", 200);
    call("POST", "/api/v1/migrations", "{\"parallel\": 2, \"moves\": [{\"tenant\": \"globex\", \"cutover\": \"manual\"}]}", 200);
    call("GET", "/api/v1/migrations", null, 200);
    call("POST", of + "/cancel?dryRun=true", null, 200);
    done(call("POST", of + "/cancel?wait=true", null, 202));
    done(call("POST", of + "/start?wait=true", unproven, 202));
    done(call("POST", of + "/cutover?confirm=globex", unproven, 202));
    call("POST", of + "/complete?dryRun=true", null, 200);
    call("POST", of + "/complete", null, 200);
    done(call("POST", of + "/wait", "{\"for\": \"completed\"}", 202));
  }

  private static void failover() throws Exception {
    String of = "/api/v1/tenants/123/failover";
    call("GET", "/api/v1/observations", null, 200);
    call("POST", "/api/v1/failover/auto", "{\"automatic\": true, \"tier\": \"best-effort\"}", 200);
    call("POST", "/api/v1/failover/auto", "{\"automatic\": false, \"all\": true, \"for\": \"1h\"}", 200);
    call("GET", "/api/v1/failover/auto", null, 200);
    call("POST", "/api/v1/tenants", ACME.replace("acme", "123"), 201);
    done(call("POST", "/api/v1/tenants/123/start?wait=true", null, 202));
    call("GET", of, null, 404);
    call("POST", of + "/plan", "{\"drainPatience\": \"1s\"}", 200);
    assertThat(call("POST", of + "/trial", null, 200).path("accepted")).isEmpty();
    call("POST", of + "/run?confirm=123", "{}", 409);
    call("POST", of + "/run?dryRun=true", "{\"force\": true}", 200);
    call("POST", "/api/v1/failovers?dryRun=true", "{\"source\": \"shop\", \"force\": true}", 200);
    JsonNode failover = done(call("POST", of + "/run?confirm=123", "{\"force\": true, \"rejoin\": false}", 202));
    assertThat(API.judge("Failover", failover)).isEmpty();
    done(call("POST", of + "/wait", "{\"for\": \"accounted\"}", 202));
    call("GET", of, null, 200);
    call("POST", of + "/export", null, 200);
    call("POST", of + "/rejoin?dryRun=true", null, 200);
    done(call("POST", of + "/rejoin", null, 202));
    call("POST", of + "/failback?dryRun=true", "{}", 200);
    assertThat(API.judge("Cutover", done(call("POST", of + "/failback?confirm=123", "{\"maxPause\": \"5s\"}", 202)))).isEmpty();
    call("GET", "/api/v1/failovers", null, 200);
    call("GET", "/api/v1/failovers/history?tenant=123", null, 200);
  }

  private static void slots() throws Exception {
    String orphan = "helios_orphan_" + server.source.name();
    server.source.execute("SELECT pg_create_logical_replication_slot('" + orphan + "', 'pgoutput')");
    assertThat(call("GET", "/api/v1/slots", null, 200).toString()).contains(orphan);
    call("DELETE", "/api/v1/slots/shop/" + orphan + "?dryRun=true", null, 200);
    call("DELETE", "/api/v1/slots/shop/" + orphan + "?confirm=" + orphan, null, 200);
  }

  private static void runbooks() throws Exception {
    JsonNode begun =
        call(
            "POST", "/api/v1/runbooks", "{\"runbook\": \"trial\", \"text\": \"steps\", \"parameters\": {\"a\": \"b\"}, \"steps\": 2, \"holder\": \"me\"}", 201);
    String run = "/api/v1/runbooks/" + begun.path("run").path("run").asString();
    String lease = "{\"lease\": \"" + begun.path("lease").asString() + "\"";
    String line = lease + ", \"position\": 0, \"step\": \"one\", \"kind\": \"command\", \"attempt\": 1, \"state\": ";
    call("POST", run + "/steps/1", line + "\"RUNNING\"}", 200);
    call("POST", run + "/renew", lease + "}", 200);
    call("POST", run + "/lease", "{\"holder\": \"you\"}", 409);
    call("POST", run + "/steps/1", line + "\"FAILED\", \"exitCode\": 1, \"output\": \"no\", \"note\": \"why\"}", 200);
    call("POST", run + "/end", lease + ", \"state\": \"FAILED\"}", 200);
    call("POST", run + "/steps/2", line + "\"RUNNING\"}", 409);
    JsonNode taken = call("POST", run + "/lease", "{\"holder\": \"you\"}", 200);
    assertThat(taken.path("before").asString()).isEqualTo("FAILED");
    call("GET", run, null, 200);
    call("GET", "/api/v1/runbooks?limit=1", null, 200);
    call("GET", "/api/v1/runbooks/trial-0", null, 404);
    call("POST", run + "/end", "{\"lease\": \"x\"}", 400);
  }

  private static void stream() throws Exception {
    try (EventsListener listener =
        new EventsListener(server.server().address(), server.server().token(), "?since=0&fleet=1s", null)) {
      Sent fleet = listener.next(e -> e.is("fleet"));
      assertThat(API.judge("Fleet", fleet.data())).as(fleet.data().toString()).isEmpty();
    }
    try (EventsListener listener =
        new EventsListener(server.server().address(), server.server().token(), "?since=0", null)) {
      Sent event = listener.next(e -> e.is("event"));
      assertThat(API.judge("Event", event.data())).as(event.data().toString()).isEmpty();
    }
  }

  @Test
  void aReaderGetsAPlanWhereOneIsDescribedAndNothingElseThatChangesSomething() throws Exception {
    for (OpenApi.Operation operation : API.operations().values()) {
      if (operation.path().startsWith("/api/") && !operation.definition().path("x-role").asString().equals("read")) {
        String path = operation.path().replace("{name}", "nobody").replaceAll("\\{\\w+}", "nothing");
        boolean planned = operation.definition().path("parameters").toString().contains("/dryRun");
        HttpResponse<String> plan = server.http(operation.method(), path + "?dryRun=true", null, READER);
        assertThat(plan.statusCode() == 403).as(operation.name() + " as a dry run: " + plan.body()).isNotEqualTo(planned);
        assertThat(server.http(operation.method(), path, null, READER).statusCode()).as(operation.name()).isEqualTo(403);
      }
    }
  }

  @Test
  void aRefusalOfAnyRouteIsADescribedProblem() throws Exception {
    for (OpenApi.Operation operation : API.operations().values()) {
      if (operation.path().startsWith("/api/")) {
        String path = operation.path().replace("{name}", "nobody").replaceAll("\\{\\w+}", "nothing");
        HttpResponse<String> response = server.http(operation.method(), path, null, null);
        assertThat(response.statusCode()).as(operation.name()).isEqualTo(401);
        String type = response.headers().firstValue("Content-Type").orElse("");
        assertThat(API.judge(operation, 401, type, response.body())).as(operation.name()).isEmpty();
      }
    }
  }
}
