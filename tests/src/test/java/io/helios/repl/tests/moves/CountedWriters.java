package io.helios.repl.tests.moves;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.tests.fixture.Database;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Clients of one tenant that write all the time, whatever dies: each write takes the next number of the tenant's one counter
 * and leaves a row with it. So what was told to them is a history that tells whether there was one home at every moment: two
 * would have given a number twice, and one that lost something would have given it again. Who does not learn what became of
 * a write does not try it again.
 */
final class CountedWriters implements AutoCloseable {

  /** A write that a client was told is committed, and when it began and was told, on {@link System#nanoTime}. */
  private record Told(int client, long number, long count, long began, long ended) {
    String row() {
      return client + "|" + number + "|" + count;
    }
  }

  private static final long REST_NANOS = 20_000_000;
  private static final long AFTER_TROUBLE_NANOS = 50_000_000;

  private final String tenant;
  private final List<Database> homes;
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicBoolean stop = new AtomicBoolean();
  private final ConcurrentLinkedQueue<Told> told = new ConcurrentLinkedQueue<>();
  private final AtomicInteger unknown = new AtomicInteger();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();

  /** @param homes the tenant's first home, and then the other one */
  CountedWriters(String tenant, List<Database> homes, int clients) {
    this.tenant = tenant;
    this.homes = homes;
    homes.getFirst().execute("INSERT INTO totals VALUES ('" + tenant + "', 0)");
    for (int i = 0; i < clients; i++) {
      int client = i;
      threads.add(Thread.ofPlatform().name("writer-" + tenant + "-" + i).start(() -> run(client)));
    }
  }

  /** What the tests need at the first home. */
  static void tables(Database home) {
    home.execute(
        "CREATE TABLE totals (tenant_id text PRIMARY KEY, n bigint NOT NULL)",
        "CREATE TABLE writes (tenant_id text, id bigserial, client int, number bigint, n bigint, PRIMARY KEY (tenant_id, id))");
  }

  private void run(int client) {
    int at = 0;
    @Nullable Connection connection = null;
    try {
      for (long number = 1; !stop.get(); number++) {
        try {
          if (connection == null) {
            connection = homes.get(at).connect();
            connection.setAutoCommit(false);
          }
          write(connection, client, number);
          LockSupport.parkNanos(REST_NANOS);
        } catch (SQLException e) {
          at = "25006".equals(e.getSQLState()) ? 1 - at : at;
          close(connection);
          connection = null;
          LockSupport.parkNanos(AFTER_TROUBLE_NANOS); // it is down, or about to be the home, or about to be none
        }
      }
    } catch (Throwable e) {
      failure.compareAndSet(null, e);
    } finally {
      close(connection);
    }
  }

  private void write(Connection connection, int client, long number) throws SQLException {
    long began = System.nanoTime();
    long count;
    try (PreparedStatement next =
            connection.prepareStatement("UPDATE totals SET n = n + 1 WHERE tenant_id = ? RETURNING n");
        PreparedStatement insert =
            connection.prepareStatement("INSERT INTO writes (tenant_id, client, number, n) VALUES (?, ?, ?, ?)")) {
      next.setString(1, tenant);
      try (ResultSet row = next.executeQuery()) {
        if (!row.next()) {
          throw new IllegalStateException("tenant " + tenant + " may be written where it is not");
        }
        count = row.getLong(1);
      }
      insert.setString(1, tenant);
      insert.setInt(2, client);
      insert.setLong(3, number);
      insert.setLong(4, count);
      insert.executeUpdate();
    }
    try {
      connection.commit();
    } catch (SQLException e) {
      unknown.incrementAndGet();
      throw e;
    }
    told.add(new Told(client, number, count, began, System.nanoTime()));
  }

  /** What cannot be closed is dead already. */
  private static void close(@Nullable Connection connection) {
    try {
      if (connection != null) {
        connection.close();
      }
    } catch (SQLException dead) {
      assertThat(dead.getSQLState()).startsWith("08");
    }
  }

  /** How many were told that they are committed; throws what a writer has failed with. */
  int written() {
    Throwable failed = failure.get();
    if (failed != null) {
      throw new AssertionError("a writer failed", failed);
    }
    return told.size();
  }

  /** Ends the writers; then their history is what one home after the other has, and {@code home} has all of it. */
  void check(Database home, String what) throws InterruptedException {
    close();
    written();
    List<Told> history = told.stream().sorted(Comparator.comparingLong(Told::count)).toList();
    long earliestEnd = Long.MAX_VALUE;
    for (int i = history.size() - 1; i >= 0; i--) {
      Told one = history.get(i);
      assertThat(one.began()).as("%s: %s was told before what it follows had begun", what, one).isLessThanOrEqualTo(earliestEnd);
      earliestEnd = Math.min(earliestEnd, one.ended());
      if (i > 0) {
        assertThat(one.count()).as("%s: one number was given to two writers: %s", what, one).isGreaterThan(history.get(i - 1).count());
      }
    }
    Map<String, Integer> there = new HashMap<>();
    home.query("SELECT client, number, n FROM writes WHERE tenant_id = '" + tenant + "'").forEach(row -> there.merge(row, 1, Integer::sum));
    assertThat(there.values()).as("%s: each write is there once", what).containsOnly(1);
    assertThat(history.stream().map(Told::row).filter(row -> !there.containsKey(row))).as("%s: told, and lost", what).isEmpty();
    assertThat(there.size() - history.size()).as("%s: committed, and not told", what).isBetween(0, unknown.get());
    assertThat(home.value("SELECT n FROM totals WHERE tenant_id = '" + tenant + "'")).as(what).isEqualTo(String.valueOf(there.size()));
  }

  @Override
  public void close() throws InterruptedException {
    stop.set(true);
    for (Thread thread : threads) {
      thread.join();
    }
  }
}
