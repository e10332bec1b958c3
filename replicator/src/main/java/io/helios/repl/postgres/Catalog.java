package io.helios.repl.postgres;

import io.helios.repl.postgres.TableDefinition.ColumnDefinition;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Reads tables from the system catalogs of PostgreSQL 14 to 18, in four queries however many tables there are (facts:
 * PostgreSQL documentation, System Catalogs; {@code RelationGetIndexList} in {@code relcache.c} for which key is the
 * replica identity). Needs no rights beyond CONNECT. Runs on the caller's connection and thread, inside or outside a
 * transaction, and leaves the session as it was. Throws {@link SQLException} as it comes: only the caller knows whether
 * it was a source or a target.
 */
public final class Catalog {

  private static final String NAMES =
      """
      SELECT c.oid::pg_catalog.int8, n.nspname, c.relname
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
      """;

  private static final String USER_SCHEMAS_ONLY =
      " AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'helios') ORDER BY 2, 3";

  /**
   * SQL that begins a query of {@code part (relid)}: the partitions of a table, and theirs; {@code %s}: its oid. Unlike {@code
   * pg_partition_tree} it locks none of them until the transaction ends: who locks partitions first and their root
   * afterwards, and be it to write it, is in a deadlock with whoever goes the other way: TRUNCATE, and all that write.
   */
  public static final String PARTITIONS =
      """
      WITH RECURSIVE part (relid) AS (
        SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = %s AND NOT i.inhdetachpending
        UNION ALL
        SELECT i.inhrelid FROM part JOIN pg_catalog.pg_inherits i ON i.inhparent = part.relid AND NOT i.inhdetachpending)""";

  private static final String TABLES =
      """
      SELECT c.oid::pg_catalog.int8, n.nspname, c.relname, c.relkind::pg_catalog.text, c.relreplident::pg_catalog.text,
        CASE WHEN c.relkind = 'p' THEN coalesce(p.tuples, -1) ELSE c.reltuples::pg_catalog.int8 END,
        coalesce(CASE WHEN c.relkind = 'p' THEN p.bytes ELSE pg_catalog.pg_table_size(c.oid) END, 0)
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN LATERAL (%s
        SELECT CASE WHEN pg_catalog.bool_and(l.reltuples < 0) THEN -1
                    ELSE pg_catalog.sum(greatest(l.reltuples, 0)::pg_catalog.int8)::pg_catalog.int8 END AS tuples,
          pg_catalog.sum(pg_catalog.pg_table_size(l.oid))::pg_catalog.int8 AS bytes
        FROM part t JOIN pg_catalog.pg_class l ON l.oid = t.relid
        WHERE l.relkind <> 'p'
      ) p ON c.relkind = 'p'
      WHERE c.oid = ANY (?::pg_catalog.int8[]::pg_catalog.oid[])
      ORDER BY n.nspname, c.relname
      """.formatted(PARTITIONS.formatted("c.oid"));

  /**
   * Since 18 a NOT NULL constraint may be NOT VALID, and then rows with nulls may still be there. A default reads no
   * column, and without the table {@code pg_get_expr} does not name all its columns first (minutes for 1,600 of them).
   */
  private static final String COLUMNS =
      """
      SELECT a.attrelid::pg_catalog.int8, a.attname, a.attnum::pg_catalog.int4, a.atttypid::pg_catalog.int8,
        a.atttypmod, pg_catalog.format_type(a.atttypid, a.atttypmod), t.typtype::pg_catalog.text,
        a.attnotnull /*validated*/, pg_catalog.pg_get_expr(d.adbin, CASE WHEN a.attgenerated = '' THEN 0 ELSE d.adrelid END),
        a.attidentity::pg_catalog.text, a.attgenerated::pg_catalog.text
      FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = ANY (?::pg_catalog.int8[]::pg_catalog.oid[]) AND a.attnum > 0 AND NOT a.attisdropped
      ORDER BY a.attrelid, a.attnum
      """;

  private static final String AND_VALIDATED =
      """
      AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_constraint v
          WHERE v.conrelid = a.attrelid AND v.contype = 'n' AND a.attnum = ANY (v.conkey) AND NOT v.convalidated)""";

  private static final String INDEXES =
      """
      SELECT i.indrelid::pg_catalog.int8, i.indisprimary, i.indisreplident, i.indimmediate,
        ARRAY(
          SELECT a.attname::pg_catalog.text
          FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY k (attnum, place)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
          WHERE k.place <= i.indnkeyatts
          ORDER BY k.place),
        CASE WHEN i.indexprs IS NOT NULL THEN ARRAY(
          SELECT DISTINCT a.attname::pg_catalog.text
          FROM pg_catalog.pg_depend d
          JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = d.refobjsubid
          WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = i.indexrelid
            AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = i.indrelid
            AND d.refobjsubid > 0 AND NOT d.refobjsubid = ANY (i.indkey::pg_catalog.int2[])
          ORDER BY 1) END
      FROM pg_catalog.pg_index i
      WHERE i.indrelid = ANY (?::pg_catalog.int8[]::pg_catalog.oid[]) AND i.indisunique AND i.indislive
      ORDER BY i.indrelid, i.indexrelid
      """;

  private static final String LEAVES =
      """
      SELECT r.oid::pg_catalog.int8, t.relid::pg_catalog.int8
      FROM pg_catalog.unnest(?::pg_catalog.int8[]::pg_catalog.oid[]) r (oid)
      CROSS JOIN LATERAL (%s SELECT relid FROM part UNION SELECT r.oid) t
      JOIN pg_catalog.pg_class c ON c.oid = t.relid
      WHERE c.relkind = 'r'
      """.formatted(PARTITIONS.formatted("r.oid"));

  private Catalog() {}

  /** SQL to follow {@code a.attnotnull}, so that it holds for every row there is. */
  public static String notNullIsValidated(Connection connection) throws SQLException {
    return majorVersion(connection) >= 18 ? AND_VALIDATED : "";
  }

  /** {@code 14} to {@code 18}; known since the connection was made. */
  public static int majorVersion(Connection connection) throws SQLException {
    return connection.getMetaData().getDatabaseMajorVersion();
  }

  /**
   * Every ordinary table and partitioned root that the filter (schema, table) takes, unlogged ones included, by schema
   * and name. Not: partitions, temporary and foreign tables, the schemas pg_*, information_schema and helios.
   */
  public static List<TableDefinition> tables(Connection connection, BiPredicate<String, String> filter)
      throws SQLException {
    try (EmptySearchPath _ = EmptySearchPath.on(connection)) {
      List<Long> oids = new ArrayList<>();
      try (PreparedStatement names = connection.prepareStatement(NAMES + USER_SCHEMAS_ONLY);
          ResultSet row = names.executeQuery()) {
        while (row.next()) {
          if (filter.test(row.getString(2), row.getString(3))) {
            oids.add(row.getLong(1));
          }
        }
      }
      return read(connection, oids);
    }
  }

  /** The table of that name, in any schema; empty when there is none or it is a partition, a view, a foreign table. */
  public static Optional<TableDefinition> table(Connection connection, String schema, String name)
      throws SQLException {
    try (EmptySearchPath _ = EmptySearchPath.on(connection)) {
      List<Long> oids = new ArrayList<>();
      try (PreparedStatement names = connection.prepareStatement(NAMES + " AND n.nspname = ? AND c.relname = ?")) {
        names.setString(1, schema);
        names.setString(2, name);
        try (ResultSet row = names.executeQuery()) {
          while (row.next()) {
            oids.add(row.getLong(1));
          }
        }
      }
      return read(connection, oids).stream().findFirst();
    }
  }

  /**
   * The leaf partitions of the given roots, by the root's OID, as tables of their own: what PostgreSQL logs for an update
   * or delete is decided by the leaf's replica identity, not by the root's.
   */
  public static Map<Integer, List<TableDefinition>> leafPartitions(
      Connection connection, Collection<TableDefinition> roots) throws SQLException {
    List<Long> rootOids = roots.stream()
        .filter(t -> t.kind() == 'p')
        .map(t -> Integer.toUnsignedLong(t.oid()))
        .toList();
    if (rootOids.isEmpty()) {
      return Map.of();
    }
    try (EmptySearchPath _ = EmptySearchPath.on(connection)) {
      Map<Integer, Integer> rootOf = new HashMap<>();
      List<Long> leaves = new ArrayList<>();
      try (PreparedStatement query = query(connection, LEAVES, rootOids);
          ResultSet row = query.executeQuery()) {
        while (row.next()) {
          leaves.add(row.getLong(2));
          rootOf.put((int) row.getLong(2), (int) row.getLong(1));
        }
      }
      Map<Integer, List<TableDefinition>> byRoot = new HashMap<>();
      for (TableDefinition leaf : read(connection, leaves)) {
        Integer root = rootOf.get(leaf.oid());
        if (root != null) {
          byRoot.computeIfAbsent(root, key -> new ArrayList<>()).add(leaf);
        }
      }
      return byRoot;
    }
  }

  private static List<TableDefinition> read(Connection connection, Collection<Long> oids) throws SQLException {
    if (oids.isEmpty()) {
      return List.of();
    }
    Map<Long, List<ColumnDefinition>> columns = columns(connection, oids);
    Map<Long, List<UniqueIndex>> indexes = uniqueIndexes(connection, oids);
    List<TableDefinition> tables = new ArrayList<>();
    try (PreparedStatement query = query(connection, TABLES, oids);
        ResultSet row = query.executeQuery()) {
      while (row.next()) {
        long oid = row.getLong(1);
        tables.add(table(
            row, columns.getOrDefault(oid, List.of()), indexes.getOrDefault(oid, List.of())));
      }
    }
    return List.copyOf(tables);
  }

  private static TableDefinition table(ResultSet row, List<ColumnDefinition> columns, List<UniqueIndex> indexes)
      throws SQLException {
    char replicaIdentity = character(row.getString(5));
    Optional<UniqueIndex> primary = indexes.stream().filter(UniqueIndex::primary).findFirst();
    List<String> identityKey =
        switch (replicaIdentity) {
          case 'd' -> primary.filter(UniqueIndex::immediate).map(UniqueIndex::columns).orElse(List.of());
          case 'i' -> indexes.stream()
              .filter(UniqueIndex::replicaIdentity)
              .findFirst()
              .map(UniqueIndex::columns)
              .orElse(List.of());
          case 'f' -> columns.stream().filter(c -> !c.isGenerated()).map(ColumnDefinition::name).toList();
          default -> List.of();
        };
    return new TableDefinition(
        (int) row.getLong(1),
        row.getString(2),
        row.getString(3),
        character(row.getString(4)),
        replicaIdentity,
        columns,
        primary.map(UniqueIndex::columns).orElse(List.of()),
        identityKey,
        indexes.stream().filter(i -> !i.primary()).map(UniqueIndex::columns).toList(),
        indexes.stream().anyMatch(i -> !i.immediate()),
        row.getLong(6),
        row.getLong(7));
  }

  private static Map<Long, List<ColumnDefinition>> columns(Connection connection, Collection<Long> oids)
      throws SQLException {
    String sql = COLUMNS.replace("/*validated*/", notNullIsValidated(connection));
    Map<Long, List<ColumnDefinition>> columns = new HashMap<>();
    try (PreparedStatement query = query(connection, sql, oids);
        ResultSet row = query.executeQuery()) {
      while (row.next()) {
        columns
            .computeIfAbsent(row.getLong(1), key -> new ArrayList<>())
            .add(new ColumnDefinition(
                row.getString(2),
                row.getInt(3),
                (int) row.getLong(4),
                row.getInt(5),
                row.getString(6),
                character(row.getString(7)),
                row.getBoolean(8),
                row.getString(9),
                character(row.getString(10)),
                character(row.getString(11))));
      }
    }
    return columns;
  }

  /** @param immediate checked row by row: not deferrable */
  private record UniqueIndex(boolean primary, boolean replicaIdentity, boolean immediate, List<String> columns) {}

  private static Map<Long, List<UniqueIndex>> uniqueIndexes(Connection connection, Collection<Long> oids)
      throws SQLException {
    Map<Long, List<UniqueIndex>> indexes = new HashMap<>();
    try (PreparedStatement query = query(connection, INDEXES, oids);
        ResultSet row = query.executeQuery()) {
      while (row.next()) {
        List<String> names = new ArrayList<>(strings(row, 5));
        names.addAll(strings(row, 6));
        indexes
            .computeIfAbsent(row.getLong(1), key -> new ArrayList<>())
            .add(new UniqueIndex(row.getBoolean(2), row.getBoolean(3), row.getBoolean(4), List.copyOf(names)));
      }
    }
    return indexes;
  }

  private static PreparedStatement query(Connection connection, String sql, Collection<Long> oids)
      throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    statement.setArray(1, connection.createArrayOf("int8", oids.toArray()));
    return statement;
  }

  /** PostgreSQL's "char": empty for the zero byte. */
  private static char character(@Nullable String value) {
    return value == null || value.isEmpty() ? ' ' : value.charAt(0);
  }

  private static List<String> strings(ResultSet row, int column) throws SQLException {
    java.sql.Array array = row.getArray(column);
    return array == null ? List.of() : Arrays.asList((String[]) array.getArray());
  }
}
