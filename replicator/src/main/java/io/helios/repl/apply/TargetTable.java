package io.helios.repl.apply;

import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.CharBytes;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.TableDefinition.ColumnDefinition;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A table as the target has it, with what SQL needs to know of its columns' types. Owned by one session, read from its
 * catalog when the table is first met, and again after any failure.
 */
final class TargetTable {

  /**
   * A column.
   *
   * @param castType its type without length or precision: a cast to those would cut values silently, where the
   *     assignment that follows refuses them
   * @param equals the operator that its B-tree indexes use, as SQL
   * @param castByFunction whether a cast from text calls a function that takes other texts than the type's input function
   *     (regclass: no numbers; a user's own cast: who knows). A parameter of the type itself is not cast.
   * @param refusesOctal whether it is of {@code "char"}s and its server does not read their octal form ({@link CharBytes})
   */
  record Column(
      ColumnDefinition definition, String castType, String equals, boolean castByFunction, boolean refusesOctal) {}

  /** Base types of domains decide; equality of a type that lives outside pg_catalog (an extension's) comes from its operator class. */
  private static final String TYPES =
      """
      SELECT a.attname, pg_catalog.format_type(a.atttypid, -1),
        EXISTS (
          SELECT FROM pg_catalog.pg_cast x
          WHERE x.castsource = 'pg_catalog.text'::pg_catalog.regtype AND x.casttarget = b.oid AND x.castmethod = 'f'
            AND b.oid NOT IN (
              'pg_catalog."char"'::pg_catalog.regtype, 'pg_catalog.name'::pg_catalog.regtype,
              'pg_catalog.xml'::pg_catalog.regtype)),
        e.nspname, e.oprname,
        b.oid IN ('pg_catalog."char"'::pg_catalog.regtype, 'pg_catalog."char"[]'::pg_catalog.regtype)
      FROM pg_catalog.pg_attribute a
      CROSS JOIN LATERAL (
        WITH RECURSIVE base (oid, kind, of) AS (
          SELECT t.oid, t.typtype, t.typbasetype FROM pg_catalog.pg_type t WHERE t.oid = a.atttypid
          UNION ALL
          SELECT t.oid, t.typtype, t.typbasetype FROM base d JOIN pg_catalog.pg_type t ON t.oid = d.of
          WHERE d.kind = 'd')
        SELECT t.oid FROM base d JOIN pg_catalog.pg_type t ON t.oid = d.oid WHERE d.kind <> 'd') b
      LEFT JOIN LATERAL (
        SELECT n.nspname, o.oprname
        FROM pg_catalog.pg_opclass c
        JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod AND m.amname = 'btree'
        JOIN pg_catalog.pg_amop p ON p.amopfamily = c.opcfamily AND p.amopstrategy = 3
          AND p.amoplefttype = c.opcintype AND p.amoprighttype = c.opcintype
        JOIN pg_catalog.pg_operator o ON o.oid = p.amopopr
        JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
        WHERE c.opcdefault AND c.opcintype = b.oid LIMIT 1) e ON true
      WHERE a.attrelid = pg_catalog.to_regclass(?) AND a.attnum > 0 AND NOT a.attisdropped
      """;

  private final TableDefinition definition;
  private final Map<String, Column> columns;
  private final List<UniqueRule> rules;

  private TargetTable(TableDefinition definition, Map<String, Column> columns, List<UniqueRule> rules) {
    this.definition = definition;
    this.columns = columns;
    this.rules = rules;
  }

  static Optional<TargetTable> load(Connection connection, String schema, String name) throws SQLException {
    Optional<TableDefinition> found = Catalog.table(connection, schema, name);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    TableDefinition definition = found.get();
    Map<String, Column> columns = new HashMap<>();
    boolean readsOctal = CharBytes.readsOctal(Catalog.majorVersion(connection));
    try (PreparedStatement query = connection.prepareStatement(TYPES)) {
      query.setString(1, definition.sqlName());
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          String column = row.getString(1);
          String schemaOfOperator = row.getString(4);
          String equals = schemaOfOperator == null
              ? "OPERATOR(pg_catalog.=)"
              : "OPERATOR(" + Identifiers.quote(schemaOfOperator) + "." + row.getString(5) + ")";
          Optional<ColumnDefinition> defined = definition.column(column);
          if (defined.isPresent()) {
            columns.put(column, new Column(
                defined.get(), row.getString(2), equals, row.getBoolean(3), row.getBoolean(6) && !readsOctal));
          }
        }
      }
    }
    return Optional.of(new TargetTable(definition, columns, UniqueRule.of(connection, definition.sqlName())));
  }

  TableDefinition definition() {
    return definition;
  }

  /** Which rows it does not allow side by side. */
  List<UniqueRule> rules() {
    return rules;
  }

  Optional<Column> column(String name) {
    return Optional.ofNullable(columns.get(name));
  }
}
