package io.helios.repl.pipeline;

import io.helios.repl.error.HeliosException;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.PgConnections;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the sessions that one of ours waits for, when it has waited for a while: an applier that hangs in a transaction, or
 * sleeps, must not hold up the promotion of its tenant, and is not to commit any more. A passing thread looks, over a
 * connection of its own; what it may not end is left, and the wait ends by its lock_timeout.
 */
final class WaitBreaker implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(WaitBreaker.class);
  private static final Duration TURN = Duration.ofMillis(200);

  private final ConnectionSettings settings;
  private final int waiting;
  private final String tenant;
  private final CountDownLatch over = new CountDownLatch(1);

  private WaitBreaker(ConnectionSettings settings, int waiting, String tenant) {
    this.settings = settings;
    this.waiting = waiting;
    this.tenant = tenant;
  }

  /**
   * Begins to look after {@code patience}, until it is closed.
   *
   * @param connection the session that may have to wait
   */
  static WaitBreaker watch(ConnectionSettings settings, Connection connection, String tenant, Duration patience)
      throws SQLException {
    int pid;
    try (PreparedStatement query = connection.prepareStatement("SELECT pg_catalog.pg_backend_pid()");
        ResultSet row = query.executeQuery()) {
      row.next();
      pid = row.getInt(1);
    }
    WaitBreaker breaker = new WaitBreaker(settings, pid, tenant);
    Thread.ofVirtual().name("helios-breaker").start(() -> breaker.run(patience));
    return breaker;
  }

  private void run(Duration patience) {
    try {
      if (over.await(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        return;
      }
      try (Connection connection = PgConnections.open(settings, "evict", tenant)) {
        do {
          end(connection);
        } while (!over.await(TURN.toNanos(), TimeUnit.NANOSECONDS));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (SQLException | HeliosException e) {
      LOG.warn("tenant {}: sessions that hold its row cannot be ended", tenant, e);
    }
  }

  private void end(Connection connection) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(
        "SELECT b.pid, pg_catalog.pg_terminate_backend(b.pid) FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids(?)) AS b (pid)"
            + " WHERE b.pid > 0")) { // 0 is a prepared transaction
      query.setInt(1, waiting);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          LOG.warn("tenant {}: session {} held its row and was ended", tenant, row.getInt(1));
        }
      }
    }
  }

  @Override
  public void close() {
    over.countDown();
  }
}
