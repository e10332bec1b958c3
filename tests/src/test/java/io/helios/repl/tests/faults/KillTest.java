package io.helios.repl.tests.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.postgres.Lsn;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
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
 * A process that runs the engine is ended, as by SIGKILL, at a named step or at any moment, and started again, while an
 * application goes on writing at the source. However often that happens: what the target and the slot have been told never
 * goes back, and in the end both sides are equal, in a table without a key too, where a change that came twice would stay;
 * no conflict was settled on the way.
 */
class KillTest {

  private static final int ROWS = 30_000;

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));
  private final Thread load = Thread.ofPlatform().name("load").unstarted(this::load);
  private volatile boolean loadEnds;
  private volatile @Nullable SQLException loadFailure;
  private @Nullable KillProcess process;

  /** As far as the target, and the slot, have ever said they are. */
  private Lsn position = Lsn.INVALID;

  private Lsn released = Lsn.INVALID;

  @BeforeEach
  void begin() {
    source.execute(
        "CREATE TABLE orders (tenant_id int, id bigint, note text, PRIMARY KEY (tenant_id, id))",
        "CREATE TABLE visit (tenant_id int NOT NULL, page int, note text)",
        "ALTER TABLE visit REPLICA IDENTITY FULL",
        "INSERT INTO orders SELECT 1, i, repeat('x', 100) FROM generate_series(1, " + ROWS + ") i",
        "INSERT INTO visit SELECT 1, i % 50, 'before' FROM generate_series(1, 500) i");
    load.start();
  }

  @AfterEach
  void end() throws InterruptedException {
    loadEnds = true;
    load.join();
    if (process != null) {
      process.close();
    }
  }

  /** Some hundred transactions a second, of several rows each; now and then a large one. */
  private void load() {
    try (Connection connection = source.connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      for (int i = 0; !loadEnds; i++) {
        statement.execute("INSERT INTO visit VALUES (1, " + i % 50 + ", 'live')");
        statement.execute("INSERT INTO orders VALUES (1, " + (1_000_000 + i) + ", 'live')");
        if (i % 3 == 0) {
          statement.execute(
              "DELETE FROM visit WHERE ctid = (SELECT ctid FROM visit WHERE page = " + i % 50 + " LIMIT 1)");
          statement.execute("UPDATE orders SET note = note || '.' WHERE id = " + (1_000_000 + i / 2));
        }
        if (i % 5 == 0) {
          statement.execute("INSERT INTO visit VALUES (2, " + i % 50 + ", 'live')");
        }
        if (i % 500 == 0) {
          statement.execute("UPDATE orders SET note = 'y' || note WHERE id < 1000");
        }
        connection.commit();
        LockSupport.parkNanos(Duration.ofMillis(3).toNanos());
      }
    } catch (SQLException e) {
      loadFailure = e;
    }
  }

  private KillProcess live(KillStep step, long count) throws IOException {
    KillProcess next =
        new KillProcess(
            directory,
            List.of(
                source.uri(), target.uri(), "helios_" + source.name(), step.name(), Long.toString(count)));
    process = next;
    return next;
  }

  /** A life that ends at the step, whenever it gets there for the n-th time. */
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
        : target.query("SELECT position FROM helios.replica WHERE tenant = '" + KillEngine.TENANT + "'").stream().map(Lsn::parse).findFirst().orElse(Lsn.INVALID);
    assertThat(now).isGreaterThanOrEqualTo(position);
    position = now;
    Lsn slot =
        source.query(
                "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = 'helios_" + source.name() + "'")
            .stream()
            .map(Lsn::parse)
            .findFirst()
            .orElse(Lsn.INVALID);
    assertThat(slot).isGreaterThanOrEqualTo(released);
    released = slot;
  }

  private void settlesEqual() throws Exception {
    KillProcess life = live(KillStep.NONE, 0);
    assertThat(life.awaitReady()).isTrue();
    life.done("caught-up");
    assertThat(life.done("verify")).isEqualTo("true");
    loadEnds = true;
    load.join();
    assertThat((Throwable) loadFailure).isNull();
    life.done("caught-up");
    String orders = "SELECT * FROM orders ORDER BY 1, 2";
    assertThat(target.query(orders)).isEqualTo(source.query(orders)).hasSizeGreaterThan(ROWS);
    String visits = "SELECT tenant_id, page, note, count(*) FROM visit GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";
    assertThat(target.query(visits)).isEqualTo(source.query(visits)).isNotEmpty();
    assertThat(target.query("SELECT kind, count(*) FROM helios.conflict GROUP BY 1")).isEmpty();
    nothingWentBack();
  }

  @Test
  @Tag("long")
  void killedAtEachStepOnceItGoesOnWhereItWas() throws Exception {
    dieAt(KillStep.COPY, ROWS / 10);
    dieAt(KillStep.CAPTURE, 40);
    dieAt(KillStep.SEAL, 5);
    dieAt(KillStep.APPEND, 7);
    dieAt(KillStep.FSYNC, 5);
    dieAt(KillStep.FSYNCED, 5);
    dieAt(KillStep.RELEASE, 1);
    dieAt(KillStep.RELEASED, 1);
    dieAt(KillStep.APPLY, 30);
    dieAt(KillStep.COMMIT, 3);
    dieAt(KillStep.COMMITTED, 3);
    dieAt(KillStep.RESYNC, ROWS / 2);
    settlesEqual();
  }

  @Test
  @Tag("soak")
  void killedAtAnyStepsInAnyOrderItGoesOnWhereItWas() throws Exception {
    Random random = seeded();
    List<KillStep> steps = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      steps.addAll(List.of(KillStep.values()));
    }
    steps.remove(KillStep.NONE);
    steps.remove(KillStep.NONE);
    steps.removeAll(List.of(KillStep.COPY, KillStep.RESYNC));
    Collections.shuffle(steps, random);
    dieAt(KillStep.COPY, 1 + random.nextInt(ROWS / 2));
    dieAt(KillStep.COPY, 1 + random.nextInt(ROWS / 2));
    for (KillStep step : steps) {
      boolean rare = step == KillStep.RELEASE || step == KillStep.RELEASED;
      dieAt(step, 1 + random.nextInt(rare ? 3 : 40));
    }
    dieAt(KillStep.RESYNC, 1 + random.nextInt(ROWS / 2));
    dieAt(KillStep.COMMITTED, 1);
    dieAt(KillStep.RESYNC, 1 + random.nextInt(ROWS / 2));
    settlesEqual();
  }

  @Test
  @Tag("long")
  void killedFiveTimesAtAnyMomentItGoesOnWhereItWas() throws Exception {
    killedAtAnyMoment(5);
  }

  @Test
  @Tag("soak")
  void killedFiftyTimesAtAnyMomentItGoesOnWhereItWas() throws Exception {
    killedAtAnyMoment(50);
  }

  private void killedAtAnyMoment(int times) throws Exception {
    Random random = seeded();
    for (int i = 0; i < times; i++) {
      KillProcess life = live(KillStep.NONE, 0);
      assertThat(life.awaitReady()).isTrue();
      LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(random.nextInt(700_000)));
      life.kill();
      nothingWentBack();
    }
    settlesEqual();
  }

  private static Random seeded() {
    long seed = Long.getLong("helios.seed", System.nanoTime());
    System.out.println("random kills, -Dhelios.seed=" + seed);
    return new Random(seed);
  }

  /** A resync that is cut off before it has told the target must not be forgotten: the journal has given up its frames. */
  @Test
  @Tag("long")
  void killedBetweenTheJournalsForgettingAndTheTargetsARestartKnowsOfTheResync() throws Exception {
    KillProcess life = live(KillStep.NONE, 0);
    assertThat(life.awaitReady()).isTrue();
    life.done("caught-up");
    try (Connection blocker = target.connect()) {
      blocker.setAutoCommit(false);
      blocker.createStatement().execute("LOCK TABLE helios.copied_table IN ACCESS EXCLUSIVE MODE");
      life.done("resync");
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> !target.value("SELECT count(*) FROM pg_locks WHERE NOT granted").equals("0"));
      String written = source.value("SELECT pg_current_wal_insert_lsn()");
      // What commits now passes by while nobody, perhaps, keeps it for the tenant.
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () ->
                  source.value(
                          "SELECT coalesce(max(sent_lsn) > '" + written + "'::pg_lsn + 300000, false)"
                              + " FROM pg_stat_replication WHERE application_name = 'helios-repl/capture'"
                              + " AND pid IN (SELECT active_pid FROM pg_replication_slots WHERE slot_name = 'helios_"
                              + source.name() + "')")
                      .equals("t"));
      life.kill();
      blocker.rollback();
    }
    position = Lsn.INVALID;
    settlesEqual();
  }
}
