package io.helios.repl.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;

/**
 * Which server a connection leads to, by {@code pg_control_system()}. Everybody may call that unless it was revoked, and a query
 * that only names it fails then, so the right is asked for first.
 */
public final class SystemIdentifier {

  private SystemIdentifier() {}

  /** In decimal digits; null where the role may not ask. */
  public static @Nullable String read(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      try (ResultSet row =
          statement.executeQuery("SELECT pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')")) {
        row.next();
        if (!row.getBoolean(1)) {
          return null;
        }
      }
      try (ResultSet row =
          statement.executeQuery(
              "SELECT pg_catalog.to_json(c.system_identifier)::pg_catalog.text FROM pg_catalog.pg_control_system() c")) {
        row.next();
        return row.getString(1);
      }
    }
  }

  /** The statement that lets the role of a connection ask. */
  public static String grant(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT current_user::pg_catalog.text")) {
      row.next();
      return "GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() TO " + Identifiers.quote(row.getString(1)) + ";";
    }
  }
}
