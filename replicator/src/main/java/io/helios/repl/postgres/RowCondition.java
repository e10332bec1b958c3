package io.helios.repl.postgres;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * Restricts a table to the rows that have one value in one column. The value travels as a parameter into a setting of
 * the session and is read from there ({@code current_setting} is stable, so an index on the column serves); it is never
 * part of SQL text, also where a statement takes no parameters, as COPY does.
 *
 * <p>The value is cast to the column's base type without its length: {@code 'abcdef'::varchar(3)} would be another
 * value, without an error.
 */
public final class RowCondition {

  /** Every row. */
  public static final RowCondition NONE = new RowCondition("", "");

  private static final String SETTING = "helios.tenant";

  private static final String BASE_TYPE =
      """
      WITH RECURSIVE base (oid, schema, name, basis) AS (
        SELECT t.oid, n.nspname, t.typname, t.typbasetype
        FROM pg_catalog.pg_type t
        JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) t.typnamespace
        WHERE t.oid OPERATOR(pg_catalog.=) ?::pg_catalog.int8::pg_catalog.oid
        UNION ALL
        SELECT t.oid, n.nspname, t.typname, t.typbasetype
        FROM base b
        JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) b.basis
        JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) t.typnamespace
      )
      SELECT schema, name FROM base WHERE basis OPERATOR(pg_catalog.=) 0::pg_catalog.oid
      """;

  private static final String LOOSE_COLLATION =
      """
      SELECT l.collname FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_collation l ON l.oid OPERATOR(pg_catalog.=) a.attcollation
      WHERE a.attrelid OPERATOR(pg_catalog.=) ?::pg_catalog.int8::pg_catalog.oid
        AND a.attname OPERATOR(pg_catalog.=) ?::pg_catalog.name AND NOT l.collisdeterministic
      """;

  private final String column;
  private final String type;

  private RowCondition(String column, String type) {
    this.column = column;
    this.type = type;
  }

  /**
   * The condition on the named column of a table of the connection's database.
   *
   * @throws IllegalArgumentException when the table has no such column
   */
  public static RowCondition on(Connection connection, TableDefinition table, String column) throws SQLException {
    int typeOid =
        table.column(column).orElseThrow(() -> new IllegalArgumentException("no such column")).typeOid();
    try (PreparedStatement query = connection.prepareStatement(BASE_TYPE)) {
      query.setLong(1, Integer.toUnsignedLong(typeOid));
      try (ResultSet row = query.executeQuery()) {
        if (!row.next()) {
          throw new SQLException("type of the column is gone", "42704");
        }
        return new RowCondition(column, Identifiers.quote(row.getString(1), row.getString(2)));
      }
    }
  }

  /**
   * The condition, with its value bound to this session.
   *
   * @param column null, with its value, when every row is meant
   */
  public static RowCondition bind(
      Connection connection, TableDefinition table, @Nullable String column, @Nullable String value)
      throws SQLException {
    if (column == null || value == null) {
      return NONE;
    }
    bind(connection, value);
    return on(connection, table, column);
  }

  /**
   * Refuses a tenant's key that the WAL will write in another way: its rows would be copied, and their changes missed. Refuses a
   * column, too, whose values may be equal without being the same: a condition on it takes rows that are not the tenant's.
   *
   * @param tenant the tenant's name
   */
  public static void requireCanonicalKey(
      Connection connection, TableDefinition table, @Nullable String column, @Nullable String key, String tenant)
      throws SQLException {
    if (column == null || key == null) {
      return;
    }
    requireEqualityOfBytes(connection, table, column);
    boolean canonical;
    try {
      canonical = bind(connection, table, column, key).isCanonical(connection);
    } catch (SQLException e) {
      if (!SqlStates.isDataException(e)) {
        throw e;
      }
      canonical = false;
    }
    if (!canonical) {
      throw new OperatorException(new Problem(
              ErrorCode.KEY_NOT_CANONICAL,
              "the key of tenant \"" + tenant + "\" is not written as PostgreSQL writes it",
              "the type of column \"" + column + "\" of " + table.qualifiedName()
                  + " prints this value in another form, or has no such value",
              "create the tenant with a --key out of: SELECT DISTINCT " + Identifiers.quote(column) + " FROM "
                  + table.sqlName())
          .at(null, table.qualifiedName()));
    }
  }

  private static void requireEqualityOfBytes(Connection connection, TableDefinition table, String column) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(LOOSE_COLLATION)) {
      query.setLong(1, Integer.toUnsignedLong(table.oid()));
      query.setString(2, column);
      try (ResultSet row = query.executeQuery()) {
        if (row.next()) {
          throw new OperatorException(new Problem(
                  ErrorCode.TENANT_KEY_TYPE,
                  "column " + column + " of " + table.qualifiedName() + " cannot tell tenants apart",
                  "its collation " + row.getString(1) + " is not deterministic, so that values which differ are equal to it",
                  "ALTER TABLE " + table.sqlName() + " ALTER COLUMN " + Identifiers.quote(column) + " TYPE text COLLATE \"C\"")
              .at(null, table.qualifiedName()));
        }
      }
    }
  }

  /** Gives the session the value, for all conditions that it evaluates from now on. */
  public static void bind(Connection connection, String value) throws SQLException {
    try (PreparedStatement set = connection.prepareStatement("SELECT pg_catalog.set_config(?, ?, false)")) {
      set.setString(1, SETTING);
      set.setString(2, value);
      set.execute();
    }
  }

  /**
   * Whether the bound value is written as the server writes it, in the WAL and as a text, which is what the guards compare. {@code
   * 007} selects the rows of {@code 7}, and yet is neither; blanks at the end of a {@code char} are in the WAL, and not in its text.
   *
   * @throws SQLException of class 22 when it is no value of the type at all
   */
  public boolean isCanonical(Connection connection) throws SQLException {
    if (column.isEmpty()) {
      return true;
    }
    String value = "pg_catalog.current_setting('" + SETTING + "')";
    try (PreparedStatement query = connection.prepareStatement(
            "SELECT pg_catalog.format('%s', " + value + "::" + type + ") OPERATOR(pg_catalog.=) " + value
                + " AND (" + value + "::" + type + ")::pg_catalog.text OPERATOR(pg_catalog.=) " + value);
        ResultSet row = query.executeQuery()) {
      return row.next() && row.getBoolean(1);
    }
  }

  /** As SQL, over a table with this alias. */
  public String sql(String alias) {
    return column.isEmpty()
        ? "true"
        : alias + "." + Identifiers.quote(column) + " OPERATOR(pg_catalog.=) (pg_catalog.current_setting('" + SETTING
            + "')::" + type + ")";
  }
}
