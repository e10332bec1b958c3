package io.helios.repl.postgres.schema;

import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.schema.SourceRelations.SourceRelation;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.BiPredicate;

/**
 * A function outside pg_catalog that runs, as whoever writes, when a row is written.
 *
 * @param where for example {@code default of public.orders.code}
 * @param function {@code schema.name}
 * @param undo SQL that takes it away; empty where that would take more with it
 */
public record CodeOnWrite(String table, String where, String function, String undo) {

  private static final String DOMAINS =
      """
      WITH RECURSIVE used (relation, type) AS (
        SELECT a.attrelid, a.atttypid
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = ANY (?::pg_catalog.int8[]::pg_catalog.oid[]) AND a.attnum > 0 AND NOT a.attisdropped
        UNION
        SELECT u.relation, p.type
        FROM used u
        JOIN pg_catalog.pg_type t ON t.oid = u.type AND t.oid::pg_catalog.int8 >= 16384
        CROSS JOIN LATERAL (
          SELECT t.typelem WHERE t.typelem <> 0
          UNION ALL SELECT t.typbasetype WHERE t.typbasetype <> 0
          UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
          UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)
        ) p (type)
      )
      SELECT n.nspname || '.' || c.relname, tn.nspname, t.typname, k.conname, %s, NULL::pg_catalog.text[]
      FROM used u
      JOIN pg_catalog.pg_class c ON c.oid = u.relation
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_type t ON t.oid = u.type
      JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
      JOIN pg_catalog.pg_constraint k ON k.contypid = t.oid AND k.contype = 'c'
      ORDER BY 1, 2, 3, 4
      """
          .formatted(Needs.functionsOf("k.conbin::pg_catalog.text"));

  /**
   * What the given tables (and their partitions) run.
   *
   * @param given whether a row brings a value for this table's column (by name), so that its default does not run
   */
  public static List<CodeOnWrite> read(
      Connection connection, Collection<TableDefinition> tables, BiPredicate<TableDefinition, String> given)
      throws SQLException {
    List<CodeOnWrite> found = new ArrayList<>();
    List<Integer> oids = tables.stream().map(TableDefinition::oid).toList();
    for (SourceRelation relation : SourceRelations.read(connection, oids).relations()) {
      String name = relation.qualifiedName();
      TableDefinition root = tables.stream()
          .filter(t -> Integer.toUnsignedLong(t.oid()) == relation.root())
          .findFirst()
          .orElseThrow();
      relation.columns().stream()
          .filter(c -> c.generated() != ' ' || (relation.isRoot() && !given.test(root, c.name())))
          .forEach(c -> add(
              found,
              name,
              (c.generated() == ' ' ? "default of " : "generated column ") + name + "." + c.name(),
              c.needs(),
              c.generated() == ' '
                  ? "ALTER TABLE " + relation.sqlName() + " ALTER COLUMN " + Identifiers.quote(c.name())
                      + " DROP DEFAULT;"
                  : ""));
      relation.constraints().forEach(c -> add(
          found,
          name,
          "constraint " + c.name() + " of " + name,
          c.needs(),
          "ALTER TABLE " + relation.sqlName() + " DROP CONSTRAINT " + Identifiers.quote(c.name()) + ";"));
      relation.indexes().forEach(i -> add(
          found,
          name,
          "index " + i.name() + " of " + name,
          i.needs(),
          i.unique() ? "" : "DROP INDEX " + Identifiers.quote(relation.schema(), i.name()) + ";"));
    }
    domains(connection, oids, found);
    return found;
  }

  /** Checks of domains, also of those that arrays, composites, ranges and other domains are made of. */
  private static void domains(Connection connection, List<Integer> oids, List<CodeOnWrite> found) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(DOMAINS)) {
      query.setArray(1, connection.createArrayOf("int8", oids.stream().map(Integer::toUnsignedLong).toArray()));
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          String domain = row.getString(2) + "." + row.getString(3);
          add(
              found,
              row.getString(1),
              "constraint " + row.getString(4) + " of domain " + domain,
              Needs.read(row, 5, 6),
              "ALTER DOMAIN " + Identifiers.quote(row.getString(2), row.getString(3)) + " DROP CONSTRAINT "
                  + Identifiers.quote(row.getString(4)) + ";");
        }
      }
    }
  }

  private static void add(List<CodeOnWrite> found, String table, String where, Needs needs, String undo) {
    needs.functions().stream()
        .filter(f -> !f.schema().equals("pg_catalog") && f.extension().isEmpty())
        .forEach(f -> found.add(new CodeOnWrite(table, where, f.schema() + "." + f.name(), undo)));
  }
}
