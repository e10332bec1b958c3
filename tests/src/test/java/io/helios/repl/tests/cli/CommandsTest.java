package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.tests.cli.TestServer.Ran;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Commands against a real server. */
class CommandsTest {

  @TempDir Path directory;

  private TestServer server;

  @BeforeEach
  void start() {
    server = new TestServer(directory);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private void create(String name) {
    server.done("tenant", "create", name, "--source", "shop", "--target", "shop-eu");
  }

  @Test
  void aTenantIsDeclaredStartedPausedResumedStoppedAndDeleted() {
    Ran created =
        server.done(
            "tenant",
            "create",
            "acme",
            "--source",
            "shop",
            "--target",
            "shop-eu",
            "--tier",
            "premium",
            "--lag-target",
            "10s",
            "-o",
            "json");
    assertThat(created.json().path("kind").asString()).isEqualTo("TenantStatus");
    assertThat(created.json().path("state").asString()).isEqualTo("CREATED");
    assertThat(created.json().path("lagTargetSeconds").asDouble()).isEqualTo(10.0);
    assertThat(created.json().path("nextSteps").path(0).asString()).isEqualTo("helios-repl tenant start acme");

    assertThat(
            server
                .done("tenant", "start", "acme", "--wait", "--timeout", "60s", "-o", "json")
                .json()
                .path("state")
                .asString())
        .isEqualTo("STREAMING");
    assertThat(server.done("tenant", "start", "acme").code()).as("starting what streams is no mistake").isZero();
    assertThat(
            server
                .done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "60s", "-o", "json")
                .json()
                .path("kind")
                .asString())
        .isEqualTo("TenantStatus");
    assertThat(server.done("tenant", "pause", "acme", "--wait", "-o", "json").json().path("state").asString())
        .isEqualTo("PAUSED");
    assertThat(server.done("tenant", "resume", "acme", "--wait", "-o", "json").json().path("state").asString())
        .isEqualTo("STREAMING");
    assertThat(server.done("tenant", "stop", "acme", "--wait").out()).isEqualTo("tenant acme is STOPPED\n");
    assertThat(server.run("tenant", "resume", "acme").code()).isEqualTo(6);
    assertThat(server.done("tenant", "delete", "acme", "--confirm=acme").out()).isEqualTo("tenant acme is deleted\n");
    assertThat(server.run("tenant", "status", "acme").code()).isEqualTo(5);
    assertThat(server.done("tenant", "list", "-o", "json").json().path("items")).isEmpty();
  }

  @Test
  void keysAreListedRotatedAndShreddedAndAShreddedTenantNeedsAResync() {
    create("acme");
    assertThat(server.done("key", "list", "-o", "json").json().path("items").path(0).path("generation").asInt()).isZero();
    assertThat(server.run("key", "rotate", "acme").code()).as("there is none yet").isEqualTo(6);
    server.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
    assertThat(server.done("key", "rotate", "acme", "--dry-run").out()).contains("make key 2 of acme");
    assertThat(server.done("key", "rotate", "acme").out()).isEqualTo("tenant acme is sealed with key 2 from now on\n");
    assertThat(server.done("key", "list").out()).contains("acme").contains("2");
    assertThat(server.run("key", "shred", "acme").code()).as("not confirmed").isNotZero();
    assertThat(server.done("key", "shred", "acme", "--confirm=acme").out()).contains("helios-repl tenant resync acme");
    server.run("tenant", "wait", "acme", "--for", "failed", "--timeout", "30s");
    Ran status = server.done("tenant", "status", "acme", "-o", "json");
    assertThat(status.json().path("state").asString()).isEqualTo("NEEDS_RESYNC");
    server.done("tenant", "resync", "acme", "--yes", "--wait", "--timeout", "60s");
    assertThat(server.done("verify", "run", "acme").code()).isZero();
  }

  @Test
  void aVerificationTellsByItsExitCodeWhetherBothSidesAreEqual() {
    create("acme");
    server.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
    Ran equal = server.done("verify", "run", "acme", "-o", "json");
    assertThat(equal.json().path("kind").asString()).isEqualTo("Verification");
    assertThat(equal.json().path("equal").asBoolean()).isTrue();
    JsonNode table = equal.json().path("tables").path(0);
    assertThat(table.path("table").asString()).isEqualTo("public.orders");
    assertThat(table.path("sourceRows").asLong()).isEqualTo(100);

    server.target.transaction(
        "SET LOCAL session_replication_role = replica",
        "UPDATE orders SET note = 'altered' WHERE tenant_id = 'acme' AND id = 7");
    Ran differing = server.run("verify", "run", "acme", "-o", "json");
    assertThat(differing.code()).isEqualTo(7);
    assertThat(differing.json().path("equal").asBoolean()).isFalse();
    assertThat(differing.json().path("tables").path(0).path("differing").asLong()).isEqualTo(1);
    assertThat(server.run("verify", "run", "acme").out()).contains("the sides differ");
  }

  @Test
  void describeTellsHowFarTheTenantsSequencesAre() {
    server.source.execute(
        "CREATE TABLE invoices (tenant_id text, no serial, PRIMARY KEY (tenant_id, no))",
        "INSERT INTO invoices SELECT 'acme' FROM generate_series(1, 41)");
    create("acme");
    server.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
    JsonNode sequence = server.done("tenant", "describe", "acme", "-o", "json").json().path("sequences").path(0);
    assertThat(sequence.path("sequence").asString()).isEqualTo("public.invoices_no_seq");
    assertThat(sequence.path("lastValue").asLong()).isEqualTo(41);
    assertThat(server.done("tenant", "describe", "acme").out())
        .contains("SEQUENCE", "LAST VALUE")
        .containsPattern("public.invoices_no_seq +public.invoices +no +41 ");
  }

  @Test
  void whatATenantFailsWithIsToldByEveryoneWhoWaits() {
    server.target.execute("CREATE TABLE orders (tenant_id text, id text, note text, PRIMARY KEY (tenant_id, id))");
    create("acme");
    Ran started = server.run("tenant", "start", "acme", "--wait", "--timeout", "60s");
    assertThat(started.code()).isEqualTo(1);
    assertThat(error(started)).contains("\n  why:  ", "\n  hint: ");
    Ran waited = server.run("tenant", "wait", "acme", "--for", "streaming", "--timeout", "60s");
    assertThat(waited.code()).isEqualTo(1);
    assertThat(error(waited)).isEqualTo(error(started));
    assertThat(server.done("tenant", "wait", "acme", "--for", "failed", "--timeout", "60s").code()).isZero();
    JsonNode status = server.done("tenant", "status", "acme", "-o", "json").json();
    assertThat(status.path("state").asString()).isEqualTo("FAILED");
    assertThat(status.path("error").path("code").asString()).startsWith("HR-");
    String why = status.path("error").path("why").asString();
    assertThat(why).isNotBlank();
    assertThat(started.err()).contains("why:  " + why);
    assertThat(server.done("tenant", "status", "acme").out()).contains("error HR-", "why:  " + why);
    assertThat(server.done("tenant", "describe", "acme").out()).contains("FAILED", "hint:").containsPattern("why: +" + java.util.regex.Pattern.quote(why));

    server.target.execute("DROP TABLE orders");
    server.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
  }

  /** Without the lines of progress that a long wait has. */
  private static String error(Ran ran) {
    assertThat(ran.err()).contains("error HR-");
    return ran.err().substring(ran.err().indexOf("error HR-"));
  }

  @Test
  void aWaitThatTimesOutSaysHowToAttachAgain() {
    create("acme");
    Ran ran = server.run("tenant", "wait", "acme", "--for", "streaming", "--timeout", "200ms");
    assertThat(ran.code()).isEqualTo(8);
    assertThat(ran.err())
        .contains("error HR-1202: tenant \"acme\" is not streaming after 200ms; it is CREATED")
        .contains("hint: helios-repl tenant wait acme --for streaming --timeout");
    assertThat(ran.out()).isEmpty();
  }

  @Test
  void whatIsNotThereEndsWithFive() {
    for (String[] command :
        new String[][] {
          {"tenant", "status", "nobody"},
          {"tenant", "describe", "nobody"},
          {"tenant", "start", "nobody"},
          {"tenant", "stop", "nobody"},
          {"tenant", "wait", "nobody", "--for", "streaming"},
          {"verify", "run", "nobody"},
          {"source", "check", "nowhere"},
          {"target", "check", "nowhere"},
          {"source", "prepare", "nowhere"},
          {"tenant", "delete", "nobody", "--confirm=nobody"},
          {"tenant", "create", "a", "--source", "nowhere", "--target", "shop-eu"},
          {"tenant", "create", "a", "--source", "shop", "--target", "nowhere"}
        }) {
      Ran ran = server.run(command);
      assertThat(ran.code()).as(String.join(" ", command)).isEqualTo(5);
      assertThat(ran.err()).startsWith("error HR-130").contains("\n  hint: ");
    }
  }

  @Test
  void whatDoesNotHoldEndsWithSix() {
    create("acme");
    assertThat(server.run("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu").code()).isEqualTo(6);
    assertThat(
            server.run("tenant", "create", "twin", "--key", "acme", "--source", "shop", "--target", "shop-eu").code())
        .isEqualTo(6);
    Ran paused = server.run("tenant", "pause", "acme");
    assertThat(paused.code()).isEqualTo(6);
    assertThat(paused.err()).contains("hint: helios-repl tenant start acme");
  }

  @Test
  void whatTheServerFindsWrongWithADeclarationEndsWithTwo() {
    Ran ran =
        server.run(
            "tenant",
            "create",
            "a",
            "--source",
            "shop",
            "--target",
            "shop-eu",
            "--tier",
            "gold",
            "--conflict-policy",
            "maybe");
    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.err()).contains("\"gold\" is no tier", "\"maybe\" is no conflict policy");
    assertThat(server.run("tenant", "create", "a", "--source", "shop", "--target", "eu-central-1/shop-eu").err())
        .contains("no target of a peer");
  }

  @Test
  void withoutTheRightTokenACommandEndsWithFour() {
    Ran wrong = server.run(Map.of("HELIOS_TOKEN", "wrong"), "tenant", "list");
    assertThat(wrong.code()).isEqualTo(4);
    assertThat(wrong.err()).contains("HR-9007");
    Ran none = server.run(Map.of("XDG_STATE_HOME", "/nonexistent"), "tenant", "list");
    assertThat(none.code()).isEqualTo(4);
    assertThat(none.err()).contains("HR-1204", "HELIOS_TOKEN_FILE");
    assertThat(
            server
                .run(
                    Map.of("HELIOS_TOKEN", server.server().token(), "XDG_STATE_HOME", "/nonexistent"), "tenant", "list")
                .code())
        .isZero();
    String file = directory.resolve("data").resolve("token").toString();
    assertThat(server.run(Map.of("HELIOS_TOKEN_FILE", file, "XDG_STATE_HOME", "/nonexistent"), "tenant", "list").code())
        .isZero();
    assertThat(server.run(Map.of("HELIOS_TOKEN_FILE", "/nowhere"), "tenant", "list").code()).isEqualTo(2);
    String localhost = server.server().address().toString().replace("127.0.0.1", "localhost");
    assertThat(server.run("tenant", "list", "--server", localhost).code()).as("loopback by another name").isZero();
  }

  @Test
  void manyTenantsAreDeclaredByAFileAndNamedTogether() throws Exception {
    Path file =
        Files.writeString(
            directory.resolve("tenants.yaml"),
            """
            defaults: { source: shop, target: shop-eu, lag-target: 2s }
            tenants:
              - { name: acme, tables: ["public.*", "!public.audit"] }
              - { name: t-007, key: 007, tier: premium, conflict-policy: stop }
            """);
    assertThat(server.done("tenant", "create", "-f", file.toString(), "--dry-run").out())
        .contains("tenant create acme would:", "tenant create t-007 would:");
    assertThat(server.done("tenant", "list", "-o", "name").out()).isEmpty();
    server.done("tenant", "create", "-f", file.toString());
    assertThat(server.done("tenant", "list", "-o", "name").out()).isEqualTo("acme\nt-007\n");
    JsonNode described = server.done("tenant", "describe", "t-007", "-o", "json").json();
    assertThat(described.path("key").asString()).as("as it was written, not as a number").isEqualTo("007");
    assertThat(described.path("tier").asString()).isEqualTo("premium");
    assertThat(described.path("lagTarget").asString()).isEqualTo("2s");
    assertThat(described.path("conflictPolicy").asString()).isEqualTo("stop");

    Ran both = server.done("tenant", "start", "--all", "--wait", "--timeout", "60s", "-o", "json");
    assertThat(both.json().path("kind").asString()).isEqualTo("TenantList");
    assertThat(both.json().path("items")).hasSize(2);
    Ran partly = server.run("tenant", "stop", "nobody", "acme");
    assertThat(partly.code()).isEqualTo(5);
    assertThat(partly.out()).as("the other one was stopped all the same").contains("tenant acme is ");
    assertThat(server.run("tenant", "delete", "--all").code()).isEqualTo(3);
    server.done("tenant", "delete", "--all", "--confirm=all");
    assertThat(server.done("tenant", "list", "-o", "jsonl").out()).isEmpty();
  }

  @Test
  void everyFormatIsPrinted() {
    create("acme");
    create("globex");
    assertThat(server.done("tenant", "list").out().lines()).hasSize(3).first().asString().startsWith("TENANT  STATE");
    assertThat(server.done("tenant", "list", "-o", "wide").out()).contains("CAPTURED");
    assertThat(server.done("tenant", "list", "-o", "jsonl").out().lines())
        .hasSize(2)
        .allMatch(l -> l.startsWith("{\"apiVersion\":\"helios-repl/v1\",\"kind\":\"TenantStatus\""));
    assertThat(server.done("tenant", "list", "-o", "yaml").out()).contains("kind: \"TenantList\"");
    JsonNode list = server.done("tenant", "list", "-o", "json").json();
    assertThat(list.path("kind").asString()).isEqualTo("TenantList");
    assertThat(server.done("tenant", "status", "acme", "globex", "-o", "json").json().path("items")).hasSize(2);
    assertThat(server.done("source", "list", "-o", "json").json().path("items").path(0).path("kind").asString())
        .isEqualTo("Source");
    assertThat(server.done("target", "list", "-o", "name").out()).isEqualTo("shop-eu\n");
    assertThat(server.done("server", "status").out()).contains("tenants:", "shop", "shop-eu");
    JsonNode fleet = server.done("server", "status", "-o", "json").json();
    assertThat(fleet.path("kind").asString()).isEqualTo("FleetStatus");
    assertThat(fleet.path("tenants").path("byState").path("CREATED").asInt()).isEqualTo(2);
    assertThat(server.done("server", "config").out()).contains("sources.shop.tenancy.column");
  }

  @Test
  void preparingIsPlannedDoneAndMayBeRepeated() {
    Ran plan = server.done("source", "prepare", "shop", "--dry-run");
    assertThat(plan.out()).contains("CREATE PUBLICATION");
    assertThat(plan.err()).contains("nothing was done");
    assertThat(server.source.value("SELECT count(*) FROM pg_publication")).isEqualTo("0");
    server.done("source", "prepare", "shop");
    assertThat(server.source.value("SELECT count(*) FROM pg_publication")).isEqualTo("1");
    assertThat(server.done("source", "prepare", "shop").err()).contains("nothing to do");
    server.done("target", "prepare", "shop-eu");
    Ran check = server.done("source", "check", "shop", "-o", "json");
    assertThat(check.json().path("kind").asString()).isEqualTo("Check");
    assertThat(check.json().path("ok").asBoolean()).isTrue();
    assertThat(server.done("source", "check", "shop").out()).contains("source shop: ok");
  }

  @Test
  void aCheckThatFindsAnErrorEndsWithSixAndTheSqlThatMendsIt() {
    server.source.execute("CREATE TABLE keyless (tenant_id text, note text)");
    Ran check = server.run("source", "check", "shop");
    assertThat(check.code()).isEqualTo(6);
    assertThat(check.out()).contains("error HR-", "public.keyless", "hint: ALTER TABLE");
  }

  @Test
  void startingIsPlannedWithoutBeingDone() {
    create("acme");
    assertThat(server.done("tenant", "start", "acme", "--dry-run").out()).startsWith("tenant start acme would:\n  - ");
    assertThat(server.done("tenant", "start", "acme", "--dry-run", "-o", "json").json().path("kind").asString())
        .isEqualTo("Plan");
    assertThat(server.done("tenant", "status", "acme", "-o", "json").json().path("state").asString())
        .isEqualTo("CREATED");
  }
}
