package io.helios.repl.tests.property;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.capture.CaptureMode;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.io.TempDir;

/**
 * The property of {@link RandomReplicationTest} over a source that is polled. What polls can see is at the target when they
 * have caught up; with rows that go, once they were reconciled. {@code -Dhelios.seed=…} plays one round alone.
 */
class RandomPollingTest {

  private static final int SESSIONS = 3;
  private static final int[] MAJORS = {14, 17, 18};

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whateverIsDoneAtASourceThatIsPolledIsAtTheTarget(boolean removes) throws Exception {
    rounds(Duration.ofSeconds(1), removes);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @Tag("long")
  void whateverIsDoneForLongAtASourceThatIsPolledIsAtTheTarget(boolean removes) throws Exception {
    rounds(Duration.ofSeconds(25), removes);
  }

  private void rounds(Duration time, boolean removes) {
    String asked = System.getProperty("helios.seed");
    long first = asked == null ? System.nanoTime() : Long.parseLong(asked);
    long until = System.nanoTime() + time.toNanos();
    long seed = first;
    do {
      System.out.println("random polling, -Dhelios.seed=" + seed);
      try {
        play(seed, removes);
      } catch (Exception | AssertionError e) {
        throw new AssertionError("with -Dhelios.seed=" + seed + ": " + e, e);
      }
      seed++;
    } while (asked == null && System.nanoTime() < until);
  }

  private void play(long seed, boolean removes) throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    int sourceMajor = MAJORS[random.nextInt(MAJORS.length)];
    Database source = Database.create(Postgres.shared(sourceMajor, "source"));
    Database target = Database.create(Postgres.shared(MAJORS[random.nextInt(MAJORS.length)], "target"));
    source.execute(
        "CREATE TYPE mood AS ENUM ('sad', 'so so', 'glad')",
        "CREATE FUNCTION large(n bigint) RETURNS text IMMUTABLE LANGUAGE sql"
            + " AS 'SELECT string_agg(md5(n || $$ $$ || i), $$$$) FROM generate_series(1, 120) i'",
        "CREATE FUNCTION changes() RETURNS trigger LANGUAGE plpgsql"
            + " AS 'BEGIN NEW.changed := pg_catalog.clock_timestamp(); RETURN NEW; END'");
    List<RandomTable> tables = new ArrayList<>();
    for (int i = 0; i < 2 + random.nextInt(3); i++) {
      RandomTable table = new RandomTable(random, i, sourceMajor, random.split().nextBoolean(), true);
      tables.add(table);
      source.execute(table.create().toArray(String[]::new));
      source.execute(table.watched(random).toArray(String[]::new));
    }
    new RandomSession(source, tables, random.split(), false).run(20);
    CaptureMode polled = new CaptureMode.Checkpoint(
        "changed", Duration.ofMillis(10), null, removes ? Duration.ofMillis(500) : null, null,
        CaptureMode.Checkpoint.LONGEST_TRANSACTION);
    try (Replication replication = new Replication(
            polled, directory.resolve(String.valueOf(seed)), source, target, new Tenancy.ByColumn("tenant_id"));
        ExecutorService threads = Executors.newFixedThreadPool(SESSIONS)) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      List<Future<?>> sessions = new ArrayList<>();
      for (int i = 0; i < SESSIONS; i++) {
        RandomSession session = new RandomSession(source, tables, random.split(), false, removes);
        sessions.add(threads.submit(() -> {
          session.run(60);
          return null;
        }));
      }
      for (Future<?> session : sessions) {
        session.get();
      }
      replication.catchUp(a);
      replication.catchUp(b);
      if (removes) {
        await().atMost(Replication.PATIENCE).untilAsserted(() -> tables.forEach(table -> equal(source, target, table)));
      } else {
        tables.forEach(table -> equal(source, target, table));
        assertThat(target.query("SELECT DISTINCT table_name || ' ' || kind || ' ' || commit_lsn FROM helios.conflict"))
            .as("nobody else writes, so nothing is in conflict")
            .isEmpty();
      }
    }
    source.drop();
    target.drop();
  }

  private static void equal(Database source, Database target, RandomTable table) {
    String all = table.all("'a', 'b'");
    assertThat(target.query(all)).as(table.name()).isEqualTo(source.query(all));
  }
}
