package io.helios.repl.postgres;

import io.helios.repl.error.ErrorCode;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Which server a source is, and where its WAL stands (PostgreSQL: replication command {@code IDENTIFY_SYSTEM}).
 *
 * @param systemIdentifier made by initdb, 64 bits, unsigned; a standby that is promoted keeps it
 * @param timeline one more after each promotion
 * @param currentLsn how far its WAL was flushed when asked
 */
public record SourceIdentity(long systemIdentifier, int timeline, String database, Lsn currentLsn) {

  private static final String IN_SQL =
      """
      SELECT (SELECT system_identifier FROM pg_catalog.pg_control_system()),
        CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN
          pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 1, 8) END,
        (SELECT timeline_id FROM pg_catalog.pg_control_checkpoint()),
        pg_catalog.current_database(),
        (CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
          ELSE pg_catalog.pg_current_wal_insert_lsn() END)::pg_catalog.text""";

  /** Asks over a replication connection of its own. */
  public static SourceIdentity read(ConnectionSettings settings) {
    try (Connection connection = PgConnections.openReplication(settings, "identify")) {
      return read(connection);
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  /** @param replication from {@link PgConnections#openReplication} */
  public static SourceIdentity read(Connection replication) {
    try (Statement statement = replication.createStatement();
        ResultSet row = statement.executeQuery("IDENTIFY_SYSTEM")) {
      row.next();
      return new SourceIdentity(
          Long.parseUnsignedLong(row.getString("systemid")),
          row.getInt("timeline"),
          row.getString("dbname"),
          Lsn.parse(row.getString("xlogpos")));
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  /**
   * Asks in SQL, which needs no right ({@code pg_control_system} and {@code pg_control_checkpoint} are everybody's). A standby
   * tells the timeline of its last restart point.
   *
   * @param connection an ordinary one
   */
  public static SourceIdentity readInSql(Connection connection) {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(IN_SQL)) {
      row.next();
      return new SourceIdentity(
          row.getLong(1),
          row.getString(2) == null ? row.getInt(3) : Integer.parseUnsignedInt(row.getString(2), 16),
          row.getString(4),
          Lsn.parse(row.getString(5)));
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  /** How far the server's WAL is flushed; on a standby, how far it is replayed. Needs no right. */
  public static Lsn walEnd(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT (CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()"
                    + " ELSE pg_catalog.pg_current_wal_flush_lsn() END)::pg_catalog.text")) {
      row.next();
      String end = row.getString(1);
      return end == null ? Lsn.INVALID : Lsn.parse(end);
    }
  }

  private static RuntimeException failed(SQLException e) {
    return SqlStates.classify(
        e, ErrorCode.SOURCE_QUERY_FAILED, "the source does not say which server it is", "helios-repl source check NAME");
  }
}
