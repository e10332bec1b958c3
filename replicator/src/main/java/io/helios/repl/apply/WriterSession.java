package io.helios.repl.apply;

import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;

/** What every session has in common that writes as a replica. */
final class WriterSession {

  /** Whose transaction idles for so long, or does not confirm what the server sent, is gone. */
  private static final Duration GONE = Duration.ofMinutes(1);

  private WriterSession() {}

  /**
   * Triggers, foreign keys and the guard are off for the session. It waits no longer than told for a lock, and holds its own
   * no longer than it takes the server to see that we are gone.
   */
  static void pin(Statement statement, Duration lockPatience) throws SQLException {
    statement.execute("SET session_replication_role = replica");
    statement.execute("SET lock_timeout = " + lockPatience.toMillis());
    statement.execute("SET tcp_user_timeout = " + GONE.toMillis());
    statement.execute("SET idle_in_transaction_session_timeout = " + GONE.toMillis());
  }
}
