package io.helios.repl.apply;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.schema.CodeOnWrite;
import io.helios.repl.postgres.schema.Mismatch;
import io.helios.repl.postgres.schema.SchemaBuilder;
import io.helios.repl.postgres.schema.SchemaComparison;
import io.helios.repl.postgres.schema.SchemaPlan;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What the target's tables say, against the source's: there, fitting, writable, quiet. */
final class TargetTableCheck {

  private static final String RELATIONS =
      """
      SELECT n.nspname, c.relname, c.relkind::pg_catalog.text, c.relispartition, c.relpersistence = 'u' AS unlogged,
        pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS usable,
        pg_catalog.array_to_string(ARRAY(
          SELECT p.privilege
          FROM pg_catalog.unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRIGGER']) WITH ORDINALITY
            p (privilege, place)
          WHERE NOT pg_catalog.has_table_privilege(c.oid, p.privilege) AND (p.privilege = 'TRIGGER' OR NOT c.relispartition)
          ORDER BY p.place), ', ') AS lacking,
        pg_catalog.row_security_active(c.oid) AS hidden,
        pg_catalog.has_table_privilege(c.oid, 'TRUNCATE') AS truncatable
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      """;

  private static final String FIRING =
      """
      SELECT n.nspname, c.relname, 'TRIGGER' AS kind, t.tgname AS name
      FROM pg_catalog.pg_trigger t
      JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE NOT t.tgisinternal AND t.tgenabled IN ('A', 'R')
      UNION ALL
      SELECT n.nspname, c.relname, 'RULE', r.rulename
      FROM pg_catalog.pg_rewrite r
      JOIN pg_catalog.pg_class c ON c.oid = r.ev_class JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE r.ev_enabled IN ('A', 'R') AND c.relkind IN ('r', 'p')
      ORDER BY 1, 2, 3, 4
      """;

  private record Relation(
      char kind, boolean partition, boolean unlogged, boolean usable, String lacking, boolean hidden, boolean truncatable) {}

  private final Connection target;
  private final Connection source;
  private final String name;
  private final List<Finding> findings = new ArrayList<>();

  TargetTableCheck(Connection target, Connection source, String name) {
    this.target = target;
    this.source = source;
    this.name = name;
  }

  List<Finding> run(Collection<TableDefinition> tables) throws SQLException {
    String role = Identifiers.quote(role(target));
    Map<String, Relation> relations = relations();
    Map<String, TableDefinition> wanted =
        tables.stream().collect(Collectors.toMap(TableDefinition::sqlName, Function.identity(), (a, b) -> a));
    List<TableDefinition> there =
        Catalog.tables(target, (schema, table) -> wanted.containsKey(Identifiers.quote(schema, table)));
    Set<String> present = there.stream().map(TableDefinition::sqlName).collect(Collectors.toSet());
    for (TableDefinition table : tables) {
      Relation relation = relations.get(table.sqlName());
      if (relation != null && !present.contains(table.sqlName())) {
        add(
            Severity.ERROR,
            ErrorCode.TABLE_IS_SOMETHING_ELSE,
            table.qualifiedName(),
            " is " + (relation.partition() ? "a partition" : kind(relation.kind())) + " on the target",
            "rows need a table of that name",
            "rename it, or exclude the table from the tenant's tables");
      }
    }
    missing(tables.stream().filter(t -> !relations.containsKey(t.sqlName())).toList(), role);
    mismatches(tables.stream().filter(t -> present.contains(t.sqlName())).toList());
    Map<Integer, List<TableDefinition>> leaves = Catalog.leafPartitions(target, there);
    for (TableDefinition table : there) {
      rights(table, relations.get(table.sqlName()), role);
      leaves.getOrDefault(table.oid(), List.of())
          .forEach(leaf -> rights(leaf, relations.get(leaf.sqlName()), role));
    }
    firing(there, leaves);
    for (CodeOnWrite code : CodeOnWrite.read(target, there, (table, column) -> isGiven(wanted, table, column))) {
      add(
          Severity.WARN,
          ErrorCode.CODE_WHILE_APPLYING,
          code.table(),
          ": " + code.where() + " calls " + code.function(),
          "it runs as the applier on every row that is written",
          code.undo().isEmpty() ? "make sure that only its owner can replace it: \\df+ " + code.function() : code.undo());
    }
    return findings;
  }

  private static boolean isGiven(Map<String, TableDefinition> wanted, TableDefinition table, String column) {
    TableDefinition from = wanted.get(table.sqlName());
    return from != null && from.column(column).isPresent();
  }

  private Map<String, Relation> relations() throws SQLException {
    Map<String, Relation> relations = new HashMap<>();
    try (PreparedStatement query = target.prepareStatement(RELATIONS);
        ResultSet row = query.executeQuery()) {
      while (row.next()) {
        relations.put(
            Identifiers.quote(row.getString(1), row.getString(2)),
            new Relation(
                row.getString(3).charAt(0),
                row.getBoolean(4),
                row.getBoolean(5),
                row.getBoolean(6),
                row.getString(7),
                row.getBoolean(8),
                row.getBoolean(9)));
      }
    }
    return relations;
  }

  private void missing(List<TableDefinition> missing, String role) throws SQLException {
    SchemaPlan plan = SchemaBuilder.plan(source, target, missing);
    plan.leftOut().forEach(what -> findings.add(new Finding(
        Severity.INFO,
        ErrorCode.DEFINITION_LEFT_OUT,
        name + " will not have: " + what,
        "it runs code, or depends on tables of other tenants",
        "create it by hand where it is needed after a promotion")));
    if (plan.isEmpty()) {
      return;
    }
    String tables = missing.stream().map(TableDefinition::qualifiedName).collect(Collectors.joining(", "));
    List<String> forbidden = forbiddenSchemas(missing);
    if (forbidden.isEmpty()) {
      findings.add(new Finding(
          Severity.INFO,
          ErrorCode.TABLE_NOT_THERE,
          name + " lacks tables, which will be created: " + tables,
          "their definitions come from the source's catalog",
          TargetPreparation.lines(plan.statements())));
      return;
    }
    findings.add(new Finding(
        Severity.ERROR,
        ErrorCode.TABLE_NOT_THERE,
        name + " lacks tables: " + tables,
        "role " + role + " has no CREATE on " + String.join(", ", forbidden),
        TargetPreparation.lines(plan.statements()) + "\n" + TargetPreparation.grants(missing, role)));
  }

  /** Where the role may create nothing: schemas, or the database for schemas that are not there. */
  private List<String> forbiddenSchemas(List<TableDefinition> missing) throws SQLException {
    List<String> forbidden = new ArrayList<>();
    try (PreparedStatement query = target.prepareStatement(
        """
        SELECT CASE WHEN n.oid IS NULL THEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
                    ELSE pg_catalog.has_schema_privilege(n.oid, 'CREATE') END, n.oid IS NULL
        FROM (SELECT ?::pg_catalog.text) s (name) LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = s.name
        """)) {
      for (String schema : missing.stream().map(TableDefinition::schema).distinct().toList()) {
        query.setString(1, schema);
        try (ResultSet row = query.executeQuery()) {
          row.next();
          if (!row.getBoolean(1)) {
            forbidden.add(row.getBoolean(2) ? "the database (for schema " + schema + ")" : "schema " + schema);
          }
        }
      }
    }
    return forbidden;
  }

  private void mismatches(List<TableDefinition> present) throws SQLException {
    for (Mismatch mismatch : SchemaComparison.mismatches(source, target, present)) {
      if (mismatch.atSource()) {
        continue; // The source's own check tells it, with what mends it there.
      }
      findings.add(new Finding(
          Severity.ERROR,
          ErrorCode.TABLE_UNFIT,
          name + ": " + mismatch,
          "what the source holds could not be written, or would not be the same",
          mismatch.mending().isEmpty() ? "make the target's definition fit the source's" : mismatch.mending(),
          mismatch.object()));
    }
  }

  private void rights(TableDefinition table, @Nullable Relation relation, String role) {
    if (relation == null) {
      return;
    }
    if (!relation.usable() || !relation.lacking().isEmpty()) {
      String lacking = relation.lacking().isEmpty() ? "USAGE on its schema" : relation.lacking();
      String grant = relation.lacking().isEmpty()
          ? ""
          : "\nGRANT " + relation.lacking() + (relation.truncatable() || relation.partition() ? "" : ", TRUNCATE") + " ON " + table.sqlName() + " TO " + role + ";";
      add(
          Severity.ERROR,
          ErrorCode.TABLE_NOT_WRITABLE,
          table.qualifiedName(),
          ": role " + role + " lacks " + lacking,
          "changes are applied with it, and the read-only guard is a trigger",
          "GRANT USAGE ON SCHEMA " + Identifiers.quote(table.schema()) + " TO " + role + ";" + grant);
    }
    if (relation.usable() && relation.lacking().isEmpty() && !relation.truncatable() && !relation.partition()) {
      add(
          Severity.WARN,
          ErrorCode.TABLE_NOT_WRITABLE,
          table.qualifiedName(),
          ": role " + role + " lacks TRUNCATE",
          "where all of the table is one tenant's, a TRUNCATE at the source would stop the tenant",
          "GRANT TRUNCATE ON " + table.sqlName() + " TO " + role + ";");
    }
    if (relation.hidden() && !relation.partition()) {
      add(
          Severity.ERROR,
          ErrorCode.TARGET_ROWS_HIDDEN,
          table.qualifiedName(),
          " has row-level security that applies to role " + role,
          "updates and deletes would miss the rows that it hides",
          "ALTER ROLE " + role + " BYPASSRLS;");
    }
    if (relation.unlogged()) {
      add(
          Severity.ERROR,
          ErrorCode.TARGET_UNLOGGED,
          table.qualifiedName(),
          " is unlogged on the target",
          "a crash empties it, and nobody would notice",
          "ALTER TABLE " + table.sqlName() + " SET LOGGED;");
    }
  }

  private void firing(List<TableDefinition> there, Map<Integer, List<TableDefinition>> leaves) throws SQLException {
    Set<String> ours = there.stream().map(TableDefinition::sqlName).collect(Collectors.toSet());
    leaves.values().forEach(l -> l.forEach(leaf -> ours.add(leaf.sqlName())));
    try (PreparedStatement query = target.prepareStatement(FIRING);
        ResultSet row = query.executeQuery()) {
      while (row.next()) {
        String table = Identifiers.quote(row.getString(1), row.getString(2));
        if (ours.contains(table)) {
          add(
              Severity.WARN,
              ErrorCode.FIRES_WHILE_APPLYING,
              row.getString(1) + "." + row.getString(2),
              ": " + row.getString(3).toLowerCase(java.util.Locale.ROOT) + " " + row.getString(4)
                  + " fires while changes are applied",
              "it is enabled ALWAYS or for REPLICA, and runs as the applier",
              "ALTER TABLE " + table + " ENABLE " + row.getString(3) + " " + Identifiers.quote(row.getString(4)) + ";");
        }
      }
    }
  }

  private static String kind(char relkind) {
    return switch (relkind) {
      case 'v' -> "a view";
      case 'm' -> "a materialized view";
      case 'f' -> "a foreign table";
      default -> "something else";
    };
  }

  static String role(Connection connection) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement("SELECT current_user::pg_catalog.text");
        ResultSet row = query.executeQuery()) {
      row.next();
      return row.getString(1);
    }
  }

  private void add(Severity severity, ErrorCode code, String table, String message, String why, String hint) {
    findings.add(new Finding(severity, code, name + ": " + table + message, why, hint, table));
  }
}
