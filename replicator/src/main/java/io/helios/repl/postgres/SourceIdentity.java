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

  private static RuntimeException failed(SQLException e) {
    return SqlStates.classify(
        e, ErrorCode.SOURCE_QUERY_FAILED, "the source does not say which server it is", "helios-repl source check NAME");
  }
}
