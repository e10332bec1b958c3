package io.helios.repl.tests.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.keys.ServerProcess;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * {@code kill -9} of the server at any moment of a cutover, while the tenant's clients write: the next start brings it to one
 * of its two ends by itself, and every acknowledged write is there once.
 */
class KilledMoveTest {

  private static final String TENANT = "/tenants/a";
  private static final Set<String> SETTLED = Set.of("READY", "SWITCHED", "ROLLED_BACK");

  @TempDir Path directory;

  @Test
  void onceInEachDirection() throws Exception {
    kill(6, 11);
  }

  @Test
  @Tag("long")
  void manyTimes() throws Exception {
    kill(16, System.nanoTime());
  }

  private void kill(int times, long seed) throws Exception {
    Database one = Database.create(Postgres.shared(17, "source"));
    Database two = Database.create(Postgres.shared(17, "target"));
    one.execute(
        "CREATE TABLE counters (tenant_id text, client int, n bigint, PRIMARY KEY (tenant_id, client))",
        "CREATE TABLE writes (tenant_id text, id bigserial, client int, number bigint, PRIMARY KEY (tenant_id, id))");
    Random random = new Random(seed);
    int taken = 0;
    try (ServerProcess server = new ServerProcess(directory, one, one.uri(), two.uri(), "").start();
        Writers writers = new Writers("a", List.of(one, two), 3, 150)) {
      server.create("a");
      server.api("POST", TENANT + "/start", "{}");
      server.becomes("a", "STREAMING");
      String state = "ROLLED_BACK";
      for (int i = 0; i < times; i++) {
        if (state.equals("ROLLED_BACK")) {
          server.api("POST", TENANT + "/migration/start", "{\"maxPause\": \"1s\", \"force\": [\"verification\"]}");
          becomes(server, Set.of("READY"));
        }
        String verb = state.equals("SWITCHED") ? "rollback" : "cutover";
        HttpResponse<String> answer =
            server.send(
                "POST", "/api/v1" + TENANT + "/migration/" + verb + "?confirm=a",
                "{\"maxPause\": \"1s\", \"force\": [\"verification\"]}", server.token());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(random.nextInt(800_000)));
        server.kill();
        server.start();
        String before = state;
        state = becomes(server, SETTLED);
        taken += state.equals("READY") || state.equals(before) ? 0 : 1;
        int written = writers.written();
        await()
            .atMost(Duration.ofSeconds(60))
            .untilAsserted(
                () ->
                    assertThat(writers.written())
                        .as(() -> server.api("GET", TENANT + "/migration", null) + "\n" + one.query("SELECT role, epoch, refused FROM helios.replica")
                            + two.query("SELECT role, epoch, refused FROM helios.replica"))
                        .isGreaterThan(written + 20));
      }
      List<Writers.Acknowledged> acknowledged = writers.stop();
      Database home = state.equals("SWITCHED") ? two : one;
      Set<String> there = new HashSet<>(home.query("SELECT client, number FROM writes WHERE tenant_id = 'a'"));
      assertThat(acknowledged.stream().map(a -> a.client() + "|" + a.number()).filter(a -> !there.contains(a)))
          .as("seed " + seed)
          .isEmpty();
      assertThat(home.value("SELECT count(*) FROM writes WHERE tenant_id = 'a'")).isEqualTo(String.valueOf(there.size()));
      assertThat(there.size() - acknowledged.size()).as("committed, and not told for the kill").isBetween(0, 3 * times);
      System.out.printf("%d kills (seed %d): %d cutovers happened, the others were undone; %d writes%n", times, seed, taken,
          acknowledged.size());
    }
  }

  /** Waits until the migration is in one of these states, and nothing is wrong with it. */
  private static String becomes(ServerProcess server, Set<String> states) {
    JsonNode migration =
        await()
            .atMost(ServerProcess.PATIENCE)
            .until(
                () -> server.api("GET", TENANT + "/migration", null),
                m -> states.contains(m.path("state").asString()) && m.path("wish").isNull());
    return migration.path("state").asString();
  }
}
