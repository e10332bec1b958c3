package io.helios.repl.apply;

import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;

/** What every session has in common that writes as a replica. */
final class WriterSession {

  /** What the server sent and we did not confirm for so long will not arrive any more. */
  private static final Duration UNCONFIRMED = Duration.ofMinutes(1);

  private WriterSession() {}

  /**
   * Triggers, foreign keys and the guard are off for the session. It waits no longer than told for a lock, and holds its own
   * no longer than it takes the server to see that we are gone: that no answer of it arrives, here; that it idles in a
   * transaction, in {@link io.helios.repl.postgres.SessionSettings}.
   */
  static void pin(Statement statement, Duration lockPatience) throws SQLException {
    statement.execute("SET session_replication_role = replica");
    statement.execute("SET lock_timeout = " + lockPatience.toMillis());
    statement.execute("SET tcp_user_timeout = " + UNCONFIRMED.toMillis());
  }
}
