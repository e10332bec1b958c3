package io.helios.repl.pipeline;

import io.helios.repl.capture.RowEstimate;
import io.helios.repl.change.TenantTable;
import io.helios.repl.postgres.Catalog;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/**
 * What stands on the disk of a target's server, and what a tenant's copy would add to it. PostgreSQL knows what it has written, not what
 * is free.
 *
 * @param takenBytes by all of the server's databases that the role may look at, and its WAL
 * @param missingBytes about what the tenant has at its home and not yet at the target
 * @param unseenDatabases how many the role may not look at
 */
public record TargetRoom(long takenBytes, long missingBytes, int unseenDatabases) {

  /** The right to connect shows a database's size, and so does the role that sees all statistics (dbsize.c). */
  private static final String DATABASES =
      """
      SELECT coalesce(pg_catalog.sum(CASE WHEN d.seen THEN pg_catalog.pg_database_size(d.oid) END), 0)::pg_catalog.int8,
        pg_catalog.count(*) FILTER (WHERE NOT d.seen)
      FROM (
        SELECT oid, pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
            OR pg_catalog.has_database_privilege(oid, 'CONNECT') AS seen
        FROM pg_catalog.pg_database) d
      """;

  private static final String MAY_LIST_WAL =
      "SELECT pg_catalog.has_function_privilege('pg_catalog.pg_ls_waldir()', 'EXECUTE')";

  private static final String WAL = "SELECT coalesce(pg_catalog.sum(size), 0)::pg_catalog.int8 FROM pg_catalog.pg_ls_waldir()";

  /** Who may not look takes it that the server uses what it is allowed without being asked. */
  private static final String WAL_ALLOWED =
      "SELECT pg_catalog.pg_size_bytes(pg_catalog.current_setting('max_wal_size'))";

  private static final String TABLE =
      "SELECT coalesce(pg_catalog.sum(pg_catalog.pg_total_relation_size(t.relid)), 0)::pg_catalog.int8 FROM ("
          + Catalog.PARTITIONS.formatted("?::pg_catalog.int8::pg_catalog.oid")
          + " SELECT relid FROM part UNION SELECT ?::pg_catalog.int8::pg_catalog.oid) t";

  /** @param missingBytes what {@link #tenantBytes} tells of both ends */
  public static TargetRoom read(Connection target, long missingBytes) throws SQLException {
    try (Statement statement = target.createStatement()) {
      long wal = Long.parseLong(first(statement, first(statement, MAY_LIST_WAL).equals("t") ? WAL : WAL_ALLOWED));
      try (ResultSet row = statement.executeQuery(DATABASES)) {
        row.next();
        return new TargetRoom(row.getLong(1) + wal, Math.max(0, missingBytes), row.getInt(2));
      }
    }
  }

  private static String first(Statement statement, String query) throws SQLException {
    try (ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getString(1);
    }
  }

  /** About how much of that database a tenant takes, with indexes: of a shared table its share of the rows, as the planner sees it. */
  public static long tenantBytes(Connection connection, List<TenantTable> tables) throws SQLException {
    double bytes = 0;
    try (PreparedStatement size = connection.prepareStatement(TABLE)) {
      for (TenantTable table : tables) {
        long oid = Integer.toUnsignedLong(table.definition().oid());
        size.setLong(1, oid);
        size.setLong(2, oid);
        try (ResultSet row = size.executeQuery()) {
          row.next();
          bytes += row.getLong(1) * RowEstimate.read(connection, table).share();
        }
      }
    }
    return (long) bytes;
  }
}
