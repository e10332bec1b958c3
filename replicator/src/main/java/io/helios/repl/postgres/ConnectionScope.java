package io.helios.repl.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import org.postgresql.PGConnection;

/**
 * The connections of one piece of work, so that any thread can break it off at any time: whoever waits for a server then
 * gets an error at once. What is still open is closed with the scope. Any thread.
 */
public final class ConnectionScope implements AutoCloseable {

  private final Set<Connection> open = new LinkedHashSet<>();
  private boolean brokenOff;
  private boolean cancelled;

  /** Opens a connection that belongs to the scope. Throws {@link CancellationException} once it is broken off. */
  public Connection open(Supplier<Connection> connecting) {
    check();
    Connection connection = connecting.get();
    synchronized (this) {
      if (!brokenOff) {
        open.add(connection);
        return connection;
      }
    }
    closeQuietly(connection);
    throw new CancellationException();
  }

  /** Closes one of them before the others. */
  public void close(Connection connection) {
    synchronized (this) {
      open.remove(connection);
    }
    closeQuietly(connection);
  }

  /** Breaks the work off because somebody wants it so: {@link #isCancelled} then tells why it failed. Does not wait. */
  public void cancel() {
    synchronized (this) {
      cancelled = true;
    }
    breakOff();
  }

  /**
   * Breaks the work off: every server is asked to stop what it does for us (one that waits for a lock does not notice a
   * closed socket) and every socket is closed; sessions that do not notice are ended there. Does not wait.
   */
  public void breakOff() {
    List<Connection> all;
    synchronized (this) {
      brokenOff = true;
      all = List.copyOf(open);
      open.clear();
    }
    for (Connection connection : all) {
      Thread.ofVirtual().name("cancel").start(() -> {
        try {
          connection.unwrap(PGConnection.class).cancelQuery();
        } catch (SQLException e) {
          // The server is out of reach, or the connection is closed: then there is nothing to stop.
        }
        try {
          connection.abort(Runnable::run);
        } catch (SQLException e) {
          // Closed already.
        }
        PgConnections.leave(connection);
      });
    }
  }

  /** Whether {@link #cancel} was called. */
  public synchronized boolean isCancelled() {
    return cancelled;
  }

  /** Throws {@link CancellationException} once the work is broken off. */
  public synchronized void check() {
    if (brokenOff) {
      throw new CancellationException();
    }
  }

  @Override
  public void close() {
    List<Connection> all;
    synchronized (this) {
      all = List.copyOf(open);
      open.clear();
    }
    all.forEach(ConnectionScope::closeQuietly);
  }

  private static void closeQuietly(Connection connection) {
    try {
      connection.close();
    } catch (SQLException e) {
      // It is of no use any more in any case.
    }
  }
}
