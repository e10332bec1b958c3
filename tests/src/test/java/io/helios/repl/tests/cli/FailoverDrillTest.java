package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.tests.cli.TestServer.Ran;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Drills as an operator makes them, with everything real: commands, server, both databases. */
class FailoverDrillTest {

  @TempDir Path directory;

  private TestServer server;

  @BeforeEach
  void start() {
    server = new TestServer(directory);
    server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
    server.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void aTenantGoesThereAndBackAndBothGuardsAreTried() {
    assertThat(server.run("failover", "drill", "acme").code()).as("not confirmed").isEqualTo(3);
    assertThat(server.run("failover", "drill", "acme", "--dry-run").out()).contains("cut it over to its target", "has to refuse it");
    String rows = server.source.value("SELECT count(*) FROM orders");
    JsonNode drill =
        server.done("failover", "drill", "acme", "--max-pause", "5s", "--hold", "200ms", "--confirm=acme", "-o", "json").json();
    assertThat(drill.path("kind").asString()).isEqualTo("FailoverDrill");
    assertThat(drill.path("steps").valueStream().map(s -> s.path("step").asString()))
        .containsExactly("prepare", "switch", "follow", "guard there", "hold", "return", "follow", "guard here");
    assertThat(drill.path("there").path("pauseMillis").asDouble()).isPositive();
    assertThat(drill.path("back").path("direction").asString()).isEqualTo("back");
    assertThat(drill.path("guardThere").path("database").asString()).isEqualTo("shop");
    assertThat(drill.path("guard").path("database").asString()).isEqualTo("shop-eu");
    for (String guard : List.of("guard", "guardThere")) {
      assertThat(drill.path(guard).path("holds").asBoolean()).as(guard).isTrue();
      assertThat(drill.path(guard).path("refused").asInt()).isPositive();
    }
    assertThat(server.source.value("SELECT count(*) FROM orders")).as("nothing stays of what was tried").isEqualTo(rows);
    JsonNode status = server.done("tenant", "status", "acme", "-o", "json").json();
    assertThat(status.path("source").asString()).isEqualTo("shop");
    assertThat(server.done("verify", "run", "acme", "-o", "json").json().path("equal").asBoolean()).isTrue();
  }

  /** What a drill is for: a guard that somebody has switched off is found before it is needed. */
  @Test
  void aGuardThatDoesNotHoldIsToldByItsTable() {
    assertThat(server.done("failover", "drill", "acme", "--guard-only").out()).contains("shop-eu: ", "refused the write");
    String before = server.target.value("SELECT string_agg(o::text, ' ' ORDER BY o::text) FROM orders o");
    server.target.execute("ALTER TABLE orders DISABLE TRIGGER \"!helios_guard\"");
    Ran open = server.run("failover", "drill", "acme", "--guard-only");
    assertThat(open.code()).isEqualTo(1);
    assertThat(open.out()).contains("1 TOOK IT");
    assertThat(open.err()).contains("error HR-8110", "public.orders", "hint: helios-repl target prepare shop-eu");
    assertThat(server.target.value("SELECT string_agg(o::text, ' ' ORDER BY o::text) FROM orders o"))
        .as("what it took was taken back")
        .isEqualTo(before);
    server.target.execute("ALTER TABLE orders ENABLE TRIGGER \"!helios_guard\"");
    server.done("failover", "drill", "acme", "--guard-only");
  }

  @Test
  void aMoveThatIsInHandIsNotEndedByADrill() {
    server.done("migrate", "start", "acme", "--wait", "--timeout", "60s");
    Ran refused = server.run("failover", "drill", "acme", "--confirm=acme");
    assertThat(refused.code()).isEqualTo(6);
    assertThat(refused.err()).contains("error HR-7103", "is being moved", "helios-repl migrate status acme");
    assertThat(server.done("migrate", "status", "acme", "-o", "json").json().path("state").asString()).isEqualTo("READY");
  }
}
