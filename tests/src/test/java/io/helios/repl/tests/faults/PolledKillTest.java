package io.helios.repl.tests.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.postgres.Lsn;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * As {@link KillTest}, of a source that is polled: the process that polls it is ended at a named step or at any moment, and
 * started again, while an application goes on writing in transactions that overlap. In the end both sides are equal.
 */
class PolledKillTest {

  private static final int ROWS = 20_000;

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));
  private final List<Thread> writers =
      List.of(Thread.ofPlatform().unstarted(() -> write(0)), Thread.ofPlatform().unstarted(() -> write(1)));
  private volatile boolean ends;
  private volatile @Nullable SQLException failure;
  private @Nullable KillProcess process;
  private Lsn position = Lsn.INVALID;

  @BeforeEach
  void begin() {
    source.execute(
        "CREATE TABLE orders (tenant_id int, id bigint, note text, changed timestamptz DEFAULT now(), PRIMARY KEY (tenant_id, id))",
        "CREATE INDEX ON orders (changed)",
        "INSERT INTO orders SELECT 1, i, repeat('x', 100) FROM generate_series(1, " + ROWS + ") i");
    writers.forEach(Thread::start);
  }

  @AfterEach
  void end() throws InterruptedException {
    stopWriting();
    if (process != null) {
      process.close();
    }
  }

  private void stopWriting() throws InterruptedException {
    ends = true;
    for (Thread writer : writers) {
      writer.join();
    }
  }

  /** Each has rows of its own; now() is taken when a transaction begins, some time before it commits. */
  private void write(int which) {
    Random random = new Random(which);
    try (Connection connection = source.connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      for (int i = 0; !ends; i++) {
        long id = 1_000_000L * (which + 1) + i;
        statement.execute("INSERT INTO orders VALUES (1, " + id + ", 'live'), (2, " + id + ", 'live')");
        LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(random.nextInt(20_000)));
        statement.execute("UPDATE orders SET note = note || '.', changed = now() WHERE id = "
            + (1_000_000L * (which + 1) + random.nextInt(i + 1)));
        if (i % 100 == 0) {
          statement.execute("UPDATE orders SET note = 'y' || note, changed = now() WHERE id % 2 = " + which + " AND id < 500");
        }
        connection.commit();
      }
    } catch (SQLException e) {
      failure = e;
    }
  }

  private KillProcess live(KillStep step, long count) throws Exception {
    KillProcess next =
        new KillProcess(
            directory,
            List.of(source.uri(), target.uri(), "none", step.name(), Long.toString(count), "changed"));
    process = next;
    return next;
  }

  private void dieAt(KillStep step, long count) throws Exception {
    KillProcess life = live(step, count);
    if (life.awaitReady() && step == KillStep.RESYNC) {
      life.ask("resync");
      position = Lsn.INVALID; // it begins anew
    }
    life.awaitDeath();
    nothingWentBack();
  }

  private void nothingWentBack() {
    Lsn now = target.value("SELECT to_regclass('helios.replica') IS NULL").equals("t")
        ? Lsn.INVALID
        : target.query("SELECT position FROM helios.replica WHERE tenant = '" + KillEngine.TENANT + "'").stream()
            .map(Lsn::parse)
            .findFirst()
            .orElse(Lsn.INVALID);
    assertThat(now).isGreaterThanOrEqualTo(position);
    position = now;
  }

  private void settlesEqual() throws Exception {
    KillProcess life = live(KillStep.NONE, 0);
    assertThat(life.awaitReady()).isTrue();
    life.done("caught-up");
    assertThat(life.done("verify")).isEqualTo("true");
    stopWriting();
    assertThat((Throwable) failure).isNull();
    life.done("caught-up");
    String orders = "SELECT * FROM orders ORDER BY 1, 2";
    assertThat(target.query(orders)).isEqualTo(source.query(orders)).hasSizeGreaterThan(ROWS);
    assertThat(target.query("SELECT kind, count(*) FROM helios.conflict GROUP BY 1")).isEmpty();
    nothingWentBack();
    // It holds values of rows.
    Path state = directory.resolve("data/journal/shop/checkpoint.state");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(state))).isEqualTo("rw-------");
  }

  @Test
  @Tag("long")
  void killedAtEachStepOnceItMissesNothing() throws Exception {
    dieAt(KillStep.COPY, ROWS / 10);
    dieAt(KillStep.SEAL, 5);
    dieAt(KillStep.APPEND, 7);
    dieAt(KillStep.FSYNC, 5);
    dieAt(KillStep.FSYNCED, 5); // what was found is durable, and the state still says that it was not
    dieAt(KillStep.APPLY, 30);
    dieAt(KillStep.COMMIT, 3);
    dieAt(KillStep.COMMITTED, 3);
    dieAt(KillStep.RESYNC, ROWS / 2);
    settlesEqual();
  }

  @Test
  @Tag("long")
  void killedThirtyTimesAtAnyMomentItMissesNothing() throws Exception {
    long seed = Long.getLong("helios.seed", System.nanoTime());
    System.out.println("random kills, -Dhelios.seed=" + seed);
    Random random = new Random(seed);
    for (int i = 0; i < 30; i++) {
      KillProcess life = live(KillStep.NONE, 0);
      assertThat(life.awaitReady()).isTrue();
      LockSupport.parkNanos(Duration.ofMillis(random.nextInt(900)).toNanos());
      life.kill();
      nothingWentBack();
    }
    settlesEqual();
  }
}
