package io.helios.repl.tests.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.JdbcWalStream;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.PgOutputMessage;
import io.helios.repl.postgres.ReplicationSlot;
import io.helios.repl.postgres.Tuple;
import io.helios.repl.tests.fixture.Postgres;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JdbcWalStreamTest {

  private LocalPostgres server;
  private String database;
  private String slot;

  @BeforeEach
  void prepare() {
    use(Postgres.shared(17, "source"));
  }

  private void use(LocalPostgres used) {
    server = used;
    database = Postgres.createDatabase(server);
    slot = "slot_" + database;
  }

  @AfterEach
  void dropSlot() throws SQLException {
    try (Connection connection = PgConnections.open(server.settings(database), "test", null)) {
      if (ReplicationSlot.find(connection, slot).isPresent()) {
        Awaitility.await().ignoreException(TransientException.class).untilAsserted(() -> ReplicationSlot.drop(connection, slot));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 17, 18})
  void everyMessageOfTheProtocolArrives(int major) {
    use(Postgres.shared(major, "source"));
    run(
        "CREATE TYPE mood AS ENUM ('good', 'bad')",
        "CREATE TABLE t (id int PRIMARY KEY, body text, feeling mood)",
        "CREATE TABLE full_row (id int, body text)",
        "ALTER TABLE full_row REPLICA IDENTITY FULL",
        "CREATE TABLE by_index (id int, code text NOT NULL, body text)",
        "CREATE UNIQUE INDEX by_index_code ON by_index (code)",
        "ALTER TABLE by_index REPLICA IDENTITY USING INDEX by_index_code",
        "CREATE PUBLICATION \"odd'\"\"pub\" FOR TABLE t, full_row, by_index");
    ReplicationSlot.create(server.settings(database), slot);
    String big = "repeat(md5(random()::text), 4000)";
    run(
        "ALTER TABLE t ALTER body SET STORAGE EXTERNAL",
        "INSERT INTO t VALUES (1, " + big + ", 'good')",
        "UPDATE t SET feeling = 'bad' WHERE id = 1",
        "UPDATE t SET id = 2 WHERE id = 1",
        "DELETE FROM t WHERE id = 2",
        "INSERT INTO full_row VALUES (1, NULL)",
        "UPDATE full_row SET body = 'x'",
        "DELETE FROM full_row",
        "INSERT INTO by_index VALUES (1, 'a', 'b')",
        "UPDATE by_index SET code = 'c'",
        "DELETE FROM by_index",
        "TRUNCATE t, by_index RESTART IDENTITY CASCADE",
        "SELECT pg_logical_emit_message(true, 'pre', 'transactional')",
        "SELECT pg_logical_emit_message(false, 'pre', 'at once')",
        "SELECT pg_replication_origin_create('elsewhere_" + database + "')");
    run(
        "SELECT pg_replication_origin_session_setup('elsewhere_" + database + "')",
        "BEGIN; SELECT pg_replication_origin_xact_setup('0/42', now()); INSERT INTO t VALUES (9); COMMIT",
        "SELECT pg_replication_origin_session_reset()",
        "SELECT pg_replication_origin_drop('elsewhere_" + database + "')");
    try (JdbcWalStream stream = open("odd'\"pub", Lsn.INVALID, false)) {
      List<PgOutputMessage> seen =
          new StreamReader(stream)
              .until(m -> m instanceof PgOutputMessage.Insert i && "9".equals(i.row().text(0)));

      assertThat(of(seen, PgOutputMessage.Type.class)).first().satisfies(type -> assertThat(type.name()).isEqualTo("mood"));
      assertThat(of(seen, PgOutputMessage.RelationMessage.class))
          .extracting(m -> m.relation().name() + " " + m.relation().replicaIdentity())
          .startsWith("t d", "full_row f", "by_index i");

      List<PgOutputMessage.Update> updates = of(seen, PgOutputMessage.Update.class);
      assertThat(updates.get(0).old()).isNull();
      assertThat(updates.get(0).row().isUnchanged(1)).as("TOAST value that did not change").isTrue();
      assertThat(updates.get(0).row().text(2)).isEqualTo("bad");
      assertThat(old(updates.get(1)).text(0)).isEqualTo("1");
      assertThat(updates.get(1).oldIsKey()).isTrue();
      assertThat(updates.get(2).oldIsKey()).isFalse();
      assertThat(old(updates.get(2)).isNull(1)).isTrue();
      assertThat(updates.get(3).oldIsKey()).isTrue();
      assertThat(old(updates.get(3)).text(1)).isEqualTo("a");

      List<PgOutputMessage.Delete> deletes = of(seen, PgOutputMessage.Delete.class);
      assertThat(deletes).extracting(PgOutputMessage.Delete::oldIsKey).containsExactly(true, false, true);
      assertThat(deletes.get(1).old().text(1)).isEqualTo("x");
      assertThat(of(seen, PgOutputMessage.Truncate.class))
          .singleElement()
          .satisfies(m -> {
            assertThat(m.relationOids()).hasSize(2);
            assertThat(m.cascade()).isTrue();
            assertThat(m.restartIdentity()).isTrue();
          });
      assertThat(of(seen, PgOutputMessage.Message.class))
          .extracting(PgOutputMessage.Message::transactional)
          .containsExactlyInAnyOrder(true, false);
      assertThat(of(seen, PgOutputMessage.Origin.class))
          .singleElement()
          .satisfies(m -> assertThat(m.name()).startsWith("elsewhere"));
    }
  }

  @Test
  void valuesComeInTextAsPinnedOrInBinary() {
    run(
        "CREATE TABLE t (id int PRIMARY KEY, at timestamptz, i interval, f float8, b bytea, m money)",
        "CREATE PUBLICATION pub FOR TABLE t",
        "ALTER ROLE postgres IN DATABASE " + database + " SET datestyle = 'German'",
        "ALTER DATABASE " + database + " SET extra_float_digits = -10");
    ReplicationSlot.create(server.settings(database), slot);
    run("INSERT INTO t VALUES (7, '2026-01-02 03:04:05+00', '1 day 2 hours', 0.1::float8 + 0.2, '\\x00ff', 12.5)");
    try (JdbcWalStream stream = open("pub", Lsn.INVALID, false)) {
      Tuple row = of(new StreamReader(stream).transactions(1), PgOutputMessage.Insert.class).getFirst().row();
      assertThat(row.text(1)).isEqualTo("2026-01-02 03:04:05+00");
      assertThat(row.text(2)).isEqualTo("1 day 02:00:00");
      assertThat(row.text(3)).isEqualTo("0.30000000000000004");
      assertThat(row.text(4)).isEqualTo("\\x00ff");
      assertThat(row.text(5)).isEqualTo("$12.50");
    }
    try (JdbcWalStream stream = reopen("pub", Lsn.INVALID, true)) {
      Tuple row = of(new StreamReader(stream).transactions(1), PgOutputMessage.Insert.class).getFirst().row();
      assertThat(row.kind(0)).isEqualTo(Tuple.BINARY);
      assertThat(row.value(0)).containsExactly(0, 0, 0, 7);
      assertThat(row.value(4)).containsExactly(0, 0xFF);
    }
  }

  @Test
  void interleavedTransactionsComeWholeInTheOrderOfTheirCommits() throws Exception {
    run("CREATE TABLE t (id int PRIMARY KEY)", "CREATE PUBLICATION pub FOR TABLE t");
    ReplicationSlot.create(server.settings(database), slot);
    try (Connection a = server.connect(database);
        Connection b = server.connect(database);
        Statement first = a.createStatement();
        Statement second = b.createStatement()) {
      a.setAutoCommit(false);
      b.setAutoCommit(false);
      first.execute("INSERT INTO t VALUES (1)");
      second.execute("INSERT INTO t VALUES (2)");
      first.execute("INSERT INTO t VALUES (3)");
      second.execute("INSERT INTO t VALUES (4)");
      b.commit();
      a.commit();
    }
    try (JdbcWalStream stream = open("pub", Lsn.INVALID, false)) {
      List<PgOutputMessage> seen = new StreamReader(stream).transactions(2);
      assertThat(of(seen, PgOutputMessage.Insert.class)).extracting(m -> m.row().text(0)).containsExactly("2", "4", "1", "3");
      List<PgOutputMessage.Begin> begins = of(seen, PgOutputMessage.Begin.class);
      List<PgOutputMessage.Commit> commits = of(seen, PgOutputMessage.Commit.class);
      assertThat(begins.get(0).commitLsn()).isEqualTo(commits.get(0).commitLsn()).isLessThan(begins.get(1).commitLsn());
      assertThat(commits.get(0).endLsn()).isGreaterThan(commits.get(0).commitLsn());
      assertThat(begins.get(1).commitLsn()).isGreaterThanOrEqualTo(commits.get(0).endLsn());
      stream.poll();
      assertThat(stream.receivedUpTo()).isGreaterThanOrEqualTo(commits.get(1).endLsn());
    }
  }

  @Test
  void nothingIsReleasedBeyondWhatWasToldAndTheRestComesAgain() {
    run("CREATE TABLE t (id int PRIMARY KEY)", "CREATE PUBLICATION pub FOR TABLE t");
    Lsn created = ReplicationSlot.create(server.settings(database), slot).confirmedFlush();
    run("INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)", "INSERT INTO t VALUES (3)");
    Lsn end;
    try (JdbcWalStream stream = open("pub", Lsn.INVALID, false)) {
      List<PgOutputMessage> seen = new StreamReader(stream).transactions(3);
      end = of(seen, PgOutputMessage.Commit.class).getFirst().endLsn();
      Lsn before = stream.receivedUpTo();
      // Keepalives come and go, the WAL grows, and the slot stays.
      run("CREATE TABLE unrelated AS SELECT generate_series(1, 1000)");
      stream.keepAlive();
      new StreamReader(stream).pollUntil(() -> stream.receivedUpTo().isAfter(before));
      stream.keepAlive();
      stream.poll();
      assertThat(confirmed()).isEqualTo(created);
      stream.release(end, true);
      new StreamReader(stream).pollUntil(() -> confirmed().equals(end));
      // Never backwards.
      stream.release(created, true);
      stream.keepAlive();
      new StreamReader(stream).pollUntil(() -> true);
    }
    try (JdbcWalStream stream = reopen("pub", Lsn.INVALID, false)) {
      List<PgOutputMessage> seen = new StreamReader(stream).transactions(2);
      assertThat(of(seen, PgOutputMessage.Insert.class)).extracting(m -> m.row().text(0)).containsExactly("2", "3");
      assertThat(confirmed()).isEqualTo(end);
    }
  }

  @Test
  void transactionsThatCommitBeforeTheStartAreNotSent() {
    run("CREATE TABLE t (id int PRIMARY KEY)", "CREATE PUBLICATION pub FOR TABLE t");
    ReplicationSlot.create(server.settings(database), slot);
    run("INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)");
    Lsn second;
    try (JdbcWalStream stream = open("pub", Lsn.INVALID, false)) {
      second = of(new StreamReader(stream).transactions(2), PgOutputMessage.Begin.class).get(1).commitLsn();
    }
    try (JdbcWalStream stream = reopen("pub", second, false)) {
      List<PgOutputMessage> seen = new StreamReader(stream).transactions(1);
      assertThat(of(seen, PgOutputMessage.Insert.class)).extracting(m -> m.row().text(0)).containsExactly("2");
    }
  }

  @Test
  void anIdleSourceMovesItsSlotForwardWhileAnotherDatabaseWrites() {
    run("CREATE TABLE t (id int PRIMARY KEY)", "CREATE PUBLICATION pub FOR TABLE t");
    ReplicationSlot.create(server.settings(database), slot);
    String other = Postgres.createDatabase(server);
    try (JdbcWalStream stream = open("pub", Lsn.INVALID, false)) {
      Postgres.execute(server, other, "CREATE TABLE busy AS SELECT generate_series(1, 10000)");
      Lsn now = currentLsn();
      StreamReader reader = new StreamReader(stream);
      assertThat(reader.pollUntil(() -> !stream.receivedUpTo().isBefore(now))).isEmpty();
      stream.release(stream.receivedUpTo(), true);
      reader.pollUntil(() -> !confirmed().isBefore(now));
    }
  }

  @Test
  void aSecondReaderIsToldWhoHoldsTheSlot() {
    run("CREATE PUBLICATION pub FOR ALL TABLES");
    ReplicationSlot.create(server.settings(database), slot);
    try (JdbcWalStream stream = open("pub", Lsn.INVALID, false)) {
      stream.poll();
      TransientException e =
          catchThrowableOfType(TransientException.class, () -> open("pub", Lsn.INVALID, false));
      assertThat(e.problem().code()).isEqualTo(ErrorCode.SLOT_IN_USE);
      assertThat(e.problem().why()).contains("application_name helios-repl/capture", "process ");
      TransientException dropped =
          catchThrowableOfType(TransientException.class, () -> {
            try (Connection connection = PgConnections.open(server.settings(database), "test", null)) {
              ReplicationSlot.drop(connection, slot);
            }
          });
      assertThat(dropped.problem().code()).isEqualTo(ErrorCode.SLOT_IN_USE);
    }
  }

  @Test
  void aMissingPublicationStopsTheStreamByName() {
    ReplicationSlot.create(server.settings(database), slot);
    run("CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)");
    HeliosException e =
        catchThrowableOfType(HeliosException.class, () -> {
          try (JdbcWalStream stream = open("nowhere", Lsn.INVALID, false)) {
            new StreamReader(stream).transactions(1);
          }
        });
    if (e == null) {
      throw new AssertionError("PostgreSQL took a publication that does not exist");
    }
    assertThat(e.problem().code()).isEqualTo(ErrorCode.PUBLICATION_MISSING);
    assertThat(e.problem().message()).contains("nowhere");
  }

  @Test
  void aTerminatedWalsenderIsATransientErrorAtOnce() {
    run("CREATE PUBLICATION pub FOR ALL TABLES");
    ReplicationSlot.create(server.settings(database), slot);
    try (JdbcWalStream stream = open("pub", Lsn.INVALID, false)) {
      stream.poll();
      run("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '" + slot + "'");
      TransientException e =
          catchThrowableOfType(
              TransientException.class, () -> new StreamReader(stream).pollUntil(() -> false));
      assertThat(e.problem().code()).isEqualTo(ErrorCode.STREAM_BROKEN);
    }
  }

  @Test
  void aSlotThatLostItsWalNeedsTheOperator() throws Exception {
    try (LocalPostgres small =
        Postgres.start(17, Map.of("fsync", "off", "max_slot_wal_keep_size", "1MB", "min_wal_size", "32MB",
            "max_wal_size", "32MB"))) {
      use(small);
      run("CREATE TABLE t (id int PRIMARY KEY)", "CREATE PUBLICATION pub FOR TABLE t");
      ReplicationSlot.create(server.settings(database), slot);
      for (int i = 0; i < 6; i++) {
        run("SELECT pg_logical_emit_message(false, 'fill', repeat('x', 4000000))", "SELECT pg_switch_wal()", "CHECKPOINT");
      }
      OperatorException e =
          catchThrowableOfType(OperatorException.class, () -> open("pub", Lsn.INVALID, false));
      assertThat(e.problem().code()).isEqualTo(ErrorCode.SLOT_LOST);
      dropSlot();
      use(Postgres.shared(17, "source"));
    }
  }

  @Test
  @Tag("long")
  void theStreamOutlivesWalSenderTimeoutWhileItsOwnerIsBlocked() throws Exception {
    try (LocalPostgres strict = Postgres.start(17, Map.of("fsync", "off", "wal_sender_timeout", "2s"))) {
      use(strict);
      run("CREATE TABLE t (id int PRIMARY KEY)", "CREATE PUBLICATION pub FOR TABLE t");
      ReplicationSlot.create(server.settings(database), slot);
      try (JdbcWalStream stream = open("pub", Lsn.INVALID, false)) {
        stream.poll();
        CountDownLatch stop = new CountDownLatch(1);
        Thread keeper =
            Thread.ofPlatform().start(() -> {
              try {
                while (!stop.await(500, TimeUnit.MILLISECONDS)) {
                  stream.keepAlive();
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
        // The owner is busy elsewhere: a slow disk, say. Nothing polls.
        run("INSERT INTO t SELECT generate_series(1, 200000)");
        assertThat(stop.await(5, TimeUnit.SECONDS)).isFalse();
        run("INSERT INTO t VALUES (-1)");
        List<PgOutputMessage> seen = new StreamReader(stream).transactions(2);
        stop.countDown();
        keeper.join();
        assertThat(of(seen, PgOutputMessage.Insert.class)).hasSize(200_001);
      }
      dropSlot();
      use(Postgres.shared(17, "source"));
    }
  }

  @Test
  void keepAliveFromManyThreadsDisturbsNothing() throws Exception {
    run("CREATE TABLE t (id int PRIMARY KEY, body text)", "CREATE PUBLICATION pub FOR TABLE t");
    ReplicationSlot.create(server.settings(database), slot);
    run("INSERT INTO t SELECT g, repeat('x', 500) FROM generate_series(1, 50000) g");
    try (JdbcWalStream stream = open("pub", Lsn.INVALID, false)) {
      CountDownLatch stop = new CountDownLatch(1);
      List<Thread> keepers =
          List.of(1, 2, 3).stream()
              .map(i -> Thread.ofPlatform().start(() -> {
                while (!awaited(stop)) {
                  stream.keepAlive();
                }
              }))
              .toList();
      List<PgOutputMessage> seen;
      try {
        seen = new StreamReader(stream).transactions(1);
      } finally {
        stop.countDown();
        for (Thread keeper : keepers) {
          keeper.join();
        }
      }
      assertThat(of(seen, PgOutputMessage.Insert.class)).hasSize(50_000);
    }
  }

  /** After some microseconds: a loop without a pause keeps the reader from the lock for as long as the scheduler likes. */
  private static boolean awaited(CountDownLatch latch) {
    LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(50));
    return latch.getCount() == 0;
  }

  private void run(String... statements) {
    Postgres.execute(server, database, statements);
  }

  private JdbcWalStream open(String publication, Lsn from, boolean binary) {
    return JdbcWalStream.open(server.settings(database), slot, publication, from, binary);
  }

  /** The walsender of a stream that was closed needs a moment to notice. */
  private JdbcWalStream reopen(String publication, Lsn from, boolean binary) {
    return Awaitility.await()
        .pollInterval(Duration.ofMillis(20))
        .ignoreException(TransientException.class)
        .until(() -> open(publication, from, binary), s -> true);
  }

  private Lsn confirmed() {
    try (Connection connection = PgConnections.open(server.settings(database), "test", null)) {
      return ReplicationSlot.find(connection, slot).orElseThrow().confirmedFlush();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private Lsn currentLsn() {
    try (Connection connection = server.connect(database);
        ResultSet row = connection.createStatement().executeQuery("SELECT pg_current_wal_lsn()")) {
      row.next();
      return Lsn.parse(row.getString(1));
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Tuple old(PgOutputMessage.Update update) {
    @Nullable Tuple old = update.old();
    if (old == null) {
      throw new AssertionError("no old tuple");
    }
    return old;
  }

  private static <T extends PgOutputMessage> List<T> of(List<PgOutputMessage> seen, Class<T> type) {
    return seen.stream().filter(type::isInstance).map(type::cast).toList();
  }
}
