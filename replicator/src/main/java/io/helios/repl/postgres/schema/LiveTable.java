package io.helios.repl.postgres.schema;

import io.helios.repl.postgres.EmptySearchPath;
import io.helios.repl.postgres.schema.UserTypes.UserType;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A table as a catalog has it at the moment of asking, for following its changes: which columns are the same as before
 * under whatever name (their numbers never change and are never given twice), and what rows got that were there before a
 * column.
 *
 * @param columns those that are not dropped
 * @param losesEarlierValues whether its stream has NULL in an old row where the catalog has the value of rows that were there
 *     before a column. PostgreSQL 14 takes an old row of a partition apart by its root, which knows no such values
 *     ({@code maybe_send_schema} and {@code pgoutput_change} in {@code pgoutput.c})
 */
public record LiveTable(int oid, String schema, String name, List<Column> columns, boolean losesEarlierValues) {

  /** What a row has in a column that was added after it. */
  public enum Earlier {
    NULL,
    /** The same constant in every such row. */
    VALUE,
    /** Each its own, or the catalog does not tell any more. */
    UNKNOWN
  }

  /**
   * A column.
   *
   * @param collation SQL of a collation that is not its type's own, else null
   * @param value the constant as text, for {@link Earlier#VALUE}
   * @param types what its type is made of that is not built in, parts first
   */
  public record Column(
      String name,
      int number,
      int typeOid,
      int typeModifier,
      String typeSql,
      @Nullable String collation,
      boolean notNull,
      boolean identity,
      boolean generated,
      Earlier earlier,
      @Nullable String value,
      List<NamedType> types) {}

  /**
   * A type that is not built in.
   *
   * @param labels of an enum, in order, as SQL literals
   * @param create SQL that makes it, or null where it takes more than one plain statement
   */
  public record NamedType(String sqlName, char kind, List<String> labels, @Nullable String create) {}

  private static final String TABLE =
      """
      SELECT n.nspname, c.relname, c.relkind = 'p'
        AND pg_catalog.current_setting('server_version_num')::pg_catalog.int4 < 150000
        AND EXISTS (
          SELECT FROM pg_catalog.pg_partition_tree(c.oid) p JOIN pg_catalog.pg_class l ON l.oid = p.relid
          WHERE p.isleaf AND l.relreplident = 'f')
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid = ?::pg_catalog.int8::pg_catalog.oid AND c.relkind IN ('r', 'p')
      """;

  /**
   * The missing value is kept by the tables that hold rows: the leaves of a partitioned one. A leaf that was made after
   * the column has none, and no rows without it.
   */
  private static final String COLUMNS =
      """
      SELECT a.attname, a.attnum::pg_catalog.int4, a.atttypid::pg_catalog.int8, a.atttypmod,
        pg_catalog.format_type(a.atttypid, a.atttypmod), CASE WHEN a.attcollation <> t.typcollation THEN %s END,
        a.attnotnull, a.attidentity <> '', a.attgenerated <> '', pg_catalog.pg_get_expr(d.adbin, d.adrelid),
        m.kinds::pg_catalog.int4, m.value
      FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
      LEFT JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace
      LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      CROSS JOIN LATERAL (
        SELECT pg_catalog.count(DISTINCT h.attmissingval::pg_catalog.text) AS kinds,
          pg_catalog.min((h.attmissingval::pg_catalog.text::pg_catalog.text[])[1]) AS value
        FROM (
          SELECT a.attrelid AS relid
          UNION SELECT p.relid FROM pg_catalog.pg_partition_tree(a.attrelid) p WHERE p.isleaf) r
        JOIN pg_catalog.pg_attribute h ON h.attrelid = r.relid AND h.attname = a.attname AND h.atthasmissing) m
      WHERE a.attrelid = ?::pg_catalog.int8::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped
      ORDER BY a.attnum
      """
          .formatted(Needs.quoted("ln.nspname", "l.collname"));

  /** Null as well when the table has gone. */
  public static Optional<LiveTable> read(Connection connection, int oid) throws SQLException {
    try (EmptySearchPath _ = EmptySearchPath.on(connection)) {
      List<Column> columns = columns(connection, oid);
      try (PreparedStatement query = connection.prepareStatement(TABLE)) {
        query.setLong(1, Integer.toUnsignedLong(oid));
        try (ResultSet row = query.executeQuery()) {
          return row.next()
              ? Optional.of(new LiveTable(oid, row.getString(1), row.getString(2), columns, row.getBoolean(3)))
              : Optional.empty();
        }
      }
    }
  }

  /** What the types of these OIDs are made of that is not built in, parts first. */
  public static List<NamedType> types(Connection connection, List<Integer> oids) throws SQLException {
    List<Long> wanted = oids.stream().map(Integer::toUnsignedLong).toList();
    try (EmptySearchPath _ = EmptySearchPath.on(connection)) {
      return UserTypes.read(connection).closure(wanted).stream().map(LiveTable::named).toList();
    }
  }

  private static List<Column> columns(Connection connection, int oid) throws SQLException {
    List<Column> columns = new ArrayList<>();
    UserTypes types = UserTypes.read(connection);
    try (PreparedStatement query = connection.prepareStatement(COLUMNS)) {
      query.setLong(1, Integer.toUnsignedLong(oid));
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          String expression = row.getString(10);
          boolean identity = row.getBoolean(8);
          Earlier earlier =
              switch (row.getInt(11)) {
                case 0 -> identity || expression != null && !isNull(expression) ? Earlier.UNKNOWN : Earlier.NULL;
                case 1 -> Earlier.VALUE;
                default -> Earlier.UNKNOWN;
              };
          columns.add(new Column(
              row.getString(1),
              row.getInt(2),
              (int) row.getLong(3),
              row.getInt(4),
              row.getString(5),
              row.getString(6),
              row.getBoolean(7),
              identity,
              row.getBoolean(9),
              earlier,
              row.getString(12),
              types.closure(List.of(row.getLong(3))).stream().map(LiveTable::named).toList()));
        }
      }
    }
    return columns;
  }

  private static boolean isNull(String expression) {
    return expression.equals("NULL") || expression.startsWith("NULL::");
  }

  private static NamedType named(UserType type) {
    boolean plain = type.obstacle() == null && type.extension().isEmpty() && type.kind() != 'b'
        && type.checks().isEmpty() && type.defaultSql() == null && !type.notNull();
    return new NamedType(
        type.sqlName(),
        type.kind(),
        type.labels(),
        plain ? "CREATE " + (type.kind() == 'd' ? "DOMAIN " : "TYPE ") + type.sqlName() + " " + type.body() : null);
  }

  public Optional<Column> column(String named) {
    return columns.stream().filter(c -> c.name().equals(named)).findFirst();
  }

  public Optional<Column> column(int number) {
    return columns.stream().filter(c -> c.number() == number).findFirst();
  }
}
