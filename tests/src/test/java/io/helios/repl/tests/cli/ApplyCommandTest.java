package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.client.HeliosClient;
import io.helios.repl.tests.cli.TestServer.Ran;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Declared tenants against a real server. */
class ApplyCommandTest {

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

  private String file(String tenants) {
    try {
      return Files.writeString(
              directory.resolve("tenants.yaml"), "defaults: { source: shop, target: shop-eu }\ntenants:\n" + tenants)
          .toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void theFileIsShownAsADifferenceThenCarriedOutAndIsNothingTheSecondTime() {
    String file = file("  - { name: acme }\n  - { name: globex, tier: premium }\n");
    Ran plan = server.done("apply", "-f", file, "--dry-run");
    assertThat(plan.out()).contains("+ acme: source shop, target shop-eu, key acme", "+ globex: ", "2 new, 0 to change, 0 as declared");
    assertThat(plan.err()).isEqualTo("nothing was done\n");
    assertThat(server.done("tenant", "list", "-o", "name").out()).isEmpty();

    server.done("apply", "-f", file);
    assertThat(server.done("tenant", "list", "-o", "name").out()).isEqualTo("acme\nglobex\n");

    Ran again = server.done("apply", "-f", file);
    assertThat(again.out()).isEqualTo("0 new, 0 to change, 2 as declared\n");
    assertThat(again.err()).isEqualTo("nothing is to be changed\n");
  }

  @Test
  void aStreamingTenantIsChangedWhileItStreamsAndStaysChanged() {
    server.done("apply", "-f", file("  - { name: acme }\n"));
    server.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
    Ran changed =
        server.done("apply", "-f", file("  - { name: acme, tier: best-effort, lag-target: 90s, conflict-policy: stop }\n"));
    assertThat(changed.out())
        .contains("~ acme: tier standard -> best-effort, lagTarget 5s -> 90s, conflictPolicy source-wins -> stop");
    JsonNode status = server.done("tenant", "status", "acme", "-o", "json").json();
    assertThat(status.path("state").asString()).isEqualTo("STREAMING");
    assertThat(status.path("tier").asString()).isEqualTo("best-effort");
    assertThat(status.path("lagTargetSeconds").asDouble()).isEqualTo(90.0);

    server.source.execute("UPDATE orders SET note = 'later' WHERE tenant_id = 'acme' AND id = 1");
    server.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "60s");
    assertThat(server.target.value("SELECT note FROM orders WHERE tenant_id = 'acme' AND id = 1")).isEqualTo("later");

    server.target.transaction(
        "SET LOCAL session_replication_role = replica", "DELETE FROM orders WHERE tenant_id = 'acme' AND id = 2");
    server.source.execute("UPDATE orders SET note = 'conflict' WHERE tenant_id = 'acme' AND id = 2");
    Ran stopped = server.run("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "60s");
    assertThat(stopped.err()).as("the policy that was applied is in force").contains("HR-3108");

    server.restart(server.yaml());
    JsonNode kept = server.done("tenant", "describe", "acme", "-o", "json").json();
    assertThat(kept.path("tier").asString()).isEqualTo("best-effort");
    assertThat(kept.path("conflictPolicy").asString()).isEqualTo("stop");
  }

  @Test
  void whatATenantReplicatesIsFixedOnceItWasStartedAndNothingElseIsDoneThen() {
    server.done("apply", "-f", file("  - { name: acme, key: none }\n"));
    assertThat(server.done("apply", "-f", file("  - { name: acme }\n")).out()).contains("~ acme: key none -> acme");
    server.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
    assertThat(server.target.value("SELECT count(*) FROM orders WHERE tenant_id = 'acme'")).isEqualTo("100");
    Ran refused = server.run("apply", "-f", file("  - { name: acme, key: 18 }\n  - { name: globex }\n"));
    assertThat(refused.code()).isEqualTo(6);
    assertThat(refused.err()).contains("error HR-1306: tenant \"acme\" has been started, and its key");
    assertThat(refused.out()).isEmpty();
    assertThat(server.done("tenant", "list", "-o", "name").out()).isEqualTo("acme\n");
  }

  @Test
  void whatIsNotDeclaredIsDeletedOnlyWhenAskedForAndConfirmed() {
    server.done("apply", "-f", file("  - { name: acme }\n  - { name: globex }\n"));
    String less = file("  - { name: acme }\n");
    assertThat(server.done("apply", "-f", less).out()).contains("1 not declared and left alone");
    assertThat(server.done("apply", "-f", less, "--prune", "--dry-run").out()).contains("- globex: is not declared", "1 to delete");
    assertThat(server.run("apply", "-f", less, "--prune", "--yes").code()).as("not confirmed").isEqualTo(3);
    assertThat(server.done("tenant", "list", "-o", "name").out()).isEqualTo("acme\nglobex\n");
    JsonNode done = server.done("apply", "-f", less, "--prune", "--confirm=globex", "-o", "json").json();
    assertThat(done.path("kind").asString()).isEqualTo("Apply");
    assertThat(done.path("pruned").path(0).asString()).isEqualTo("globex");
    assertThat(server.done("tenant", "list", "-o", "name").out()).isEqualTo("acme\n");
  }

  @Test
  void aThousandTenantsAreOneFile() {
    String many =
        IntStream.range(0, 1_000).mapToObj(i -> "  - { name: t" + i + " }\n").collect(Collectors.joining());
    JsonNode applied = server.done("apply", "-f", file(many), "-o", "json").json();
    assertThat(applied.path("created").asInt()).isEqualTo(1_000);
    JsonNode changed =
        server.done("apply", "-f", file(many.replace("{ name: t7 }", "{ name: t7, tier: premium }")), "-o", "json").json();
    assertThat(changed.path("changed").asInt()).isEqualTo(1);
    assertThat(changed.path("unchanged").asInt()).isEqualTo(999);
    assertThat(server.done("tenant", "list", "-o", "name").out().lines()).hasSize(1_000);
    JsonNode whole =
        HeliosClient.to(server.server().address(), server.server().token()).list("/tenants?limit=300");
    assertThat(whole.path("items").valueStream().map(t -> t.path("tenant").asString())).hasSize(1_000).doesNotHaveDuplicates();
    assertThat(whole.has("next")).isFalse();
  }
}
