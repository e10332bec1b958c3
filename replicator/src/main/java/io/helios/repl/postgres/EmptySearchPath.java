package io.helios.repl.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * While open, the session's {@code search_path} is empty: {@code format_type}, {@code pg_get_expr} and their like then
 * qualify everything outside pg_catalog, and nothing planted in {@code public} is found. Gives the old path back on
 * close; costs nothing on a session that is pinned already. The connection's owner only.
 */
public final class EmptySearchPath implements AutoCloseable {

  private final Connection connection;
  private final String before;

  private EmptySearchPath(Connection connection, String before) {
    this.connection = connection;
    this.before = before;
  }

  public static EmptySearchPath on(Connection connection) throws SQLException {
    String before;
    try (PreparedStatement show =
            connection.prepareStatement("SELECT pg_catalog.current_setting('search_path')");
        ResultSet row = show.executeQuery()) {
      row.next();
      before = row.getString(1);
    }
    if (!isEmpty(before)) {
      set(connection, "");
    }
    return new EmptySearchPath(connection, before);
  }

  /** In a transaction that failed there is nothing to give back: its rollback does it. */
  @Override
  public void close() throws SQLException {
    if (isEmpty(before)) {
      return;
    }
    try {
      set(connection, before);
    } catch (SQLException e) {
      if (!SqlStates.FAILED_TRANSACTION.equals(e.getSQLState())) {
        throw e;
      }
    }
  }

  private static boolean isEmpty(String path) {
    return path.isEmpty() || path.equals("\"\"");
  }

  private static void set(Connection connection, String path) throws SQLException {
    try (PreparedStatement set =
        connection.prepareStatement("SELECT pg_catalog.set_config('search_path', ?, false)")) {
      set.setString(1, path);
      set.execute();
    }
  }
}
