package io.helios.repl.tests.verify;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.change.TenantTable;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.PgOutputDecoder;
import io.helios.repl.postgres.PgOutputMessage;
import io.helios.repl.status.Verification;
import io.helios.repl.tests.copy.TwoDatabases;
import io.helios.repl.verify.HoldPoint;
import io.helios.repl.verify.TenantVerifier;
import io.helios.repl.verify.VerifySettings;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;

/** Both sides change all the time, and are yet compared at one point. */
class LiveVerificationTest {

  @Test
  void bothSidesAreEqualAtThePointWhileTheSourceIsWrittenToAndTheApplierFollows() throws Exception {
    TwoDatabases two = TwoDatabases.of(17, 18);
    two.atBoth("CREATE TABLE t (id int PRIMARY KEY, v text)");
    two.atSource("CREATE PUBLICATION p FOR TABLE t", "SELECT pg_create_logical_replication_slot('live', 'pgoutput')");
    AtomicBoolean stop = new AtomicBoolean();
    try (ToyApplier applier = new ToyApplier(two)) {
      CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> write(two, applier.lead, stop), TwoDatabases.ASIDE);
      CompletableFuture<Void> applying = CompletableFuture.runAsync(() -> applier.run(stop), TwoDatabases.ASIDE);
      List<TenantTable> tables = two.byDatabase();
      Lsn before = Lsn.INVALID;
      for (int i = 0; i < 5; i++) {
        Verification found =
            new TenantVerifier(two.snapshots(), two.target(), "acme", tables, applier, VerifySettings.DEFAULT).run();
        assertThat(found.equal()).as("%s", found).isTrue();
        assertThat(found.lsn()).isGreaterThan(before);
        before = found.lsn();
      }
      two.atTarget("UPDATE t SET v = 'wrong' WHERE id = 1");
      Verification found =
          new TenantVerifier(two.snapshots(), two.target(), "acme", tables, applier, VerifySettings.DEFAULT).run();
      assertThat(found.tables().getFirst().differing()).isEqualTo(1);
      assertThat(found.tables().getFirst().sourceRows()).isEqualTo(found.tables().getFirst().targetRows());
      stop.set(true);
      applier.lead.release(3);
      writing.join();
      applying.join();
    } finally {
      two.atSource("SELECT pg_drop_replication_slot('live')");
    }
  }

  private static void write(TwoDatabases two, Semaphore lead, AtomicBoolean stop) {
    try (Connection connection = two.connectSource()) {
      connection.setAutoCommit(false);
      PreparedStatement insert = connection.prepareStatement("INSERT INTO t VALUES (?, repeat('x', 20))");
      for (int id = 0; !stop.get(); id += 3) {
        lead.acquire(3);
        for (int row = id; row < id + 3; row++) {
          insert.setInt(1, row);
          insert.execute();
        }
        connection.commit();
      }
    } catch (SQLException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Applies inserts as they were committed, transaction by transaction; one thread, commanded by another. */
  private static final class ToyApplier implements HoldPoint, AutoCloseable {

    private record Transaction(Lsn commitLsn, List<Integer> ids) {}

    private static final Lsn NO_LIMIT = new Lsn(-1);

    /** Rows that the source may be ahead. */
    final Semaphore lead = new Semaphore(600);

    private final ReentrantLock lock = new ReentrantLock(true);
    private final Connection source;
    private final Connection target;
    private final Deque<Transaction> fetched = new ArrayDeque<>();
    private final PgOutputDecoder decoder = new PgOutputDecoder();
    private Lsn limit = NO_LIMIT;
    private Lsn applied = Lsn.INVALID;
    private Lsn fetchedUpTo = Lsn.INVALID;

    ToyApplier(TwoDatabases two) throws SQLException {
      source = two.connectSource();
      target = two.connectTarget();
      target.setAutoCommit(false);
    }

    void run(AtomicBoolean stop) {
      while (!stop.get()) {
        step();
      }
    }

    private void step() {
      lock.lock();
      try {
        if (fetched.isEmpty()) {
          fetch();
        }
        Transaction next = fetched.peek();
        if (next == null || !next.commitLsn().isBefore(limit)) {
          return;
        }
        try (PreparedStatement insert = target.prepareStatement("INSERT INTO t VALUES (?, repeat('x', 20))")) {
          for (int id : next.ids()) {
            insert.setInt(1, id);
            insert.execute();
          }
        }
        target.commit();
        applied = next.commitLsn();
        fetched.remove();
        lead.release(next.ids().size());
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      } finally {
        lock.unlock();
      }
    }

    private void fetch() throws SQLException {
      Lsn flushed = Lsn.parse(TwoDatabases.rows(source, "SELECT pg_current_wal_flush_lsn()").getFirst());
      try (ResultSet row = source
          .createStatement()
          .executeQuery("SELECT data FROM pg_logical_slot_get_binary_changes('live', '" + flushed
              + "', NULL, 'proto_version', '1', 'publication_names', 'p')")) {
        while (row.next()) {
          switch (decoder.decode(ByteBuffer.wrap(row.getBytes(1)))) {
            case PgOutputMessage.Begin begin -> fetched.add(new Transaction(begin.commitLsn(), new ArrayList<>()));
            case PgOutputMessage.Insert insert -> fetched.getLast().ids().add(Integer.valueOf("" + insert.row().text(0)));
            default -> {
              // Relations and commits.
            }
          }
        }
      }
      fetchedUpTo = flushed;
    }

    @Override
    public void holdAt(Lsn at) {
      lock.lock();
      try {
        limit = at;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public Standing await(Duration patience) {
      long deadline = System.nanoTime() + patience.toNanos();
      while (true) {
        lock.lock();
        try {
          Standing standing = standing();
          if (standing != Standing.BEFORE || System.nanoTime() - deadline >= 0) {
            return standing;
          }
        } finally {
          lock.unlock();
        }
      }
    }

    private Standing standing() {
      if (!applied.isBefore(limit)) {
        return Standing.PAST;
      }
      Transaction next = fetched.peek();
      boolean nothingBefore = next == null ? !fetchedUpTo.isBefore(limit) : !next.commitLsn().isBefore(limit);
      return nothingBefore ? Standing.AT : Standing.BEFORE;
    }

    @Override
    public void release() {
      holdAt(NO_LIMIT);
    }

    @Override
    public void close() throws SQLException {
      source.close();
      target.close();
    }
  }
}
