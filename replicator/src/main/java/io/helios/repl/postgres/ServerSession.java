package io.helios.repl.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * A session of ours as the server knows it, so that another one can ask about it.
 *
 * @param startedMicros microseconds since 1970 at the server: a process number is given again
 */
record ServerSession(int pid, long startedMicros) {

  /** What one is to be asked for to be found again; stands in a list of columns. */
  static final String COLUMNS =
      """
      pg_catalog.pg_backend_pid() AS pid,
      (SELECT (pg_catalog.date_part('epoch', a.backend_start) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8
         FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) AS a) AS started""";

  private static final String MINE =
      """
       FROM pg_catalog.pg_stat_activity AS a
      WHERE a.pid OPERATOR(pg_catalog.=) ?
        AND (pg_catalog.date_part('epoch', a.backend_start) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8
            OPERATOR(pg_catalog.=) ?""";

  /** What a session does. */
  enum Doing {
    /** It runs a statement, or waits for a lock, a disk, another session. */
    WORKS,
    /** It waits for us to send, or to read (PostgreSQL: wait events ClientRead and ClientWrite). */
    WAITS_FOR_US,
    /** It is not there any more. */
    ENDED
  }

  /** Asks over another connection. */
  Doing look(Connection other) throws SQLException {
    try (PreparedStatement query = bound(other,
            "SELECT coalesce(a.wait_event OPERATOR(pg_catalog.=) ANY ('{ClientRead,ClientWrite}'::pg_catalog.text[]), false)"
                + MINE);
        ResultSet row = query.executeQuery()) {
      return !row.next() ? Doing.ENDED : row.getBoolean(1) ? Doing.WAITS_FOR_US : Doing.WORKS;
    }
  }

  /** Ends it, over another connection of the same role. */
  void end(Connection other) throws SQLException {
    try (PreparedStatement query = bound(other, "SELECT pg_catalog.pg_terminate_backend(a.pid)" + MINE);
        ResultSet row = query.executeQuery()) {
      row.next();
    }
  }

  private PreparedStatement bound(Connection other, String sql) throws SQLException {
    PreparedStatement query = other.prepareStatement(sql);
    query.setInt(1, pid);
    query.setLong(2, startedMicros);
    return query;
  }
}
