package io.helios.repl.postgres;

import io.helios.repl.error.ErrorCode;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * A point of the WAL that everything committed so far stands before, and that the stream is sure to reach soon.
 *
 * <p>No function that tells a current LSN gives both: {@code pg_current_wal_lsn} is behind commits that are not written
 * yet (synchronous_commit off), and {@code pg_current_wal_insert_lsn} may point past a page header that no record has
 * followed, or past records that nobody flushes, and then it is never reached. So a small transaction of our own is
 * committed, and flushed, with a logical message in it.
 */
public final class WalBarrier {

  private WalBarrier() {}

  /**
   * @param connection an ordinary one from {@link PgConnections}, in autocommit; on a standby, where nothing can be
   *     written, the position is the one up to which it has replayed
   */
  public static Lsn mark(Connection connection) {
    try (Statement statement = connection.createStatement()) {
      boolean standby;
      try (ResultSet row = statement.executeQuery("SELECT pg_catalog.pg_is_in_recovery()")) {
        row.next();
        standby = row.getBoolean(1);
      }
      String sql = "SELECT pg_catalog.pg_last_wal_replay_lsn()";
      if (!standby) {
        // Flushed here, without waiting for anybody's standby.
        statement.execute("SET synchronous_commit = 'local'");
        sql = "SELECT pg_catalog.pg_logical_emit_message(true, 'helios-repl', 'barrier')";
      }
      try (ResultSet row = statement.executeQuery(sql)) {
        row.next();
        return Lsn.parse(row.getString(1));
      }
    } catch (SQLException e) {
      throw SqlStates.classify(
          e, ErrorCode.SOURCE_QUERY_FAILED, "the source's position cannot be marked", "helios-repl source check NAME");
    }
  }
}
