package io.helios.repl.capture;

import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.TableDefinition.ColumnDefinition;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * The column that a table is polled by, in SQL. Values travel as text in settings of the transaction, and are read from there
 * as the column's own type, at its full precision: nothing of ours ever takes one for a number or a time.
 *
 * @param type as SQL, without length or precision, which would round
 */
record CheckpointColumn(String name, String type, Kind kind, boolean nullable) {

  static final String LOW = "helios.low";
  static final String CLOCK = "helios.clock";
  static final String LATEST_LOCAL = "helios.latest_local";

  private static final int DATE = 1082;
  private static final int TIMESTAMP = 1114;
  private static final int TIMESTAMPTZ = 1184;
  private static final int FIRST_USER_OID = 16384;

  /** What is known of values that are taken later. */
  enum Kind {
    /** The source's clock is a bound, both ways. */
    CLOCK,
    /** A clock in some time zone: nothing is later than where on Earth it is latest. */
    LOCAL_CLOCK,
    /** Only that they are not lower. */
    COUNTER
  }

  static CheckpointColumn of(Connection connection, ColumnDefinition column, ColumnTypes types) throws SQLException {
    int declared = column.typeOid();
    int base = Integer.compareUnsigned(declared, FIRST_USER_OID) >= 0 ? types.baseOf(declared) : declared;
    Kind kind =
        switch (base) {
          case TIMESTAMPTZ -> Kind.CLOCK;
          case TIMESTAMP, DATE -> Kind.LOCAL_CLOCK;
          default -> Kind.COUNTER;
        };
    boolean builtIn = base > 0 && base != ColumnTypes.ENUM;
    return new CheckpointColumn(
        column.name(), builtIn ? typeName(connection, base) : column.typeSql(), kind, !column.notNull());
  }

  private static String typeName(Connection connection, int oid) throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement("SELECT pg_catalog.format_type(?::pg_catalog.int8::pg_catalog.oid, -1)")) {
      query.setLong(1, Integer.toUnsignedLong(oid));
      try (ResultSet row = query.executeQuery()) {
        row.next();
        return row.getString(1);
      }
    }
  }

  /** The column of a table with the alias t. */
  String sql() {
    return "t." + Identifiers.quote(name);
  }

  /** From the horizon on that is bound to {@link #LOW}. */
  String fromHorizon() {
    String low = "pg_catalog.current_setting('" + LOW + "')::" + type;
    return sql() + " OPERATOR(pg_catalog.>=) "
        + (kind == Kind.COUNTER
            ? "(" + low + ")"
            : "((" + low + ") OPERATOR(pg_catalog.-) '" + Horizon.MARGIN.toSeconds() + " seconds'::pg_catalog.interval)::" + type);
  }

  /** Above the value that is bound to {@link #LOW}. */
  String above() {
    return sql() + " OPERATOR(pg_catalog.>) (pg_catalog.current_setting('" + LOW + "')::" + type + ")";
  }

  /** There is a value, and it is not in the future. */
  String present() {
    return switch (kind) {
      case CLOCK -> sql() + " OPERATOR(pg_catalog.<=) (pg_catalog.current_setting('" + CLOCK + "')::" + type + ")";
      case LOCAL_CLOCK -> sql() + " OPERATOR(pg_catalog.<=) (pg_catalog.current_setting('" + LATEST_LOCAL + "')::" + type + ")";
      case COUNTER -> sql() + " IS NOT NULL";
    };
  }
}
