package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.server.FleetMaker;
import io.helios.repl.tests.cli.TestServer.Ran;
import io.helios.repl.tests.faults.CrashServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A source's PostgreSQL is killed, and nobody asks for anything. */
@Tag("long")
class AutomaticFailoverTest {

  @TempDir Path directory;

  private static JsonNode observation(TestServer server, String endpoint) throws Exception {
    JsonNode list = TestServer.json(server.api("GET", "/observations", null));
    return list.path("items").valueStream().filter(o -> o.path("endpoint").asString().equals(endpoint)).findFirst().orElseThrow();
  }

  private static void becomes(TestServer server, String endpoint, String verdict) {
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> observation(server, endpoint).path("verdict").asString().equals(verdict));
  }

  @Test
  void aTenantForWhichItIsOnIsTakenOverByItselfAndOthersAreNot() throws Exception {
    try (CrashServer postgres = new CrashServer(17, directory.resolve("pg"), Map.of("max_wal_size", "256MB"));
        TestServer server = new TestServer(directory, FleetMaker.standard(Map.of()), postgres.database())) {
      for (String tenant : new String[] {"acme", "globex", "123"}) {
        server.done("tenant", "create", tenant, "--source", "shop", "--target", "shop-eu", "--tier", "premium");
      }
      server.done("tenant", "start", "acme", "globex", "123", "--wait", "--timeout", "60s");
      assertThat(server.done("doctor").out()).doesNotContain("HR-8203");
      switched(server);
      assertThat(server.done("doctor").out()).contains("HR-8203");
      becomes(server, "local/shop", "alive");
      becomes(server, "local/shop-eu", "alive");
      assertThat(observation(server, "local/shop").path("lsn").asString()).contains("/");

      postgres.crash();
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> server.done("tenant", "status", "acme", "-o", "json").json().path("state").asString().equals("PROMOTED"));
      assertThat(observation(server, "local/shop").path("own").asString()).isEqualTo("dead");
      assertThat(server.done("failover", "history").out()).contains("acme").doesNotContain("globex", "123");
      assertThat(server.done("failover", "status", "acme", "-o", "json").json().path("askedBy").asString())
          .isEqualTo("automatic: local/shop is dead");
      server.target.execute("INSERT INTO orders VALUES ('acme', 1000, 'x')");
      assertThat(server.done("failover", "status").out()).containsPattern("DATABASE +VERDICT").containsPattern("local/shop +dead +");
      Ran shown = server.done("failover", "auto");
      assertThat(shown.out()).contains("not-automatic");
      assertThat(server.done("tenant", "status", "globex", "-o", "json").json().path("state").asString()).isEqualTo("STREAMING");
    }
  }

  /** On for the tier, off for one of it, and another in maintenance. */
  private static void switched(TestServer server) {
    assertThat(server.done("failover", "auto").out()).doesNotContain("yes");
    server.done("failover", "auto", "on", "--tier", "premium");
    server.done("failover", "auto", "off", "globex");
    JsonNode list = server.done("failover", "auto", "off", "123", "--for", "1h", "-o", "json").json();
    assertThat(list.path("items").valueStream().filter(t -> t.path("automatic").asBoolean()).map(t -> t.path("tenant").asString()))
        .containsExactly("acme");
    assertThat(list.path("items").valueStream().filter(t -> !t.path("offUntil").isNull()).map(t -> t.path("tenant").asString()))
        .containsExactly("123");
    for (String[] wrong : new String[][] {
      {"on"}, {"maybe", "--all"}, {"on", "--all", "--for", "1h"}, {"off", "--all", "--for", "soon"}, {"on", "acme", "--all"},
      {"on", "--tier", "gold"}, {"--all"}
    }) {
      String[] command = new String[wrong.length + 2];
      command[0] = "failover";
      command[1] = "auto";
      System.arraycopy(wrong, 0, command, 2, wrong.length);
      assertThat(server.run(command).code()).as(String.join(" ", command)).isEqualTo(2);
    }
    assertThat(server.run("failover", "auto", "on", "nobody").code()).isEqualTo(5);
  }
}
