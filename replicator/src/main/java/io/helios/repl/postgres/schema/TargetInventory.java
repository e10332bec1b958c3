package io.helios.repl.postgres.schema;

import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.EmptySearchPath;
import io.helios.repl.postgres.Identifiers;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What a target has already, by name as {@link Identifiers#quote(String, String)} writes it.
 *
 * @param relations tables, indexes, sequences, views and so on: everything that shares one space of names; the value is
 *     the partition key of a partitioned table, else empty
 */
record TargetInventory(
    int majorVersion,
    Set<String> schemas,
    Map<String, String> relations,
    Set<String> types,
    Set<String> collations,
    Set<String> extensions) {

  static TargetInventory read(Connection target) throws SQLException {
    try (EmptySearchPath _ = EmptySearchPath.on(target)) {
      Map<String, String> relations = new HashMap<>();
      try (PreparedStatement query = target.prepareStatement(
              """
              SELECT n.nspname, c.relname, CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) ELSE '' END
              FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
              """);
          ResultSet row = query.executeQuery()) {
        while (row.next()) {
          relations.put(Identifiers.quote(row.getString(1), row.getString(2)), row.getString(3));
        }
      }
      Set<String> schemas = new HashSet<>();
      try (PreparedStatement query = target.prepareStatement("SELECT nspname FROM pg_catalog.pg_namespace");
          ResultSet row = query.executeQuery()) {
        while (row.next()) {
          schemas.add(row.getString(1));
        }
      }
      Set<String> extensions = new HashSet<>();
      try (PreparedStatement query = target.prepareStatement("SELECT extname FROM pg_catalog.pg_extension");
          ResultSet row = query.executeQuery()) {
        while (row.next()) {
          extensions.add(row.getString(1));
        }
      }
      return new TargetInventory(
          Catalog.majorVersion(target),
          schemas,
          relations,
          names(
              target,
              """
              SELECT n.nspname, t.typname
              FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
              """),
          names(
              target,
              """
              SELECT n.nspname, l.collname
              FROM pg_catalog.pg_collation l JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace
              WHERE l.collencoding IN (-1, (
                SELECT d.encoding FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()))
              """),
          extensions);
    }
  }

  private static Set<String> names(Connection target, String sql) throws SQLException {
    Set<String> names = new HashSet<>();
    try (PreparedStatement query = target.prepareStatement(sql);
        ResultSet row = query.executeQuery()) {
      while (row.next()) {
        names.add(Identifiers.quote(row.getString(1), row.getString(2)));
      }
    }
    return names;
  }
}
