package io.helios.repl.tests.cli;

import static io.helios.repl.tests.cli.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.migration.EndFacts;
import io.helios.repl.tests.cli.TestServer.Ran;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Moving tenants as operators do it: commands, the server, its store, real replication; the arbiter's rows are on paper. */
class MigrateTest {

  @TempDir Path directory;

  private final PaperEnds ends = new PaperEnds();
  private TestServer server;

  @BeforeEach
  void start() {
    server = new TestServer(directory, ends);
    server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
  }

  @AfterEach
  void stop() {
    ends.answers = true;
    server.close();
  }

  private String state() {
    return server.done("migrate", "status", "acme", "-o", "json").json().path("state").asString();
  }

  @Test
  void aTenantIsMovedThereAndBackAndThereAgain() throws Exception {
    JsonNode ready = server.done("migrate", "start", "acme", "--wait", "-o", "json").json();
    assertThat(ready.path("state").asString()).isEqualTo("READY");
    assertThat(ready.path("predicted").path("p99Millis").asDouble()).isBetween(13.5, 40.0);
    assertThat(ready.path("nextSteps").path(0).asString()).isEqualTo("helios-repl migrate cutover acme");

    Ran unconfirmed = server.run("migrate", "cutover", "acme");
    assertThat(unconfirmed.code()).isEqualTo(3);
    assertThat(server.run("migrate", "cutover", "acme", "--dry-run").out()).contains("close it at shop");
    JsonNode cutover = server.done("migrate", "cutover", "acme", "--confirm=acme", "-o", "json").json();
    assertThat(cutover.path("kind").asString()).isEqualTo("Cutover");
    assertThat(cutover.path("tenant").asString()).isEqualTo("acme");
    assertThat(cutover.path("direction").asString()).isEqualTo("forward");
    assertThat(cutover.path("epoch").asLong()).isEqualTo(2);
    assertThat(cutover.path("pauseMillis").asDouble()).isBetween(0.0, 100.0);
    assertThat(cutover.path("drainedLsn").asString()).isEqualTo("2/A0012F30");
    assertThat(cutover.path("rollback").asString()).isEqualTo("open");
    assertThat(cutover.path("predicted").path("p50Millis").asDouble()).isBetween(13.5, 40.0);
    assertThat(row()).isEqualTo("shop-eu shop 2");
    assertThat(server.api("GET", "/metrics", null).statusCode()).isEqualTo(404);
    assertThat(server.http("GET", "/metrics", null, null).body()).contains("helios_repl_cutover_pause_seconds_count 1");

    assertThat(server.run("migrate", "cancel", "acme", "--yes").code()).isEqualTo(6);
    JsonNode back =
        server.done("migrate", "rollback", "acme", "--force", "verification", "--confirm=acme", "-o", "json").json();
    assertThat(back.path("direction").asString()).isEqualTo("back");
    assertThat(back.path("epoch").asLong()).isEqualTo(3);
    assertThat(back.path("rollback").asString()).isEqualTo("closed");
    assertThat(row()).isEqualTo("shop shop-eu 3");
    assertThat(ends.calls).contains("disarm acme");
    assertThat(server.done("audit", "verify").code()).isZero();
    assertThat(server.done("events", "list", "--audit", "-o", "json").out()).contains("force verification");
    assertThat(server.done("events", "list", "--tenant", "acme").out()).contains("migration cutting-over to switched", "epoch 2");

    server.done("migrate", "start", "acme", "--force", "verification", "--wait", "--timeout", "60s");
    server.done("migrate", "cutover", "acme", "--force", "verification", "--confirm=acme");
    assertThat(server.run("migrate", "complete", "acme", "--purge").code()).isEqualTo(3);
    JsonNode completed =
        server.done("migrate", "complete", "acme", "--purge", "--confirm=acme", "--wait", "-o", "json").json();
    assertThat(completed.path("state").asString()).isEqualTo("COMPLETED");
    assertThat(ends.calls).contains("purge acme");
    assertThat(server.done("tenant", "status", "acme", "-o", "json").json().path("state").asString()).isEqualTo("MOVED");
    server.restart(server.yaml());
    assertThat(server.done("tenant", "list", "-o", "json").json().path("items").path(0).path("state").asString()).isEqualTo("MOVED");
    assertThat(server.run("tenant", "start", "acme").err()).contains("HR-1306", "was moved to shop-eu for good");
    server.done("tenant", "delete", "acme", "--confirm=acme");
    assertThat(server.done("migrate", "status", "-o", "json").json().path("items")).isEmpty();
  }

  /** As the API tells it, which is what a restart would find: the store is written first. */
  private String row() throws Exception {
    JsonNode tenant = json(server.api("GET", "/tenants/acme", null));
    return tenant.path("source").asString() + " " + tenant.path("target").asString() + " " + tenant.path("epoch").asString();
  }

  @Test
  void aPauseThatDoesNotSufficeIsUndoneAndTriedAgainByPolicy() {
    server.done("migrate", "start", "acme", "--wait");
    ends.delivers = false;
    Ran undone = server.run("migrate", "cutover", "acme", "--max-pause", "20ms", "--confirm=acme");
    assertThat(undone.code()).isEqualTo(1);
    assertThat(undone.err()).contains("error HR-7110", "a pause of 20 ms did not suffice", "hint: ");
    assertThat(ends.calls).containsSubsequence("fence acme", "lift acme", "release acme").doesNotContain("turn acme");
    assertThat(state()).isEqualTo("READY");
    ends.delivers = false;
    int before = ends.calls.size();
    Thread healer = Thread.startVirtualThread(() -> {
      await().until(() -> ends.calls.subList(before, ends.calls.size()).contains("lift acme"));
      ends.delivers = true;
    });
    JsonNode cutover =
        server.done("migrate", "cutover", "acme", "--retry", "50", "--backoff", "50ms", "--confirm=acme", "-o", "json").json();
    assertThat(healer).isNotNull();
    assertThat(cutover.path("epoch").asLong()).as("above those that were refused").isGreaterThanOrEqualTo(4);
  }

  @Test
  void aTargetThatCannotBeAskedKeepsTheTenantClosedAndVisibleAlsoOverARestart() {
    server.done("migrate", "start", "acme", "--wait");
    ends.delivers = false;
    ends.answers = false;
    Ran waiting = server.run("migrate", "cutover", "acme", "--confirm=acme", "--timeout", "1s");
    assertThat(waiting.code()).isEqualTo(8);
    JsonNode status = server.done("migrate", "status", "acme", "-o", "json").json();
    assertThat(status.path("state").asString()).isEqualTo("CUTTING_OVER");
    assertThat(status.path("error").path("code").asString()).isEqualTo("HR-7111");
    assertThat(server.done("tenant", "status", "acme", "-o", "json").json().path("state").asString()).isEqualTo("FENCED");
    assertThat(ends.calls).doesNotContain("lift acme", "turn acme");
    server.restart(server.yaml());
    assertThat(state()).isEqualTo("CUTTING_OVER");
    ends.answers = true;
    await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(state()).isEqualTo("READY"));
    assertThat(ends.calls).contains("lift acme");
  }

  @Test
  void aClosedGateRefusesWithItsCodeAndIsForcedByName() {
    server.done("migrate", "start", "acme", "--wait");
    ends.seen = new EndFacts.Seen(Duration.ofMinutes(3), List.of("index orders_note is missing"), null);
    Ran refused = server.run("migrate", "cutover", "acme", "--confirm=acme");
    assertThat(refused.code()).isEqualTo(6);
    assertThat(refused.err()).contains("error HR-7203", "  why:  ", "  hint: ");
    assertThat(server.run("migrate", "cutover", "acme", "--force", "long-transaction", "--confirm=acme").err())
        .contains("error HR-7204", "orders_note");
    assertThat(server.run("migrate", "cutover", "acme", "--force", "capture", "--confirm=acme").code()).isEqualTo(2);
    Ran plan = server.done("migrate", "plan", "acme");
    assertThat(plan.out()).contains("HR-7203", "HR-7204", "gate lag:", "open", "p99 1");
    server.done("migrate", "cutover", "acme", "--force", "long-transaction,schema", "--confirm=acme");
  }

  @Test
  void roomThatIsNotKnownIsToldAndATargetThatIsFullTakesNoTenantUnlessForced() {
    assertThat(server.done("migrate", "plan", "acme").out()).contains("gate room:").contains("not known", "targets.NAME.capacity");
    server.restart(server.yaml().replace("shop-eu: { url:", "shop-eu: { capacity: 10GiB, url:"));
    ends.taken = new EndFacts.Taken(9L << 30, 1L << 30, null);
    Ran full = server.run("migrate", "start", "acme", "--wait");
    assertThat(full.code()).isEqualTo(6);
    assertThat(full.err()).contains("error HR-7150", "10240 MiB", "9216 MiB are taken", "1024 MiB more", "hint: ");
    assertThat(ends.calls).doesNotContain("arm acme");
    server.done("migrate", "start", "acme", "--force", "room", "--wait");
    assertThat(server.run("migrate", "cutover", "acme", "--confirm=acme").err()).contains("error HR-7150");
    ends.taken = new EndFacts.Taken(9L << 30, 0, null);
    server.done("migrate", "cutover", "acme", "--confirm=acme");
    assertThat(server.done("events", "list", "--audit", "-o", "json").out()).contains("force room");
  }

  @Test
  void whatWaitedForItsTurnUntilTheTargetWasFullFailsBeforeItIsCopied() {
    server.restart(server.yaml().replace("shop-eu: { url:", "shop-eu: { capacity: 10GiB, url:"));
    ends.takenFirst.add(new EndFacts.Taken(0, 0, null)); // when it is asked for
    ends.taken = new EndFacts.Taken(10L << 30, 0, null); // when its turn has come
    assertThat(server.run("migrate", "start", "acme", "--wait").err()).contains("HR-7150");
    assertThat(state()).isEqualTo("FAILED");
    assertThat(server.done("tenant", "status", "acme", "-o", "json").json().path("state").asString()).isEqualTo("CREATED");
  }

  @Test
  void manyAreStartedFromAFileInItsOrderAndOneFailureStopsNoOther() throws Exception {
    server.done("tenant", "create", "globex", "--source", "shop", "--target", "shop-eu");
    server.done("tenant", "create", "acne", "--key", "a", "--source", "shop", "--target", "shop-eu");
    ends.unfit = "acne";
    server.done("tenant", "create", "late", "--key", "123", "--source", "shop", "--target", "shop-eu");
    Path file =
        Files.writeString(
            directory.resolve("moves.yaml"),
            """
            parallel: 1
            defaults: { max-pause: 100ms, cutover: auto }
            moves:
              - { tenant: globex }
              - { source: shop, retry: 2 }
            """);
    assertThat(server.done("migrate", "start", "-f", file.toString(), "--dry-run").out()).contains("globex", "acme", "late");
    JsonNode list = server.done("migrate", "start", "-f", file.toString(), "-o", "json").json();
    assertThat(list.path("items")).hasSize(4);
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () -> assertThat(server.done("migrate", "status", "-o", "json").json().path("items"))
                .allMatch(
                    m ->
                        m.path("state")
                            .asString()
                            .equals(m.path("tenant").asString().equals("acne") ? "FAILED" : "SWITCHED")));
    assertThat(server.done("migrate", "status", "acne").out()).contains("HR-7206", "mend it");
    server.done("migrate", "cancel", "acne", "--wait");
    assertThat(ends.calls.stream().filter(c -> c.startsWith("arm ")).distinct().toList()).containsExactly("arm globex", "arm acme", "arm late");
    assertThat(server.run("migrate", "start", "acme").code()).isEqualTo(6);
    assertThat(server.run("migrate", "start", "-f", file.toString()).err()).contains("HR-7102");
    Files.writeString(file, "moves: [{ source: shop, order: loudest }]");
    assertThat(server.run("migrate", "start", "-f", file.toString()).err()).contains("HR-9009", "quietest");
    Files.writeString(file, "moves: [{ source: shop, order: quietest }]");
    assertThat(server.run("migrate", "start", "-f", file.toString()).err()).contains("HR-7102");
  }

  @Test
  void whatCannotBeIsRefusedWithAHint() {
    assertThat(server.run("migrate", "status", "acme").code()).isEqualTo(5);
    assertThat(server.run("migrate", "cutover", "acme", "--confirm=acme").err()).contains("HR-7101", "migrate start acme");
    Ran elsewhere = server.run("migrate", "start", "acme", "--to", "shop-us");
    assertThat(elsewhere.code()).isEqualTo(6);
    assertThat(elsewhere.err()).contains("HR-7104", "tenant create");
    server.done("migrate", "start", "acme", "--window", window());
    assertThat(server.run("migrate", "start", "acme").err()).contains("HR-7102");
    assertThat(server.run("tenant", "delete", "acme", "--confirm=acme").err()).contains("HR-7102");
    assertThat(server.run("migrate", "cutover", "acme", "--confirm=acme").err()).contains("HR-7103");
    assertThat(server.run("migrate", "rollback", "acme", "--confirm=acme").code()).isEqualTo(6);
    assertThat(state()).isEqualTo("PLANNED");
    server.done("migrate", "cancel", "acme", "--wait");
    assertThat(state()).isEqualTo("CANCELLED");
  }

  /** One that is not open now. */
  private static String window() {
    int hour = (java.time.Instant.now().atZone(java.time.ZoneOffset.UTC).getHour() + 12) % 24;
    return "%02d:00-%02d:30".formatted(hour, hour);
  }
}
