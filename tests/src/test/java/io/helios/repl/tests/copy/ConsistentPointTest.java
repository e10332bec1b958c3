package io.helios.repl.tests.copy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.postgres.ConnectionScope;
import io.helios.repl.postgres.ExportedSnapshot;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.PgOutputDecoder;
import io.helios.repl.postgres.PgOutputMessage;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A transaction is in the copy if and only if its commit LSN is before C; the stream brings the others. */
class ConsistentPointTest {

  private static final String SLOT_OPEN =
      "SELECT 1 FROM pg_replication_slots WHERE database = current_database() AND temporary";

  @Test
  void neighboursOfThePointFallOnTheirSides() throws Exception {
    try (Watched watched = new Watched(TwoDatabases.of(17));
        ConnectionScope scope = new ConnectionScope()) {
      watched.two.atSource("INSERT INTO t VALUES (1)");
      ExportedSnapshot snapshot = watched.snapshot(scope);
      watched.two.atSource("INSERT INTO t VALUES (2)");

      assertThat(watched.idsIn(snapshot)).containsExactly(1);
      Map<Integer, Lsn> commits = watched.commits();
      assertThat(commits.get(1)).isLessThan(snapshot.point());
      assertThat(commits.get(2)).isGreaterThanOrEqualTo(snapshot.point());
    }
  }

  @Test
  void aTransactionThatTheSnapshotWaitedForIsInTheCopyAndOneThatOutlivesItIsNot() throws Exception {
    try (Watched watched = new Watched(TwoDatabases.of(17));
        ConnectionScope scope = new ConnectionScope();
        Connection first = watched.two.connectSource();
        Connection second = watched.two.connectSource();
        Connection third = watched.two.connectSource()) {
      begin(first, "INSERT INTO t VALUES (1)");
      CompletableFuture<ExportedSnapshot> taking = CompletableFuture.supplyAsync(() -> watched.snapshot(scope), TwoDatabases.ASIDE);
      awaitWaitingFor(watched.two, first);
      begin(second, "INSERT INTO t VALUES (2)"); // opened while the snapshot waits for the first
      first.commit();
      awaitWaitingFor(watched.two, second);
      begin(third, "INSERT INTO t VALUES (3)"); // opened while it waits for the second, open when the point is found
      second.commit();
      ExportedSnapshot snapshot = taking.join();
      third.commit();

      assertThat(watched.idsIn(snapshot)).containsExactly(1, 2);
      Map<Integer, Lsn> commits = watched.commits();
      assertThat(commits.get(1)).isLessThan(snapshot.point());
      assertThat(commits.get(2)).isLessThan(snapshot.point());
      assertThat(commits.get(3)).isGreaterThanOrEqualTo(snapshot.point());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 17, 18})
  void commitsThatRaceWithTheSnapshotAreInItExactlyWhenTheirCommitIsBeforeThePoint(int major) throws Exception {
    try (Watched watched = new Watched(TwoDatabases.of(major, 17))) {
      AtomicBoolean stop = new AtomicBoolean();
      List<CompletableFuture<Void>> writers = IntStream.range(0, 4)
          .mapToObj(writer -> CompletableFuture.runAsync(() -> watched.write(writer, stop), TwoDatabases.ASIDE))
          .toList();
      Map<Lsn, Set<Integer>> seen = new HashMap<>();
      for (int i = 0; i < 15; i++) {
        try (ConnectionScope scope = new ConnectionScope()) {
          ExportedSnapshot snapshot = watched.snapshot(scope);
          seen.put(snapshot.point(), watched.idsIn(snapshot));
        }
      }
      stop.set(true);
      writers.forEach(CompletableFuture::join);

      Map<Integer, Lsn> commits = watched.commits();
      assertThat(commits).hasSizeGreaterThan(100);
      seen.forEach((point, ids) -> assertThat(ids)
          .isEqualTo(commits.entrySet().stream()
              .filter(commit -> commit.getValue().isBefore(point))
              .map(Map.Entry::getKey)
              .collect(Collectors.toCollection(TreeSet::new))));
    }
  }

  @Test
  void theSlotIsGoneBeforeAnybodyReadsAndLaterSessionsStillSeeTheSamePoint() throws Exception {
    try (Watched watched = new Watched(TwoDatabases.of(17));
        ConnectionScope scope = new ConnectionScope()) {
      watched.two.atSource("INSERT INTO t VALUES (1)");
      ExportedSnapshot snapshot = watched.snapshot(scope);
      await().until(() -> watched.two.sourceRows(SLOT_OPEN).isEmpty());
      watched.two.atSource("INSERT INTO t VALUES (2)", "DELETE FROM t WHERE id = 1");
      Connection later = snapshot.open();
      assertThat(TwoDatabases.rows(later, "SELECT id FROM public.t")).containsExactly("1");
    }
  }

  private static void begin(Connection connection, String sql) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Until the session that makes the slot waits for this one's transaction. */
  private static void awaitWaitingFor(TwoDatabases two, Connection open) throws SQLException {
    String pid = TwoDatabases.rows(open, "SELECT pg_backend_pid()").getFirst();
    await().until(() -> !two.sourceRows("SELECT 1 FROM pg_stat_activity WHERE backend_type = 'walsender' AND " + pid
            + " = ANY (pg_blocking_pids(pid))")
        .isEmpty());
  }

  /** A table whose every commit is known by a permanent slot made beforehand. */
  private static final class Watched implements AutoCloseable {

    final TwoDatabases two;
    private final String slot;

    Watched(TwoDatabases two) {
      this.two = two;
      this.slot = "watch_" + two.sourceDatabase;
      two.atSource(
          "CREATE TABLE t (id int PRIMARY KEY)",
          "CREATE PUBLICATION p FOR TABLE t",
          "SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
    }

    ExportedSnapshot snapshot(ConnectionScope scope) {
      try {
        return ExportedSnapshot.atConsistentPoint(scope, two.source(), "copy", "acme", two.catalog());
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }

    Set<Integer> idsIn(ExportedSnapshot snapshot) throws SQLException {
      return TwoDatabases.rows(snapshot.anchor(), "SELECT id FROM public.t").stream()
          .map(Integer::valueOf)
          .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Transactions of one to three rows, some rolled back, as fast as they go. */
    void write(int writer, AtomicBoolean stop) {
      try (Connection connection = two.connectSource();
          Statement statement = connection.createStatement()) {
        connection.setAutoCommit(false);
        for (int i = 0; !stop.get(); i++) {
          for (int row = 0; row <= i % 3; row++) {
            statement.execute("INSERT INTO t VALUES (" + (writer * 10_000_000 + i * 10 + row) + ")");
          }
          if (i % 5 == 4) {
            connection.rollback();
          } else {
            connection.commit();
          }
        }
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }

    /** The commit LSN of each row ever committed. */
    Map<Integer, Lsn> commits() throws SQLException {
      // Decoding sees what is flushed, and this server may commit without flushing.
      two.atSource("SET synchronous_commit = on", "SELECT pg_logical_emit_message(true, 'flush', '')");
      PgOutputDecoder decoder = new PgOutputDecoder();
      Map<Integer, Lsn> commits = new HashMap<>();
      List<Lsn> current = new ArrayList<>(List.of(Lsn.INVALID));
      try (Connection connection = two.connectSource();
          ResultSet row = connection.createStatement().executeQuery("SELECT data FROM pg_logical_slot_peek_binary_changes('"
              + slot + "', NULL, NULL, 'proto_version', '1', 'publication_names', 'p')")) {
        while (row.next()) {
          switch (decoder.decode(ByteBuffer.wrap(row.getBytes(1)))) {
            case PgOutputMessage.Begin begin -> current.set(0, begin.commitLsn());
            case PgOutputMessage.Insert insert -> commits.put(
                Integer.valueOf(String.valueOf(insert.row().text(0))), current.getFirst());
            default -> {
              // Relations and commits.
            }
          }
        }
      }
      return commits;
    }

    @Override
    public void close() {
      two.atSource("SELECT pg_drop_replication_slot('" + slot + "')");
    }
  }
}
