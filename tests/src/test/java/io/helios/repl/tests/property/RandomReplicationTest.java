package io.helios.repl.tests.property;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.error.HeliosException;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The property that all of it is for: whatever an application does, the tenants' rows at the target are those of the
 * source. Random schemas, random work of several sessions with schema changes among it, one whole replication. Each round
 * has a seed, which is printed; {@code -Dhelios.seed=…} plays that round alone. (What the sessions do follows from the seed;
 * how they interleave does not.)
 */
class RandomReplicationTest {

  private static final int SESSIONS = 3;
  private static final int[] MAJORS = {14, 17, 18};

  @TempDir Path directory;

  @Test
  void whateverIsDoneAtTheSourceIsAtTheTarget() throws Exception {
    rounds(Duration.ofSeconds(15));
  }

  @Test
  @Tag("long")
  void whateverIsDoneAtTheSourceForLongIsAtTheTarget() throws Exception {
    rounds(Duration.ofMinutes(1));
  }

  private void rounds(Duration time) throws Exception {
    String asked = System.getProperty("helios.seed");
    if (asked != null) {
      round(Long.parseLong(asked));
      return;
    }
    long first = System.nanoTime();
    long until = System.nanoTime() + time.toNanos();
    for (long seed = first; System.nanoTime() < until; seed++) {
      round(seed);
    }
  }

  private void round(long seed) throws Exception {
    System.out.println("random replication, -Dhelios.seed=" + seed);
    try {
      play(seed);
    } catch (HeliosException e) {
      throw new AssertionError("with -Dhelios.seed=" + seed + ": " + e.problem(), e);
    } catch (Exception | AssertionError e) {
      throw new AssertionError("with -Dhelios.seed=" + seed + ": " + e, e);
    }
  }

  private void play(long seed) throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    int sourceMajor = MAJORS[random.nextInt(MAJORS.length)];
    Database source = Database.create(Postgres.shared(sourceMajor, "source"));
    Database target = Database.create(Postgres.shared(MAJORS[random.nextInt(MAJORS.length)], "target"));
    source.execute(
        "CREATE TYPE mood AS ENUM ('sad', 'so so', 'glad')",
        "CREATE FUNCTION large(n bigint) RETURNS text IMMUTABLE LANGUAGE sql"
            + " AS 'SELECT string_agg(md5(n || $$ $$ || i), $$$$) FROM generate_series(1, 120) i'");
    boolean moods = random.split().nextBoolean();
    List<RandomTable> tables = new ArrayList<>();
    for (int i = 0; i < 2 + random.nextInt(3); i++) {
      RandomTable table = new RandomTable(random, i, sourceMajor, moods);
      tables.add(table);
      source.execute(table.create().toArray(String[]::new));
    }
    new RandomSession(source, tables, random.split(), false).run(20);
    try (Replication replication =
            new Replication(
                directory.resolve(String.valueOf(seed)), source, target, new Tenancy.ByColumn("tenant_id"), null);
        ExecutorService threads = Executors.newFixedThreadPool(SESSIONS)) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      List<Future<?>> sessions = new ArrayList<>();
      for (int i = 0; i < SESSIONS; i++) {
        RandomSession session = new RandomSession(source, tables, random.split(), i == 0);
        sessions.add(threads.submit(() -> {
          session.run(60);
          return null;
        }));
      }
      for (Future<?> session : sessions) {
        session.get();
      }
      for (RandomTable table : tables) {
        // A change of the schema comes to the target with the table's next change.
        source.execute("INSERT INTO " + table.name() + " (tenant_id, id) VALUES ('a', -1), ('b', -1)");
      }
      replication.catchUp(a);
      replication.catchUp(b);
      assertThat(target.query("SELECT DISTINCT table_name || ' ' || kind || ' ' || commit_lsn FROM helios.conflict"))
          .as("nobody else writes, so nothing is in conflict")
          .isEmpty();
      for (RandomTable table : tables) {
        String all = table.all("'a', 'b'");
        assertThat(target.query(all)).as(table.name()).isEqualTo(source.query(all));
      }
    }
    source.drop();
    target.drop();
  }
}
