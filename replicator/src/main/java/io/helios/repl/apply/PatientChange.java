package io.helios.repl.apply;

import io.helios.repl.postgres.SqlStates;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Changes the definition of one table that is written all the time. Who wants the table waits behind us while we wait for
 * it, so that is short, and tried again; and it is one table a transaction, so that nobody who holds another one can be
 * waiting for us, and be the one that PostgreSQL ends for the deadlock.
 */
final class PatientChange {

  private static final Duration WAIT = Duration.ofMillis(100);
  private static final Duration BETWEEN_WAITS = Duration.ofMillis(150);
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** What is done in one transaction. */
  interface Work {
    void run() throws SQLException;
  }

  private PatientChange() {}

  /**
   * Does it, as often as it takes.
   *
   * @param connection in autocommit mode
   */
  static void run(Connection connection, Work work) throws SQLException {
    long until = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        inTransaction(connection, () -> {
          try (Statement statement = connection.createStatement()) {
            statement.execute("SET LOCAL lock_timeout = " + WAIT.toMillis());
          }
          work.run();
        });
        return;
      } catch (SQLException e) {
        if (!SqlStates.isLockTrouble(e) || System.nanoTime() - until > 0) {
          throw e;
        }
        LockSupport.parkNanos(BETWEEN_WAITS.toNanos());
      }
    }
  }

  /** Once, and waiting as long as the connection does. */
  static void inTransaction(Connection connection, Work work) throws SQLException {
    connection.setAutoCommit(false);
    try {
      work.run();
      connection.commit();
    } finally {
      connection.rollback();
      connection.setAutoCommit(true);
    }
  }
}
