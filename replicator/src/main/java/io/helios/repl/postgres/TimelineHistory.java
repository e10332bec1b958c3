package io.helios.repl.postgres;

import io.helios.repl.error.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;

/**
 * How a server's timeline came about: the history file that each promotion writes (PostgreSQL: {@code timeline.c}, a line for
 * each ancestor, {@code parentTLI <tab> switchpoint <tab> reason}; replication command {@code TIMELINE_HISTORY}).
 */
public final class TimelineHistory {

  private TimelineHistory() {}

  /**
   * Where the WAL of an ancestor ends in the history of a timeline: what it wrote from there on, this timeline never had.
   * Empty when it is no ancestor, or the server does not have the file any more.
   *
   * @param timeline the server's own, above 1
   */
  public static Optional<Lsn> end(ConnectionSettings settings, int timeline, int ancestor) {
    try (Connection connection = PgConnections.openReplication(settings, "identify");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("TIMELINE_HISTORY " + timeline)) {
      return row.next() ? end(new String(row.getBytes(2), StandardCharsets.UTF_8), ancestor) : Optional.empty();
    } catch (SQLException e) {
      if (SqlStates.FILE_MISSING.equals(e.getSQLState())) {
        return Optional.empty();
      }
      throw SqlStates.classify(
          e, ErrorCode.SOURCE_QUERY_FAILED, "the source does not tell its timeline's history", "helios-repl source check NAME");
    }
  }

  static Optional<Lsn> end(String history, int ancestor) {
    return history
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !line.startsWith("#"))
        .map(line -> line.split("\\s+", 3))
        .filter(fields -> fields.length >= 2 && fields[0].equals(Integer.toString(ancestor)))
        .map(fields -> Lsn.parse(fields[1]))
        .findFirst();
  }
}
