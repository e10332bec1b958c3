package io.helios.repl.tests.cli;

import static io.helios.repl.tests.cli.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.NullNode;

/** Slots at the sources: what is told of them, and which are never dropped. */
class SlotsTest {

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

  private static JsonNode slot(String name) throws Exception {
    return json(server.api("GET", "/slots", null)).path("items").valueStream()
        .filter(s -> s.path("slot").asString().equals(name))
        .findFirst()
        .orElseGet(NullNode::getInstance);
  }

  private static void refused(String slot, String code, String why) throws Exception {
    for (String query : new String[] {"?dryRun=true", "?confirm=" + slot}) {
      HttpResponse<String> response = server.api("DELETE", "/slots/shop/" + slot + query, null);
      assertThat(response.body()).contains(code, why);
      assertThat(response.statusCode()).isEqualTo(code.equals("HR-9026") ? 404 : 409);
    }
  }

  @Test
  void theSlotOfASourceWithTenantsIsNeverDroppedReadOrNot() throws Exception {
    String slot = "helios_" + server.source.name();
    server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
    server.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
    assertThat(slot(slot).path("use").asString()).isEqualTo("capture");
    Awaitility.await().until(() -> slot(slot).path("active").asBoolean());
    refused(slot, "HR-9027", "is reading it");
    server.done("tenant", "pause", "acme");
    server.source.execute("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '" + slot + "'");
    refused(slot, "HR-9027", "");
  }

  @Test
  void anOrphanIsToldAndDroppedWhenItsNameIsSaidAgain() throws Exception {
    String orphan = "helios_orphan_" + server.source.name();
    server.source.execute("SELECT pg_create_logical_replication_slot('" + orphan + "', 'pgoutput')");
    JsonNode told = slot(orphan);
    assertThat(told.path("use").asString()).isEqualTo("orphan");
    assertThat(told.path("active").asBoolean()).isFalse();
    assertThat(told.path("database").asString()).isEqualTo(server.source.name());
    assertThat(told.path("retainedWalBytes").isIntegralNumber()).isTrue();
    assertThat(server.api("DELETE", "/slots/shop/" + orphan, null).statusCode()).isEqualTo(400);
    assertThat(json(server.api("DELETE", "/slots/shop/" + orphan + "?dryRun=true", null)).path("done").asBoolean()).isFalse();
    assertThat(slot(orphan).isNull()).isFalse();
    assertThat(json(server.api("DELETE", "/slots/shop/" + orphan + "?confirm=" + orphan, null)).path("done").asBoolean()).isTrue();
    assertThat(slot(orphan).isNull()).isTrue();
    refused(orphan, "HR-9026", "no slot");
  }

  @Test
  void theSlotThatAMoveMakesAtItsTargetIsOursUntilNoTenantNeedsItAndThenAnOrphan() throws Exception {
    String mirror = "helios_shop_eu_" + server.target.name();
    server.done("tenant", "create", "mover", "--key", "globex", "--source", "shop", "--target", "shop-eu");
    server.done("migrate", "start", "mover", "--wait", "--timeout", "90s");
    JsonNode told = slot(mirror);
    assertThat(told.path("use").asString()).isEqualTo("move");
    assertThat(told.path("at").asString()).isEqualTo("target");
    assertThat(told.path("source").asString()).isEqualTo("shop-eu");
    assertThat(told.path("database").asString()).isEqualTo(server.target.name());
    assertThat(orphans()).noneMatch(hint -> hint.endsWith(mirror));
    server.restart(server.yaml());
    Awaitility.await().until(() -> slot(mirror).path("active").asBoolean());
    HttpResponse<String> needed = server.api("DELETE", "/slots/shop-eu/" + mirror + "?confirm=" + mirror, null);
    assertThat(needed.statusCode()).isEqualTo(409);
    assertThat(needed.body()).contains("HR-9027");

    server.done("migrate", "cancel", "mover", "--yes", "--wait", "--timeout", "60s");
    Awaitility.await().until(() -> slot(mirror).isNull());
    server.target.execute("SELECT pg_create_logical_replication_slot('" + mirror + "', 'pgoutput')");
    assertThat(slot(mirror).path("use").asString()).isEqualTo("orphan");
    assertThat(orphans()).contains("helios-repl slot drop shop-eu " + mirror);
    server.done("slot", "drop", "shop-eu", mirror, "--confirm=" + mirror);
    assertThat(slot(mirror).isNull()).isTrue();
    assertThat(orphans()).noneMatch(hint -> hint.endsWith(mirror));
  }

  /** What doctor says would drop slots that nobody reads. */
  private static List<String> orphans() throws Exception {
    return json(server.api("GET", "/doctor", null)).path("findings").valueStream()
        .filter(f -> f.path("code").asString().equals("HR-9056"))
        .map(f -> f.path("hint").asString())
        .toList();
  }

  @Test
  void slotsOfOthersAreNeitherToldNorDroppedAndPhysicalOnesAreLeftAlone() throws Exception {
    String other = "other_" + server.source.name();
    String physical = "helios_standby_" + server.source.name();
    server.source.execute(
        "SELECT pg_create_logical_replication_slot('" + other + "', 'pgoutput')",
        "SELECT pg_create_physical_replication_slot('" + physical + "')");
    try {
      assertThat(slot(other).isNull()).isTrue();
      refused(other, "HR-9026", "somebody else's");
      refused(physical, "HR-9027", "physical");
      assertThat(server.api("DELETE", "/slots/nowhere/" + other + "?confirm=" + other, null).statusCode()).isEqualTo(404);
    } finally {
      server.source.execute(
          "SELECT pg_drop_replication_slot('" + other + "')", "SELECT pg_drop_replication_slot('" + physical + "')");
    }
  }

  @Test
  void aSourceThatDoesNotAnswerIsToldBesideThoseThatDo() throws Exception {
    server.restart(
        server.yaml().replace(
            "targets:",
            "  gone: { url: \"postgresql://nobody@127.0.0.1:1/gone\", tenancy: { database: true } }\ntargets:"));
    JsonNode list = json(server.api("GET", "/slots", null));
    assertThat(list.path("unreachable").path(0).path("source").asString()).isEqualTo("gone");
    assertThat(list.path("unreachable").path(0).path("code").asString()).isEqualTo("HR-2001");
    server.restart(server.yaml());
  }
}
