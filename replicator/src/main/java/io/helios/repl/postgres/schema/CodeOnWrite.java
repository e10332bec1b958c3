package io.helios.repl.postgres.schema;

import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.schema.SourceRelations.SourceRelation;
import java.sql.Connection;
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
    return found;
  }

  private static void add(List<CodeOnWrite> found, String table, String where, Needs needs, String undo) {
    needs.functions().stream()
        .filter(f -> !f.schema().equals("pg_catalog") && f.extension().isEmpty())
        .forEach(f -> found.add(new CodeOnWrite(table, where, f.schema() + "." + f.name(), undo)));
  }
}
