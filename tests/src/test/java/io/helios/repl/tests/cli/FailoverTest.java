package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.helios.repl.server.FleetMaker;
import io.helios.repl.tests.cli.TestServer.Ran;
import io.helios.repl.tests.faults.CrashServer;
import io.helios.repl.tests.fixture.Database;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A source's PostgreSQL is killed, and an operator takes its tenants over and back, with everything real. */
@Tag("long")
class FailoverTest {

  private static final String ROWS =
      "SELECT string_agg(id || ':' || note, ' ' ORDER BY id) FROM orders WHERE tenant_id = 'acme' AND id >= 1000";

  @TempDir Path directory;

  private static void write(Database home, String tenant, int id) {
    home.execute("INSERT INTO orders VALUES ('" + tenant + "', " + id + ", 'x')");
  }

  private static JsonNode status(TestServer server) {
    return server.done("failover", "status", "acme", "-o", "json").json();
  }

  private static void reaches(TestServer server, String tenant, String oldSource) {
    await()
        .atMost(Duration.ofSeconds(90))
        .until(
            () ->
                server.done("failover", "status", tenant, "-o", "json").json().path("oldSource").asString().equals(oldSource));
  }

  @Test
  void aTenantIsTakenOverAndItsOldHomeComesBackAndFollowsAndBecomesItsHomeAgain() throws Exception {
    try (CrashServer postgres = new CrashServer(17, directory.resolve("pg"), Map.of("max_wal_size", "256MB"));
        TestServer server = new TestServer(directory, FleetMaker.standard(Map.of()), postgres.database())) {
      server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu", "--tier", "premium");
      server.done("tenant", "create", "globex", "--source", "shop", "--target", "shop-eu");
      server.done("tenant", "start", "acme", "globex", "--wait", "--timeout", "60s");
      refusedWhileTheSourceIsAlive(server);
      write(server.source, "acme", 1000);
      server.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "60s");
      server.server().close();
      write(server.source, "acme", 2000); // committed, and nobody has seen it
      write(server.source, "acme", 2001);
      postgres.crash();
      server.restart(server.yaml());

      JsonNode failover = server.done("failover", "run", "acme", "--confirm=acme", "-o", "json").json();
      assertThat(failover.path("kind").asString()).isEqualTo("Failover");
      assertThat(failover.path("tenant").asString()).isEqualTo("acme");
      assertThat(failover.path("epoch").asLong()).isEqualTo(2);
      assertThat(failover.path("rtoMillis").isNumber()).isTrue();
      assertThat(failover.path("promotedLsn").asString()).contains("/");
      assertThat(failover.path("unreplicated").path("known").asBoolean(true)).isFalse();
      assertThat(failover.path("unreplicated").path("transactions").isNull()).isTrue();
      assertThat(failover.path("oldSource").asString()).isEqualTo("unreachable");
      assertThat(server.done("tenant", "status", "acme", "-o", "json").json().path("state").asString()).isEqualTo("PROMOTED");
      write(server.target, "acme", 3000);
      nothingElseMovesIt(server);
      server.restart(server.yaml());
      write(server.target, "acme", 3001);
      assertThat(status(server).path("state").asString()).isEqualTo("PROMOTED");

      postgres.start();
      reaches(server, "acme", "following");
      JsonNode account = status(server);
      assertThat(account.path("unreplicated").path("known").asBoolean()).isTrue();
      assertThat(account.path("unreplicated").path("transactions").asLong()).isEqualTo(2);
      assertThat(account.path("unreplicated").path("tables").path(0).path("inserts").asLong()).isEqualTo(2);
      exported(server);
      assertThatThrownBy(() -> write(server.source, "acme", 4000)).rootCause().hasMessageContaining("acme");
      server.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "60s");
      assertThat(server.source.value(ROWS)).isEqualTo("1000:x 3000:x 3001:x").isEqualTo(server.target.value(ROWS));
      write(server.source, "globex", 4000);

      JsonNode back =
          server.done("failover", "failback", "acme", "--max-pause", "5s", "--confirm=acme", "--timeout", "120s", "-o", "json").json();
      assertThat(back.path("kind").asString()).isEqualTo("Cutover");
      assertThat(back.path("direction").asString()).isEqualTo("back");
      assertThat(back.path("source").asString()).isEqualTo("shop");
      write(server.source, "acme", 5000);
      assertThatThrownBy(() -> write(server.target, "acme", 6000)).rootCause().hasMessageContaining("acme");
      server.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "60s");
      assertThat(server.target.value(ROWS)).isEqualTo("1000:x 3000:x 3001:x 5000:x").isEqualTo(server.source.value(ROWS));
      assertThat(status(server).path("state").asString()).isEqualTo("FAILED_BACK");
      assertThat(server.done("failover", "history").out()).contains("acme", "failed-back", "owner");
      assertThat(server.done("events", "list", "--tenant", "acme").out()).contains("failover promoting to promoted", "never arrived");
      assertThat(server.http("GET", "/metrics", null, null).body()).contains("helios_repl_failover_rto_seconds_count");

      allAtOnce(server, postgres);
    }
  }

  private static void refusedWhileTheSourceIsAlive(TestServer server) {
    Ran refused = server.run("failover", "run", "acme", "--confirm=acme");
    assertThat(refused.code()).isEqualTo(6);
    assertThat(refused.err()).contains("error HR-8104", "migrate cutover acme", "--force");
    assertThat(server.run("failover", "run", "--all-of", "shop", "--confirm=shop").err()).contains("HR-8104");
    JsonNode plan = server.done("failover", "plan", "acme", "-o", "json").json();
    assertThat(plan.path("source").path("healthy").asBoolean()).isTrue();
    assertThat(plan.path("to").asString()).isEqualTo("shop-eu");
    assertThat(plan.path("obstacles")).isEmpty();
    assertThat(plan.path("timeline").valueStream().map(p -> p.path("part").asString()))
        .containsExactly("detect", "lease", "drain", "promote", "switch");
    assertThat(server.run("failover", "status", "acme").code()).isEqualTo(5);
  }

  private static void nothingElseMovesIt(TestServer server) {
    for (String[] command : new String[][] {
      {"tenant", "resync", "acme", "--yes"}, {"verify", "repair", "acme", "--yes"}, {"migrate", "start", "acme"},
      {"tenant", "delete", "acme", "--confirm=acme"}, {"failover", "run", "acme", "--confirm=acme"}
    }) {
      Ran ran = server.run(command);
      assertThat(ran.err()).as(String.join(" ", command)).contains("HR-8102");
      assertThat(ran.code()).isEqualTo(6);
    }
    assertThat(server.run("failover", "failback", "acme", "--confirm=acme").err()).contains("HR-8103");
  }

  private void exported(TestServer server) throws Exception {
    Path file = directory.resolve("account.json");
    server.done("failover", "status", "acme", "--export", file.toString());
    assertThat(Files.readString(file)).contains("FailoverAccount", "2000", "2001").doesNotContain("3000");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
    assertThat(server.run("failover", "status", "acme", "--export", file.toString()).code()).isEqualTo(1);
    assertThat(server.done("events", "list", "--audit").out()).contains("failover/export");
  }

  /** While it runs and watches; the premium one is first. */
  private static void allAtOnce(TestServer server, CrashServer postgres) throws Exception {
    postgres.crash();
    JsonNode all =
        server.done("failover", "run", "--all-of", "shop", "--no-rejoin", "--confirm=shop", "-o", "json").json();
    assertThat(all.path("items").valueStream().map(f -> f.path("tenant").asString())).containsExactly("acme", "globex");
    assertThat(all.path("progress").path("promotedInLastMinute").asInt()).isEqualTo(2);
    write(server.target, "acme", 7000);
    write(server.target, "globex", 7000);
    postgres.start();
    reaches(server, "globex", "accounted");
    assertThat(server.done("failover", "status", "globex").err()).contains("failover run globex --rejoin");
    server.done("failover", "run", "globex", "--rejoin", "--timeout", "90s");
    server.done("tenant", "wait", "globex", "--for", "caught-up", "--timeout", "60s");
    assertThat(server.source.value("SELECT count(*) FROM orders WHERE tenant_id = 'globex' AND id = 7000")).isEqualTo("1");
    reaches(server, "acme", "accounted");
  }
}
