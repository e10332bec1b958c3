package io.helios.repl.tests.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.tests.cli.TestServer.Ran;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Verifications as an operator makes and reads them. */
class VerifyCommandsTest {

  @TempDir Path directory;

  private TestServer server;

  @BeforeEach
  void start() {
    server = new TestServer(directory);
    server.source.execute(
        "CREATE TABLE a (tenant_id text, id int, PRIMARY KEY (tenant_id, id))",
        "CREATE TABLE b (tenant_id text, id int, PRIMARY KEY (tenant_id, id))",
        "INSERT INTO a SELECT 'acme', i FROM generate_series(1, 2000) i",
        "INSERT INTO b SELECT 'acme', i FROM generate_series(1, 2000) i");
    server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
    server.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void evidenceIsKeptAndTellsHowToFindTheRowsThatDifferAndHoldsNoneOfTheirValues() throws Exception {
    assertThat(server.run("verify", "show", "acme").code()).as("there is none yet").isEqualTo(5);
    server.done("tenant", "pause", "acme", "--wait");
    assertThat(server.run("verify", "run", "acme").code()).as("there is no point to hold the applier at").isEqualTo(6);
    server.done("tenant", "resume", "acme", "--wait");
    server.done("verify", "run", "acme");
    assertThat(server.done("verify", "show", "acme", "--max-age", "10m").out()).contains("both sides are equal at ");
    assertThat(server.done("verify", "show", "acme", "--sql").err()).contains("no table differs");

    server.target.transaction(
        "SET LOCAL session_replication_role = replica",
        "UPDATE orders SET note = 'never told' WHERE tenant_id = 'acme' AND id = 7",
        "DELETE FROM orders WHERE tenant_id = 'acme' AND id = 8");
    Ran differing = server.run("verify", "run", "acme");
    assertThat(differing.code()).isEqualTo(7);
    assertThat(differing.out()).contains("the sides differ", "helios-repl verify show acme --sql");
    JsonNode shown = server.done("verify", "show", "acme", "--table", "public.orders", "-o", "json").json();
    assertThat(shown.path("kind").asString()).isEqualTo("Verification");
    assertThat(shown.path("complete").asBoolean()).isTrue();
    assertThat(shown.path("source").path("systemIdentifier").asString()).matches("\\d+");
    assertThat(shown.path("cost").path("rows").asLong()).isPositive();
    JsonNode table = shown.path("tables").path(0);
    assertThat(table.path("altered").asInt()).isEqualTo(1);
    assertThat(table.path("missing").asInt()).isEqualTo(1);
    assertThat(shown.toString()).doesNotContain("never told");
    try (Stream<Path> files = Files.walk(directory.resolve("data"))) {
      assertThat(files.filter(Files::isRegularFile))
          .isNotEmpty()
          .allSatisfy(file -> assertThat(Files.readString(file, ISO_8859_1)).doesNotContain("never told"));
    }
    String sql = server.done("verify", "show", "acme", "--sql").out();
    assertThat(sql).isEqualTo(table.path("sql").asString()).startsWith("-- public.orders at ").endsWith("COMMIT;\n");
    assertThat(server.done("verify", "show", "acme", "-o", "wide").out()).contains("ALTERED", "SOURCE-DIGEST");

    assertThat(server.done("verify", "show", "acme", "--history").out().lines()).hasSize(3);
    JsonNode history = server.done("verify", "show", "acme", "--history", "-o", "json").json();
    assertThat(history.path("kind").asString()).isEqualTo("VerificationList");
    assertThat(history.path("items").path(0).path("equal").asBoolean()).isFalse();
    assertThat(history.path("items").path(1).path("equal").asBoolean()).isTrue();
    Ran stale = server.run("verify", "show", "acme", "--max-age", "10m");
    assertThat(stale.code()).isEqualTo(6);
    assertThat(stale.err()).contains("HR-6008", "it found the sides to differ", "helios-repl verify run acme");
    assertThat(server.run("verify", "show", "acme", "--table", "public.nothing").code()).isEqualTo(2);
  }

  @Test
  void afterARestartOfTheServerAVerificationGoesOnWithTheTablesThatAreLeft() throws Exception {
    assertThat(server.api("POST", "/tenants/acme/verify?maxRate=1KiB/s&parallelism=1", null).statusCode()).isEqualTo(202);
    JsonNode begun = await().atMost(Duration.ofMinutes(1)).until(this::shown, v -> v.path("tablesDone").asInt() == 1);
    assertThat(begun.path("tablesWanted").asInt()).isEqualTo(3);
    assertThat(begun.path("progress").path("tables").asInt()).isEqualTo(3);
    assertThat(server.done("verify", "show", "acme").out()).contains("unfinished, 1 of 3 tables", "running: 1/3 tables");

    server.restart(server.yaml());
    server.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "60s");
    assertThat(server.done("verify", "show", "acme").out()).contains("unfinished, 1 of 3 tables").doesNotContain("running");
    assertThat(server.run("verify", "show", "acme", "--max-age", "1h").code()).as("unfinished evidence is none").isEqualTo(5);
    JsonNode ended = server.done("verify", "run", "acme", "-o", "json").json();
    assertThat(ended.path("id")).isEqualTo(begun.path("id"));
    assertThat(ended.path("equal").asBoolean()).isTrue();
    assertThat(ended.path("tables")).hasSize(3).contains(begun.path("tables").path(0));
    assertThat(ended.path("lsn")).as("as old as its first table").isEqualTo(begun.path("lsn"));
    assertThat(ended.path("cost").path("points").asInt()).isEqualTo(2);
    server.done("verify", "show", "acme", "--max-age", "1h");
  }

  @Test
  @Tag("long")
  void oneThatIsBrokenOffIsBegunAnewOnlyWhenAsked() throws Exception {
    server.api("POST", "/tenants/acme/verify?maxRate=1KiB/s&parallelism=1", null);
    JsonNode begun = await().atMost(Duration.ofMinutes(1)).until(this::shown, v -> v.path("tablesDone").asInt() == 1);
    assertThat(server.done("verify", "cancel", "acme").out()).contains("helios-repl verify run acme");
    await().atMost(Duration.ofMinutes(1)).until(() -> !shown().has("progress"));
    assertThat(server.run("verify", "cancel", "acme").code()).isEqualTo(6);
    JsonNode fresh = server.done("verify", "run", "acme", "--fresh", "-o", "json").json();
    assertThat(fresh.path("id")).isNotEqualTo(begun.path("id"));
    assertThat(fresh.path("cost").path("points").asInt()).isEqualTo(1);
    server.done("tenant", "resync", "acme", "--yes", "--wait", "--timeout", "60s");
    Ran superseded = server.run("verify", "show", "acme", "--max-age", "1h");
    assertThat(superseded.code()).isEqualTo(6);
    assertThat(superseded.err()).contains("resynced");
  }

  @Test
  void settingsThatAreNotRightAreRefused() {
    for (String[] wrong :
        new String[][] {
          {"verify", "run", "acme", "--max-rate", "fast"},
          {"verify", "run", "acme", "--max-rate", "0MiB/s"},
          {"verify", "run", "acme", "--parallelism", "0"},
          {"verify", "run", "acme", "--parallelism", "33"}
        }) {
      assertThat(server.run(wrong).code()).as(String.join(" ", wrong)).isEqualTo(2);
    }
  }

  private JsonNode shown() throws Exception {
    return TestServer.json(server.api("GET", "/tenants/acme/verification", null));
  }
}
