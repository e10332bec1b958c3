package io.helios.repl.tests.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.TransientException;
import io.helios.repl.pipeline.Handover;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** To and fro while everybody writes: every acknowledged write is there once, whoever was where. */
class HandoverUnderLoadTest {

  private static final Tenancy BY_COLUMN = new Tenancy.ByColumn("tenant_id");

  /** So many writes of the other tenant before each move tell how they do while nothing is moved. */
  private static final int QUIET_WRITES = 40;

  @TempDir Path directory;

  @Test
  void everyAcknowledgedWriteIsThereOnceAfterSomeMoves() throws Exception {
    move(6);
  }

  @Test
  @Tag("soak")
  void everyAcknowledgedWriteIsThereOnceAfterTwoHundredMoves() throws Exception {
    move(200);
  }

  private void move(int times) throws Exception {
    Database one = Database.create(Postgres.shared(17, "source"));
    Database two = Database.create(Postgres.shared(17, "target"));
    one.execute(
        "CREATE TABLE counters (tenant_id text, client int, n bigint, PRIMARY KEY (tenant_id, client))",
        "CREATE TABLE writes (tenant_id text, id bigserial, client int, number bigint, at timestamptz DEFAULT now(),"
            + " PRIMARY KEY (tenant_id, id))");
    try (TwoHomes homes = new TwoHomes(directory, one, two, BY_COLUMN);
        Writers movers = new Writers("a", List.of(one, two), 5, 500);
        Writers others = new Writers("b", List.of(one, two), 2, 200)) {
      Tenant tenant = homes.start("a");
      List<Long> pauses = new ArrayList<>();
      List<Long> quiet = new ArrayList<>();
      List<Long> moving = new ArrayList<>();
      quiet(others); // their first writes open connections, and find nothing in memory
      long epoch = 1;
      int busy = 0;
      while (pauses.size() < times) {
        quiet.addAll(quiet(others));
        Handover handover = homes.handover(tenant);
        handover.arm();
        homes.catchUp(tenant);
        movers.takeNanos();
        epoch++;
        try (Handover.Fence fence = handover.fence(epoch, Duration.ofMillis(50))) {
          if (!handover.awaitPromoted(epoch, Duration.ofSeconds(10))) {
            throw new AssertionError("not promoted; the home has been closed since " + fence.sinceNanos());
          }
        } catch (TransientException e) {
          assertThat(e.problem().code()).isEqualTo(ErrorCode.FENCE_BUSY);
          assertThat(handover.refuse(epoch)).isTrue();
          busy++;
          continue;
        }
        int written = movers.written();
        tenant = handover.turn(epoch);
        homes.streams(tenant.id());
        await().atMost(TwoHomes.PATIENCE).until(() -> movers.written() > written + 20);
        pauses.add(movers.takeNanos().stream().mapToLong(Long::longValue).max().orElseThrow());
        moving.addAll(others.takeNanos());
      }
      List<Writers.Acknowledged> acknowledged = movers.stop();
      List<Writers.Acknowledged> ofOthers = others.stop();
      homes.catchUp(tenant);
      for (Database home : List.of(one, two)) {
        Set<String> there = new HashSet<>(home.query("SELECT client, number FROM writes WHERE tenant_id = 'a'"));
        assertThat(there).hasSize(acknowledged.size());
        assertThat(acknowledged.stream().map(a -> a.client() + "|" + a.number()).filter(a -> !there.contains(a))).isEmpty();
        assertThat(home.value("SELECT count(*) FROM writes WHERE tenant_id = 'a'"))
            .isEqualTo(String.valueOf(acknowledged.size()));
      }
      assertThat(one.value("SELECT count(*) FROM writes WHERE tenant_id = 'b'")).isEqualTo(String.valueOf(ofOthers.size()));
      assertThat(acknowledged.stream().map(Writers.Acknowledged::at).distinct()).hasSize(2);
      UUID id = tenant.id();
      assertThat(homes.fleet.status(id).conflicts()).isZero();
      List.of(pauses, quiet, moving).forEach(nanos -> nanos.sort(null));
      System.out.printf(
          "%d moves, %d writes; slowest write of the tenant in each: p50 %.1f ms, p99 %.1f ms, max %.1f ms; no gap"
              + " between writers %d times%nanother tenant's writes, %d during moves and %d in between: p50 %.1f and %.1f ms, p99 %.1f"
              + " and %.1f ms (%.2f times), max %.1f and %.1f ms%n",
          pauses.size(), acknowledged.size(), millis(pauses, 0.5), millis(pauses, 0.99), millis(pauses, 1), busy,
          moving.size(), quiet.size(), millis(moving, 0.5), millis(quiet, 0.5), millis(moving, 0.99), millis(quiet, 0.99),
          millis(moving, 0.99) / millis(quiet, 0.99), millis(moving, 1), millis(quiet, 1));
    }
  }

  /** While nothing is moved, in the same run: what else the machine does is the same for both. */
  private static List<Long> quiet(Writers others) {
    others.takeNanos();
    int written = others.written();
    await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(10)).atMost(TwoHomes.PATIENCE)
        .until(() -> others.written() >= written + QUIET_WRITES);
    return others.takeNanos();
  }

  private static double millis(List<Long> sorted, double quantile) {
    return sorted.get((int) Math.min(sorted.size() - 1L, Math.round(quantile * (sorted.size() - 1)))) / 1e6;
  }
}
