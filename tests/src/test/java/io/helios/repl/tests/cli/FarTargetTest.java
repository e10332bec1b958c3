package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.LongLine;
import io.helios.repl.tests.handover.Writers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A tenant whose target is another region's, as an operator has it, with both servers real. */
class FarTargetTest {

  private static final String ROWS = "SELECT string_agg(id || note, ' ' ORDER BY id) FROM orders WHERE tenant_id = 'acme'";

  @TempDir Path directory;

  @Test
  void aTenantIsReplicatedToAnotherRegionAndMovesThereAndBack() {
    try (TwoRegions regions = new TwoRegions(directory)) {
      regions.restartEu("regions: [us], capacity: 4TiB");
      assertThat(regions.done("target", "check", "eu/shop-eu").out()).endsWith("target eu/shop-eu: ok\n");
      assertThat(regions.done("target", "prepare", "eu/shop-eu", "--dry-run").out()).contains("CREATE SCHEMA");
      assertThat(regions.run("target", "check", "eu/elsewhere").err()).contains("HR-4312");
      assertThat(regions.run("target", "check", "mars/shop-eu").err()).contains("HR-1303");
      regions.done("tenant", "create", "acme", "--source", "shop", "--target", "eu/shop-eu");
      regions.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
      regions.source().execute("INSERT INTO orders VALUES ('acme', 1000, 'later')", "INSERT INTO orders VALUES ('globex', 1000, 'x')");
      regions.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "60s");
      assertThat(regions.target().value(ROWS)).isEqualTo(regions.source().value(ROWS));
      assertThat(regions.done("verify", "run", "acme", "-o", "json").json().path("equal").asBoolean()).isTrue();

      theOtherRegionsOperatorsSeeTheirGuest(regions);
      JsonNode ready = regions.done("migrate", "start", "acme", "--max-pause", "5s", "--wait", "--timeout", "90s", "-o", "json").json();
      assertThat(ready.path("state").asString()).isEqualTo("READY");
      regions.run("doctor"); // asks the peer at this moment
      JsonNode plan = regions.done("migrate", "plan", "acme", "--rehearsals", "1", "-o", "json").json();
      assertThat(plan.path("gates").valueStream().filter(gate -> gate.path("gate").asString().equals("room")).findFirst())
          .as("measured there, against what that server's configuration says")
          .hasValueSatisfying(gate -> assertThat(gate.path("unknown").isNull() && gate.path("open").asBoolean()).isTrue());
      JsonNode over = regions.done("migrate", "cutover", "acme", "--confirm=acme", "--timeout", "60s", "-o", "json").json();
      assertThat(over.path("epoch").asLong()).isEqualTo(2);
      System.out.println("cutover to another region: " + over);
      regions.target().execute("INSERT INTO orders VALUES ('acme', 2000, 'at its new home')");
      regions.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "60s");
      regions.restartUs();
      regions.target().execute("INSERT INTO orders VALUES ('acme', 3000, 'there, after a restart here')");
      regions.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "60s");
      JsonNode back = regions.done("migrate", "rollback", "acme", "--confirm=acme", "--timeout", "90s", "-o", "json").json();
      assertThat(back.path("direction").asString()).isEqualTo("back");
      regions.source().execute("INSERT INTO orders VALUES ('acme', 4000, 'home again')");
      regions.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "60s");
      assertThat(regions.target().value(ROWS)).isEqualTo(regions.source().value(ROWS)).contains("4000home again");
    }
  }

  private static void theOtherRegionsOperatorsSeeTheirGuest(TwoRegions regions) {
    assertThat(regions.runAt("eu", "tenant", "list", "--guests", "-o", "json").json().path("items"))
        .singleElement()
        .satisfies(
            guest -> {
              assertThat(guest.path("tenant").asString()).isEqualTo("acme");
              assertThat(guest.path("region").asString()).isEqualTo("us");
              assertThat(guest.path("source").asString()).isEqualTo("shop");
              assertThat(guest.path("target").asString()).isEqualTo("shop-eu");
              assertThat(guest.path("state").asString()).isEqualTo("STREAMING");
              assertThat(guest.path("epoch").asLong()).isEqualTo(1);
              assertThat(guest.path("appliedLsn").asString()).contains("/");
              assertThat(guest.path("lagBytes").isNumber()).isTrue();
              assertThat(guest.path("error").isNull()).isTrue();
            });
    assertThat(regions.runAt("eu", "tenant", "list", "--guests").out()).contains("REGION", "acme", "STREAMING", "us");
    assertThat(regions.runAt("eu", "tenant", "list").out()).doesNotContain("acme");
    assertThat(regions.done("tenant", "list", "--guests", "-o", "json").json().path("items")).as("what is its own is no guest").isEmpty();
  }

  @Test
  @Tag("long")
  void twoInstallationsWithTheSameNamesMoveTheirTenantsToOneServer() throws Exception {
    try (TwoRegions one = new TwoRegions(Files.createDirectory(directory.resolve("one")));
        TwoRegions two = new TwoRegions(Files.createDirectory(directory.resolve("two")))) {
      for (TwoRegions regions : List.of(one, two)) {
        regions.done("tenant", "create", "acme", "--source", "shop", "--target", "eu/shop-eu");
        JsonNode ready = regions.done("migrate", "start", "acme", "--max-pause", "5s", "--wait", "--timeout", "90s", "-o", "json").json();
        assertThat(ready.path("state").asString()).isEqualTo("READY");
      }
      assertThat(one.target().server()).isSameAs(two.target().server());
    }
  }

  @Test
  void aRegionUsesOnlyWhatItMay() {
    try (TwoRegions regions = new TwoRegions(directory)) {
      TestServer.Ran unknown = regions.run("tenant", "create", "x", "--source", "shop", "--target", "mars/shop-eu");
      assertThat(unknown.code()).isEqualTo(5);
      assertThat(unknown.err()).contains("HR-1303", "peers: eu");
      regions.restartEu("regions: []");
      regions.done("tenant", "create", "acme", "--source", "shop", "--target", "eu/shop-eu");
      TestServer.Ran refused = regions.run("tenant", "start", "acme", "--wait", "--timeout", "30s");
      assertThat(refused.code()).isEqualTo(1);
      assertThat(refused.err()).contains("HR-4312", "regions: [OUR-REGION]");
      regions.restartEu();
      regions.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
    }
  }

  @Test
  void aPeerThatIsAwayStopsNothingAndIsNamed() {
    try (TwoRegions regions = new TwoRegions(directory)) {
      regions.done("tenant", "create", "acme", "--source", "shop", "--target", "eu/shop-eu");
      regions.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
      regions.eu.close();
      regions.source().execute("INSERT INTO orders VALUES ('acme', 1000, 'later')");
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(
              () ->
                  assertThat(regions.done("target", "list", "-o", "json").out()).contains("HR-9111"));
      regions.restartEu();
      regions.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "60s");
      assertThat(regions.target().value(ROWS)).isEqualTo(regions.source().value(ROWS));
    }
  }

  /** What it takes over 80 ms there and back, and 100 Mbit/s; printed. */
  @Test
  @Tag("long")
  void aTenantMovesOverALongLine() throws Exception {
    try (TwoRegions regions = new TwoRegions(directory);
        LongLine toEu = new LongLine(regions.euPort());
        LongLine toUs = new LongLine(regions.usPort())) {
      regions.seenAt(toUs.port(), toEu.port());
      regions.restartEu();
      regions.restartUs();
      regions.source().execute(
          "INSERT INTO orders SELECT 'acme', i, repeat(md5(i::text), 10) FROM generate_series(10001, 60000) i");
      regions.done("tenant", "create", "acme", "--source", "shop", "--target", "eu/shop-eu");
      long begun = System.nanoTime();
      regions.done("tenant", "start", "acme", "--wait", "--timeout", "120s");
      System.out.printf("over a long line: started with 50,000 rows after %.1f s%n", (System.nanoTime() - begun) / 1e9);
      begun = System.nanoTime();
      regions.source().execute("INSERT INTO orders VALUES ('acme', 1000, 'later')");
      regions.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "60s");
      System.out.printf("over a long line: caught up after %.3f s%n", (System.nanoTime() - begun) / 1e9);
      begun = System.nanoTime();
      regions.done("migrate", "start", "acme", "--max-pause", "5s", "--wait", "--timeout", "120s", "-o", "json");
      System.out.printf("over a long line: ready after %.1f s%n", (System.nanoTime() - begun) / 1e9);
      JsonNode over = regions.done("migrate", "cutover", "acme", "--confirm=acme", "--timeout", "60s", "-o", "json").json();
      System.out.println("over a long line: " + over);
      regions.target().execute("INSERT INTO orders VALUES ('acme', 2000, 'at its new home')");
      regions.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "60s");
      JsonNode back = regions.done("migrate", "rollback", "acme", "--confirm=acme", "--timeout", "120s", "-o", "json").json();
      System.out.println("over a long line: " + back);
      assertThat(regions.target().value(ROWS)).isEqualTo(regions.source().value(ROWS));
    }
  }

  /**
   * To and fro over that line while five clients write, each at the databases themselves: {@code -Psoak -Dhelios.moves=200}. What they
   * waited at most in each move is printed.
   */
  @Test
  @Tag("soak")
  @EnabledIfSystemProperty(named = "helios.moves", matches = "\\d+")
  void asManyMovesOverALongLineAsAreAskedFor() throws Exception {
    int times = Integer.getInteger("helios.moves");
    try (TwoRegions regions = new TwoRegions(directory);
        LongLine toEu = new LongLine(regions.euPort());
        LongLine toUs = new LongLine(regions.usPort())) {
      regions.seenAt(toUs.port(), toEu.port());
      regions.restartEu();
      regions.restartUs();
      regions.source().execute(
          "CREATE TABLE counters (tenant_id text, client int, n bigint, PRIMARY KEY (tenant_id, client))",
          "CREATE TABLE writes (tenant_id text, id bigserial, client int, number bigint, at timestamptz DEFAULT now(),"
              + " PRIMARY KEY (tenant_id, id))");
      regions.done("tenant", "create", "acme", "--source", "shop", "--target", "eu/shop-eu");
      regions.done("tenant", "start", "acme", "--wait", "--timeout", "120s");
      List<Long> over = new ArrayList<>();
      List<Long> back = new ArrayList<>();
      try (Writers writers = new Writers("acme", List.of(regions.source(), regions.target()), 5, 500)) {
        for (int i = 0; i < times; i++) {
          boolean there = i % 2 == 0;
          if (there) {
            regions.done("migrate", "start", "acme", "--max-pause", "5s", "--force", "verification", "--wait", "--timeout", "120s");
          }
          writers.takeNanos();
          regions.done(
              "migrate", there ? "cutover" : "rollback", "acme", "--confirm=acme", "--force", "verification", "--retry", "20",
              "--backoff", "500ms", "--timeout", "120s");
          int written = writers.written();
          await().atMost(Duration.ofSeconds(60)).until(() -> writers.written() > written + 50);
          (there ? over : back).add(writers.takeNanos().stream().mapToLong(Long::longValue).max().orElseThrow());
        }
        List<Writers.Acknowledged> acknowledged = writers.stop();
        regions.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "60s");
        for (Database home : List.of(regions.source(), regions.target())) {
          Set<String> rows = new HashSet<>(home.query("SELECT client, number FROM writes WHERE tenant_id = 'acme'"));
          assertThat(rows).hasSize(acknowledged.size());
          assertThat(acknowledged.stream().map(a -> a.client() + "|" + a.number()).filter(a -> !rows.contains(a))).isEmpty();
        }
        System.out.printf("%d moves over a long line, %d writes; slowest write of a client in each: %s; %s%n",
            times, acknowledged.size(), told("there", over), told("back", back));
      }
    }
  }

  private static String told(String way, List<Long> nanos) {
    nanos.sort(null);
    int last = nanos.size() - 1;
    return "%s median %.0f ms, p99 %.0f ms, max %.0f ms"
        .formatted(way, nanos.get(last / 2) / 1e6, nanos.get(last * 99 / 100) / 1e6, nanos.get(last) / 1e6);
  }
}
