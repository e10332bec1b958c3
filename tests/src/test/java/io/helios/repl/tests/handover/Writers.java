package io.helios.repl.tests.handover;

import io.helios.repl.tests.fixture.Database;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Clients of one tenant that write all the time, each with its own connection to where it believes the tenant to be; who is
 * refused with 25006 tries the other place. Each notes what was acknowledged to it, and how long its slowest write took.
 * A write is a row of its own and one step of the client's counter, in one transaction.
 */
public final class Writers implements AutoCloseable {

  /** A write that a client was told is committed. */
  public record Acknowledged(int client, long number, String at) {}

  private final List<Thread> threads = new ArrayList<>();
  private final AtomicBoolean stop = new AtomicBoolean();
  private final ConcurrentLinkedQueue<Acknowledged> acknowledged = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Long> nanos = new ConcurrentLinkedQueue<>();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final String tenant;
  private final List<Database> homes;
  private final long restNanos;

  /** @param perSecond of all clients together */
  public Writers(String tenant, List<Database> homes, int clients, int perSecond) {
    this.tenant = tenant;
    this.homes = homes;
    this.restNanos = 1_000_000_000L * clients / perSecond;
    homes.getFirst().execute(
        "INSERT INTO counters (tenant_id, client, n) SELECT '" + tenant + "', g, 0 FROM generate_series(0, "
            + (clients - 1) + ") g");
    for (int i = 0; i < clients; i++) {
      int client = i;
      threads.add(Thread.ofPlatform().name("writer-" + tenant + "-" + i).start(() -> write(client)));
    }
  }

  private void write(int client) {
    int at = 0;
    @Nullable Connection connection = null;
    try {
      for (long number = 1; !stop.get(); number++) {
        long begun = System.nanoTime();
        while (true) {
          try {
            if (connection == null) {
              connection = homes.get(at).connect();
              connection.setAutoCommit(false);
            }
            step(connection, client, number);
            break;
          } catch (SQLException e) {
            if (!"25006".equals(e.getSQLState())) {
              throw e;
            }
            connection.close();
            connection = null;
            at = 1 - at;
          }
        }
        long took = System.nanoTime() - begun;
        acknowledged.add(new Acknowledged(client, number, homes.get(at).name()));
        nanos.add(took);
        LockSupport.parkNanos(Math.max(0, restNanos - took));
      }
    } catch (Throwable e) {
      failure.compareAndSet(null, e);
    } finally {
      close(connection);
    }
  }

  private static void close(@Nullable Connection connection) {
    try {
      if (connection != null) {
        connection.close();
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The counter must be where this client left it: a write that was lost, or is there twice, shows at once. */
  private void step(Connection connection, int client, long number) throws SQLException {
    try (PreparedStatement update =
            connection.prepareStatement("UPDATE counters SET n = n + 1 WHERE tenant_id = ? AND client = ? RETURNING n");
        PreparedStatement insert =
            connection.prepareStatement("INSERT INTO writes (tenant_id, client, number) VALUES (?, ?, ?)")) {
      update.setString(1, tenant);
      update.setInt(2, client);
      try (ResultSet row = update.executeQuery()) {
        if (!row.next() || row.getLong(1) != number) {
          throw new IllegalStateException("client " + client + " finds its counter at " + row.getLong(1) + " instead of " + number);
        }
      }
      insert.setString(1, tenant);
      insert.setInt(2, client);
      insert.setLong(3, number);
      insert.executeUpdate();
      connection.commit();
    } catch (SQLException e) {
      connection.rollback();
      throw e;
    }
  }

  /** Of each write since this was called last, in no order. */
  public List<Long> takeNanos() {
    List<Long> taken = new ArrayList<>();
    for (Long next = nanos.poll(); next != null; next = nanos.poll()) {
      taken.add(next);
    }
    return taken;
  }

  /** How many were acknowledged; throws what a writer has failed with. */
  public int written() {
    Throwable failed = failure.get();
    if (failed != null) {
      throw new AssertionError("a writer failed", failed);
    }
    return acknowledged.size();
  }

  /** Stops them, and returns what was acknowledged. */
  public List<Acknowledged> stop() throws InterruptedException {
    stop.set(true);
    for (Thread thread : threads) {
      thread.join();
    }
    Throwable failed = failure.get();
    if (failed != null) {
      throw new AssertionError("a writer failed", failed);
    }
    return List.copyOf(acknowledged);
  }

  @Override
  public void close() throws InterruptedException {
    stop.set(true);
    for (Thread thread : threads) {
      thread.join();
    }
  }
}
