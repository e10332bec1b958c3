package io.helios.repl.apply;

import io.helios.repl.change.TenantTable;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.TableName;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * {@code helios.source_table} and {@code helios.created_table} at the target: each tenant's tables as its stream showed
 * them last, and which tables helios-repl made. Everything runs in the caller's transaction.
 */
public final class SeenTables {

  private SeenTables() {}

  /** Where the source's WAL ends, or is replayed up to; to be asked before its catalog is read for {@link #note}. */
  public static Lsn endOfWal(Connection source) throws SQLException {
    try (PreparedStatement query =
            source.prepareStatement("SELECT (CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()"
                + " ELSE pg_catalog.pg_current_wal_insert_lsn() END)::pg_catalog.text");
        ResultSet row = query.executeQuery()) {
      row.next();
      return Lsn.parse(row.getString(1));
    }
  }

  /**
   * Notes a starting tenant's tables as the source's catalog has them. What its stream has shown already stays, for the
   * stream may not have come to the catalog's present yet.
   *
   * @param tables as read from the source
   * @param from {@link #endOfWal} before they were read
   * @param anew the copy begins again, so what was seen before counts for nothing
   */
  public static void note(
      Connection target, Connection source, UUID tenant, Collection<TenantTable> tables, Lsn from, boolean anew)
      throws SQLException {
    if (anew) {
      try (PreparedStatement delete =
          target.prepareStatement("DELETE FROM helios.source_table WHERE tenant = ?::pg_catalog.uuid")) {
        delete.setString(1, tenant.toString());
        delete.executeUpdate();
      }
    }
    Map<Integer, Integer> highest = highest(source, tables);
    for (TenantTable table : tables) {
      TableDefinition at = table.definition();
      if (find(target, tenant, at.schema(), at.name()).isEmpty()) {
        List<SeenTable.Column> columns = at.columns().stream()
            .filter(c -> !c.isGenerated())
            .map(c -> new SeenTable.Column(c.name(), c.number(), c.typeOid(), c.typeModifier(), 0))
            .toList();
        put(target, tenant, TableName.of(at),
            new SeenTable(at.oid(), highest.getOrDefault(at.oid(), 0), from, 0, columns, List.of()));
      }
    }
  }

  private static Map<Integer, Integer> highest(Connection source, Collection<TenantTable> tables) throws SQLException {
    Map<Integer, Integer> highest = new HashMap<>();
    try (PreparedStatement query = source.prepareStatement(
        "SELECT oid::pg_catalog.int8, relnatts::pg_catalog.int4 FROM pg_catalog.pg_class"
            + " WHERE oid = ANY (?::pg_catalog.int8[]::pg_catalog.oid[])")) {
      query.setArray(1, source.createArrayOf(
          "int8", tables.stream().map(t -> Integer.toUnsignedLong(t.definition().oid())).toArray()));
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          highest.put((int) row.getLong(1), row.getInt(2));
        }
      }
    }
    return highest;
  }

  /**
   * Lets the records of tables that were renamed at both ends go along with them.
   *
   * @param tables the tenant's, as read from the source
   */
  public static void followRenames(Connection target, UUID tenant, Collection<TenantTable> tables) throws SQLException {
    for (TenantTable table : tables) {
      TableName now = TableName.of(table.definition());
      TableName before = nameOf(target, tenant, table.definition().oid()).orElse(now);
      if (before.equals(now)) {
        continue;
      }
      SeenTable seen = find(target, tenant, before.schema(), before.name()).orElseThrow();
      if (oid(target, now) != seen.targetOid() || find(target, tenant, now.schema(), now.name()).isPresent()) {
        continue;
      }
      for (String records : new String[] {"source_table", "copied_table"}) {
        try (PreparedStatement update = target.prepareStatement("UPDATE helios." + records
            + " SET schema_name = ?, table_name = ?"
            + " WHERE schema_name = ? AND table_name = ? AND tenant = ?::pg_catalog.uuid")) {
          names(update, now, before);
          update.setString(5, tenant.toString());
          update.executeUpdate();
        }
      }
      for (String records : new String[] {"guard", "created_table"}) {
        try (PreparedStatement update = target.prepareStatement("UPDATE helios." + records
            + " SET schema_name = ?, table_name = ? WHERE schema_name = ? AND table_name = ?")) {
          names(update, now, before);
          update.executeUpdate();
        }
      }
    }
  }

  private static void names(PreparedStatement update, TableName now, TableName before) throws SQLException {
    update.setString(1, now.schema());
    update.setString(2, now.name());
    update.setString(3, before.schema());
    update.setString(4, before.name());
  }

  private static int oid(Connection target, TableName name) throws SQLException {
    try (PreparedStatement query = target.prepareStatement(
        "SELECT coalesce(pg_catalog.to_regclass(pg_catalog.format('%I.%I', ?::pg_catalog.text, ?::pg_catalog.text))"
            + "::pg_catalog.oid, 0)::pg_catalog.int8")) {
      query.setString(1, name.schema());
      query.setString(2, name.name());
      try (ResultSet row = query.executeQuery()) {
        row.next();
        return (int) row.getLong(1);
      }
    }
  }

  static Optional<TableName> nameOf(Connection target, UUID tenant, int sourceOid) throws SQLException {
    try (PreparedStatement query = target.prepareStatement(
        "SELECT schema_name, table_name FROM helios.source_table WHERE tenant = ?::pg_catalog.uuid AND oid = ?")) {
      query.setString(1, tenant.toString());
      query.setLong(2, Integer.toUnsignedLong(sourceOid));
      try (ResultSet row = query.executeQuery()) {
        return row.next() ? Optional.of(new TableName(row.getString(1), row.getString(2))) : Optional.empty();
      }
    }
  }

  static Optional<SeenTable> find(Connection target, UUID tenant, String schema, String table) throws SQLException {
    try (PreparedStatement query = target.prepareStatement(
        "SELECT oid, highest, seen_at::pg_catalog.text, target_oid, column_names, column_numbers, column_types,"
            + " column_modifiers, target_numbers, remade_columns FROM helios.source_table"
            + " WHERE tenant = ?::pg_catalog.uuid AND schema_name = ? AND table_name = ?")) {
      query.setString(1, tenant.toString());
      query.setString(2, schema);
      query.setString(3, table);
      try (ResultSet row = query.executeQuery()) {
        if (!row.next()) {
          return Optional.empty();
        }
        String[] names = (String[]) row.getArray(5).getArray();
        Integer[] numbers = (Integer[]) row.getArray(6).getArray();
        Long[] types = (Long[]) row.getArray(7).getArray();
        Integer[] modifiers = (Integer[]) row.getArray(8).getArray();
        Integer[] targets = (Integer[]) row.getArray(9).getArray();
        List<SeenTable.Column> columns = new ArrayList<>();
        for (int i = 0; i < names.length; i++) {
          columns.add(new SeenTable.Column(names[i], numbers[i], types[i].intValue(), modifiers[i], targets[i]));
        }
        return Optional.of(new SeenTable(
            (int) row.getLong(1), row.getInt(2), Lsn.parse(row.getString(3)), (int) row.getLong(4), columns,
            List.of((String[]) row.getArray(10).getArray())));
      }
    }
  }

  /** Replaces what is noted; the target's own numbers are read from its catalog, as this transaction sees it. */
  static void put(Connection target, UUID tenant, TableName name, SeenTable seen) throws SQLException {
    List<SeenTable.Column> columns = seen.columns();
    Array names = target.createArrayOf("text", columns.stream().map(SeenTable.Column::name).toArray());
    try (PreparedStatement insert = target.prepareStatement(
        """
        INSERT INTO helios.source_table AS s (tenant, schema_name, table_name, oid, highest, seen_at, target_oid,
          column_names, column_numbers, column_types, column_modifiers, remade_columns, target_numbers)
        SELECT ?::pg_catalog.uuid, ?, ?, ?, ?, ?::pg_catalog.pg_lsn, coalesce(c.oid::pg_catalog.int8, 0), ?, ?, ?, ?, ?,
          ARRAY(
            SELECT coalesce(a.attnum::pg_catalog.int4, 0)
            FROM pg_catalog.unnest(?::pg_catalog.text[]) WITH ORDINALITY n (name, place)
            LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = n.name AND a.attnum > 0
              AND NOT a.attisdropped
            ORDER BY n.place)
        FROM (SELECT pg_catalog.to_regclass(pg_catalog.format('%I.%I', ?::pg_catalog.text, ?::pg_catalog.text))
          ::pg_catalog.oid) c (oid)
        ON CONFLICT (tenant, schema_name, table_name) DO UPDATE SET oid = EXCLUDED.oid, highest = EXCLUDED.highest,
          seen_at = EXCLUDED.seen_at, target_oid = EXCLUDED.target_oid, column_names = EXCLUDED.column_names,
          column_numbers = EXCLUDED.column_numbers, column_types = EXCLUDED.column_types,
          column_modifiers = EXCLUDED.column_modifiers, remade_columns = EXCLUDED.remade_columns, target_numbers = EXCLUDED.target_numbers
        """)) {
      insert.setString(1, tenant.toString());
      insert.setString(2, name.schema());
      insert.setString(3, name.name());
      insert.setLong(4, Integer.toUnsignedLong(seen.oid()));
      insert.setInt(5, seen.highest());
      insert.setString(6, seen.seenAt().toString());
      insert.setArray(7, names);
      insert.setArray(8, target.createArrayOf("int4", columns.stream().map(SeenTable.Column::number).toArray()));
      insert.setArray(9, target.createArrayOf(
          "int8", columns.stream().map(c -> Integer.toUnsignedLong(c.typeOid())).toArray()));
      insert.setArray(10, target.createArrayOf("int4", columns.stream().map(SeenTable.Column::typeModifier).toArray()));
      insert.setArray(11, target.createArrayOf("text", seen.remade().toArray()));
      insert.setArray(12, names);
      insert.setString(13, name.schema());
      insert.setString(14, name.name());
      insert.executeUpdate();
    }
  }

  /** Notes tables as made by helios-repl. */
  static void created(Connection target, Collection<TableDefinition> tables) throws SQLException {
    try (PreparedStatement insert = target.prepareStatement(
        """
        INSERT INTO helios.created_table (schema_name, table_name)
        SELECT ?, ? WHERE pg_catalog.to_regclass(?) IS NOT NULL ON CONFLICT DO NOTHING
        """)) {
      for (TableDefinition table : tables) {
        insert.setString(1, table.schema());
        insert.setString(2, table.name());
        insert.setString(3, table.sqlName());
        insert.executeUpdate();
      }
    }
  }

  static boolean isCreated(Connection target, String schema, String table) throws SQLException {
    try (PreparedStatement query = target.prepareStatement(
        "SELECT 1 FROM helios.created_table WHERE schema_name = ? AND table_name = ?")) {
      query.setString(1, schema);
      query.setString(2, table);
      try (ResultSet row = query.executeQuery()) {
        return row.next();
      }
    }
  }
}
