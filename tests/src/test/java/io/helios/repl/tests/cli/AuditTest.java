package io.helios.repl.tests.cli;

import static io.helios.repl.tests.cli.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The audit log tells every change, refused ones too, and shows when somebody has been at it. */
class AuditTest {

  private static final String GLOBEX = "{\"tenants\": [{\"name\": \"globex\", \"source\": \"shop\", \"target\": \"shop-eu\"}]}";

  @TempDir Path directory;

  private static JsonNode get(TestServer server, String path) throws Exception {
    HttpResponse<String> response = server.api("GET", path, null);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return json(response);
  }

  private static List<String> lines(JsonNode list) {
    return list.path("items").valueStream()
        .map(i -> i.path("action").asString() + " " + i.path("outcome").asString() + " " + i.path("status").asInt())
        .toList();
  }

  private static void changes(TestServer server) throws Exception {
    server.api("GET", "/tenants", null);
    server.api("POST", "/tenants?dryRun=true", GLOBEX);
    server.api("POST", "/tenants", GLOBEX);
    server.api("POST", "/tenants", GLOBEX);
    server.api("POST", "/tenants/globex/pause", null);
    server.api("POST", "/tenants/globex/wait", "{\"for\": \"streaming\"}");
    server.api("DELETE", "/tenants/globex?confirm=globex", null);
  }

  private static void toldAndWhole(TestServer server) throws Exception {
    changes(server);
    JsonNode list = get(server, "/audit");
    assertThat(lines(list))
        .containsExactly(
            "DELETE /api/v1/tenants/globex?confirm=globex done 200",
            "POST /api/v1/tenants/globex/pause refused 409",
            "POST /api/v1/tenants refused 409",
            "POST /api/v1/tenants done 201");
    JsonNode created = list.path("items").path(3);
    assertThat(created.path("who").asString()).isEqualTo("owner");
    assertThat(created.path("role").asString()).isEqualTo("admin");
    assertThat(created.path("address").asString()).isEqualTo("127.0.0.1");
    assertThat(created.path("detail").asString()).isEqualTo("globex");
    assertThat(list.path("items").path(1).path("code").asString()).isEqualTo("HR-1306");

    List<String> paged = new ArrayList<>();
    JsonNode page = get(server, "/audit?limit=3");
    paged.addAll(lines(page));
    page = get(server, "/audit?limit=3&cursor=" + page.path("next").asString());
    paged.addAll(lines(page));
    assertThat(paged).isEqualTo(lines(list));
    assertThat(page.has("next")).isFalse();

    JsonNode check = get(server, "/audit/verify");
    assertThat(check.path("ok").asBoolean()).as(check.toString()).isTrue();
    assertThat(check.path("entries").asInt()).isEqualTo(8);
  }

  @Test
  void everyChangeIsToldAndTheFirstLineThatSomebodyChangedIsNamed() throws Exception {
    try (TestServer server = new TestServer(directory)) {
      toldAndWhole(server);
      server.restart(server.yaml());
      String head = get(server, "/audit/verify").path("head").asString();
      try (Connection store =
          DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("data").resolve("control.db"))) {
        store.createStatement().execute("DELETE FROM audit WHERE seq > 6");
        assertThat(get(server, "/audit/verify").path("ok").asBoolean()).as("its end is gone").isTrue();
        JsonNode cut = get(server, "/audit/verify?head=" + head);
        assertThat(cut.path("ok").asBoolean()).isFalse();
        assertThat(cut.path("broken").path("id").asInt()).isEqualTo(7);
        store.createStatement().execute("UPDATE audit SET who = 'token:somebody' WHERE seq = 3");
      }
      JsonNode check = get(server, "/audit/verify");
      assertThat(check.path("ok").asBoolean()).isFalse();
      assertThat(check.path("broken").path("id").asInt()).isEqualTo(3);
      assertThat(check.path("broken").path("reason").asString()).contains("changed");
      assertThat(server.api("GET", "/audit/verify?head=x", null).statusCode()).isEqualTo(400);
    }
  }

  @Test
  void theLogMayBeInPostgresAndSeveralWriteItsLinesInOneOrder() throws Exception {
    try (TestServer server = new TestServer(directory)) {
      server.restart(server.yaml() + "store: " + server.target.uri() + "\n");
      toldAndWhole(server);
      IntStream.range(0, 20).parallel().forEach(i -> {
        try {
          server.api("POST", "/tenants/nobody-" + i + "/start", null);
        } catch (Exception e) {
          throw new IllegalStateException(e);
        }
      });
      JsonNode check = get(server, "/audit/verify");
      assertThat(check.path("ok").asBoolean()).as(check.toString()).isTrue();
      assertThat(check.path("entries").asInt()).isEqualTo(48);
      server.target.execute("DELETE FROM helios_control.audit WHERE seq = 5");
      assertThat(get(server, "/audit/verify").path("broken").path("id").asInt()).isEqualTo(5);
    }
  }

  @Test
  void aChangeThatCannotBeWrittenDownIsNotMade() throws Exception {
    try (TestServer server = new TestServer(directory)) {
      try (Connection store =
          DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("data").resolve("control.db"))) {
        store.createStatement().execute("DROP TABLE audit");
      }
      HttpResponse<String> refused = server.api("POST", "/tenants", GLOBEX);
      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(json(refused).path("code").asString()).isEqualTo("HR-9006");
      assertThat(server.api("GET", "/tenants/globex", null).statusCode()).isEqualTo(404);
    }
  }
}
