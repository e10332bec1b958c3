package io.helios.repl.apply;

import io.helios.repl.postgres.EmptySearchPath;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.SqlStates;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Tries the {@link ReadOnlyGuard} of one tenant as a client would meet it: writes one row of each of its tables, as a session
 * that is not the applier's, and takes it back whatever comes. So it is known before it is needed that whoever still writes at
 * a replica, or at a home that was closed, is refused. Belongs to the connection's thread.
 */
public final class GuardTrial {

  /**
   * @param refused how many tables refused the write, as they should
   * @param empty how many had no row of the tenant to try it on
   * @param accepted those that took it: the guard does not hold there
   * @param untried those where something else came in between, with what
   */
  public record Outcome(int refused, int empty, List<String> accepted, List<String> untried) {

    public Outcome {
      accepted = List.copyOf(accepted);
      untried = List.copyOf(untried);
    }

    /** Whether every table that could be tried refused, and one could. */
    public boolean holds() {
      return accepted.isEmpty() && untried.isEmpty() && refused > 0;
    }
  }

  /** @param type of the column, without a length: a key is not to be cut */
  private record Guarded(String schema, String table, @Nullable String column, String key, @Nullable String type) {

    String name() {
      return schema + "." + table;
    }
  }

  /** Of each table that the guard knows for the tenant; a table that is gone is none. */
  private static final String TABLES =
      """
      SELECT g.schema_name, g.table_name, g.tenant_column, d.tenant_key, y.nspname, t.typname
      FROM helios.guarded d
      JOIN helios.guard g ON g.id OPERATOR(pg_catalog.=) d.guard
      JOIN pg_catalog.pg_namespace n ON n.nspname OPERATOR(pg_catalog.=) g.schema_name
      JOIN pg_catalog.pg_class c ON c.relnamespace OPERATOR(pg_catalog.=) n.oid AND c.relname OPERATOR(pg_catalog.=) g.table_name
      LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid
        AND a.attname OPERATOR(pg_catalog.=) g.tenant_column AND NOT a.attisdropped
      LEFT JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) a.atttypid
      LEFT JOIN pg_catalog.pg_namespace y ON y.oid OPERATOR(pg_catalog.=) t.typnamespace
      WHERE d.tenant OPERATOR(pg_catalog.=) ?::pg_catalog.uuid
      ORDER BY 1, 2
      """;

  private GuardTrial() {}

  /**
   * Each table in a transaction of its own that is rolled back; nothing waits longer than two seconds for a lock.
   *
   * @throws SQLException when the database cannot be asked; what a table answers is in the outcome
   */
  public static Outcome run(Connection connection, UUID tenant) throws SQLException {
    int refused = 0;
    int empty = 0;
    List<String> accepted = new ArrayList<>();
    List<String> untried = new ArrayList<>();
    try (EmptySearchPath _ = EmptySearchPath.on(connection)) {
      for (Guarded table : tables(connection, tenant)) {
        try {
          if (write(connection, table) > 0) {
            accepted.add(table.name());
          } else {
            empty++;
          }
        } catch (SQLException e) {
          if (SqlStates.READ_ONLY.equals(e.getSQLState())) {
            refused++;
          } else if (SqlStates.isTransient(e) && !connection.isValid(2)) {
            throw e;
          } else {
            untried.add(table.name() + ": " + SqlStates.reason(e));
          }
        }
      }
    }
    return new Outcome(refused, empty, accepted, untried);
  }

  private static List<Guarded> tables(Connection connection, UUID tenant) throws SQLException {
    List<Guarded> tables = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(TABLES)) {
      statement.setString(1, tenant.toString());
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          String type = row.getString(6);
          tables.add(
              new Guarded(
                  row.getString(1),
                  row.getString(2),
                  row.getString(3),
                  row.getString(4),
                  type == null ? null : Identifiers.quote(row.getString(5), type)));
        }
      }
    }
    return tables;
  }

  /** One row becomes what it is, or goes; how many rows that were. Rolled back. */
  private static int write(Connection connection, Guarded table) throws SQLException {
    String name = Identifiers.quote(table.schema(), table.table());
    String column = table.column();
    connection.setAutoCommit(false);
    try {
      try (Statement patience = connection.createStatement()) {
        patience.execute("SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '10s'");
      }
      if (column == null) {
        // The statement's trigger answers before any row is touched.
        try (Statement statement = connection.createStatement()) {
          return statement.executeUpdate(
              "DELETE FROM " + name + " WHERE ctid OPERATOR(pg_catalog.=) (SELECT ctid FROM " + name + " LIMIT 1)");
        }
      }
      // A column that keeps its value touches no foreign key, whose trigger might answer first.
      String quoted = Identifiers.quote(column);
      String key = "?::pg_catalog.text::" + table.type();
      String of = " WHERE " + quoted + " = " + key;
      try (PreparedStatement statement =
          connection.prepareStatement(
              "UPDATE " + name + " SET " + quoted + " = " + quoted + of + " AND ctid = (SELECT ctid FROM " + name + of + " LIMIT 1)")) {
        statement.setString(1, table.key());
        statement.setString(2, table.key());
        return statement.executeUpdate();
      }
    } finally {
      connection.rollback();
      connection.setAutoCommit(true);
    }
  }
}
