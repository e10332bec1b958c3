package io.helios.repl.capture;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.TableDefinition.ColumnDefinition;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import io.helios.repl.tenant.TableFilter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the tables that take part say, one by one: rights, tenant column, replica identity. */
final class SourceTableCheck {

  /** Types whose values have one byte form each: int2, int4, int8, uuid, text, varchar, char(n), name; and enums. */
  private static final Set<Integer> TENANT_TYPES = Set.of(21, 23, 20, 2950, 25, 1043, 1042, 19);

  private static final String RELATIONS =
      """
      SELECT n.nspname, c.relname, c.oid::pg_catalog.int8, c.relkind::pg_catalog.text, c.relispartition,
        c.relpersistence = 'u' AS unlogged,
        pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable,
        pg_catalog.row_security_active(c.oid) AS hidden,
        ARRAY(
          SELECT a.attname::pg_catalog.text
          FROM pg_catalog.pg_index i
          JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
          WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL) AS leading
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'f', 'm') AND NOT c.relispartition AND c.relpersistence <> 't'
        AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'helios')
      ORDER BY n.nspname, c.relname
      """;

  /** What the definition does not tell. */
  private record Facts(boolean unlogged, boolean readable, boolean hidden, List<String> leadingColumns) {}

  /** A table there is, taken or not. */
  private record Name(String schema, String table) {}

  private final Connection connection;
  private final SourceScope scope;
  private final String source;
  private final String role;
  private final List<Name> names = new ArrayList<>();
  private final List<Finding> findings = new ArrayList<>();
  private final @Nullable CheckpointTableCheck polled;

  SourceTableCheck(Connection connection, SourceScope scope, String role) {
    this.connection = connection;
    this.scope = scope;
    this.source = "source \"" + scope.source() + "\"";
    this.role = Identifiers.quote(role);
    this.polled = scope.capture() instanceof CaptureMode.Checkpoint checkpoint
        ? new CheckpointTableCheck(connection, checkpoint, source, findings)
        : null;
  }

  List<Finding> run(List<TableDefinition> tables) throws SQLException {
    IdentityPlan identities = IdentityPlan.read(connection, tables);
    Map<Integer, Facts> facts = relations();
    for (TableDefinition table : tables) {
      Facts of = facts.get(table.oid());
      if (of != null) {
        check(table, of, identities);
      }
    }
    new SourceOddities(connection, source, role).find(tables, findings, polled == null);
    globs(scope.tables(), "tables");
    if (scope.referenceTables() != null) {
      globs(scope.referenceTables(), "reference-tables");
    }
    return findings;
  }

  private Map<Integer, Facts> relations() throws SQLException {
    Map<Integer, Facts> facts = new HashMap<>();
    List<String> aside = new ArrayList<>();
    try (PreparedStatement query = connection.prepareStatement(RELATIONS);
        ResultSet row = query.executeQuery()) {
      while (row.next()) {
        String schema = row.getString(1);
        String name = row.getString(2);
        names.add(new Name(schema, name));
        String kind = row.getString(4);
        if (!scope.takes(schema, name)) {
          if (!kind.equals("m")) {
            aside.add(schema + "." + name);
          }
        } else if (kind.equals("m")) {
          add(
              Severity.WARN,
              ErrorCode.MATERIALIZED_VIEW,
              schema + "." + name,
              " is a materialized view and not replicated",
              "its rows are not in the WAL stream; each database makes its own by REFRESH",
              "exclude it: tables: [\"!" + schema + "." + name + "\"]");
        } else if (kind.equals("f")) {
          add(
              Severity.WARN,
              ErrorCode.FOREIGN_TABLE,
              schema + "." + name,
              " is a foreign table and not replicated",
              "its rows are in another server, not in this WAL",
              "exclude it: tables: [\"!" + schema + "." + name + "\"]");
        } else {
          facts.put(
              (int) row.getLong(3),
              new Facts(
                  row.getBoolean("unlogged"),
                  row.getBoolean("readable"),
                  row.getBoolean("hidden"),
                  List.of((String[]) row.getArray("leading").getArray())));
        }
      }
    }
    if (!aside.isEmpty()) {
      findings.add(new Finding(
          Severity.INFO,
          ErrorCode.TABLES_NOT_TAKEN,
          source + ": " + aside.size() + " tables take no part: "
              + String.join(", ", aside.subList(0, Math.min(20, aside.size()))) + (aside.size() > 20 ? ", …" : ""),
          "no glob takes them, or they are in no tenant's schema",
          "name them in tables: or reference-tables: if they should"));
    }
    return facts;
  }

  private void globs(TableFilter filter, String key) {
    for (String glob : filter.globs()) {
      TableFilter one = new TableFilter(List.of(glob.startsWith("!") ? glob.substring(1) : glob));
      if (names.stream().noneMatch(n -> one.matches(n.schema(), n.table()))) {
        findings.add(new Finding(
            Severity.WARN,
            ErrorCode.GLOB_WITHOUT_TABLE,
            source + ": \"" + glob + "\" in " + key + " fits no table",
            "it may be misspelt; a glob without a dot means schema public",
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema');"));
      }
    }
  }

  private void check(TableDefinition table, Facts facts, IdentityPlan identities) throws SQLException {
    String name = table.qualifiedName();
    if (facts.unlogged() && polled == null) {
      error(
          ErrorCode.TABLE_UNLOGGED,
          name,
          " is unlogged",
          "its changes are not in the WAL",
          "ALTER TABLE " + table.sqlName() + " SET LOGGED;");
    }
    if (!facts.readable()) {
      error(
          ErrorCode.TABLE_NOT_READABLE,
          name,
          " cannot be read by role " + role,
          (polled == null ? "the initial copy reads" : "polls read") + " it with SELECT",
          "GRANT USAGE ON SCHEMA " + Identifiers.quote(table.schema()) + " TO " + role + ";\nGRANT SELECT ON "
              + table.sqlName() + " TO " + role + ";");
    } else if (facts.hidden()) {
      error(
          ErrorCode.ROWS_HIDDEN,
          name,
          " has row-level security that applies to role " + role,
          "a copy would lack the rows that it hides",
          "ALTER ROLE " + role + " BYPASSRLS;");
    }
    if (tenantColumn(table, facts)) {
      if (polled == null) {
        identity(table, identities);
      } else {
        polled.check(table);
      }
    }
  }

  /** Whether the table can take part as far as its tenant column goes. */
  private boolean tenantColumn(TableDefinition table, Facts facts) {
    String name = scope.tenantColumn(table);
    if (name == null) {
      return true;
    }
    ColumnDefinition column = table.column(name).orElse(null);
    String quoted = Identifiers.quote(name);
    if (column == null) {
      error(
          ErrorCode.TABLE_WITHOUT_TENANT,
          table.qualifiedName(),
          " has no column " + name,
          "nothing tells whose its rows are",
          "exclude it: tables: [\"!" + table.qualifiedName() + "\"], or carry it whole: reference-tables: [\""
              + table.qualifiedName() + "\"]");
      return false;
    }
    if (column.isGenerated()) {
      error(
          ErrorCode.TENANT_COLUMN_GENERATED,
          table.qualifiedName(),
          " generates its column " + name,
          "generated columns are not in the WAL stream, so nothing tells whose a change is",
          "ALTER TABLE " + table.sqlName() + " ALTER COLUMN " + quoted + " DROP EXPRESSION;");
      return false;
    }
    if (!TENANT_TYPES.contains(column.typeOid()) && column.typeKind() != 'e') {
      error(
          ErrorCode.TENANT_KEY_TYPE,
          table.qualifiedName(),
          ": column " + name + " is of type " + column.typeSql(),
          "equal values of that type may have different bytes; smallint, integer, bigint, uuid, text, varchar, char, name"
              + " and enums can tell tenants apart",
          "ALTER TABLE " + table.sqlName() + " ALTER COLUMN " + quoted + " TYPE text;");
      return false;
    }
    if (!column.notNull()) {
      add(
          Severity.WARN,
          ErrorCode.TENANT_COLUMN_NULLABLE,
          table.qualifiedName(),
          ": column " + name + " may be null",
          "rows without a tenant are not replicated",
          "ALTER TABLE " + table.sqlName() + " ALTER COLUMN " + quoted + " SET NOT NULL;");
    }
    if (!facts.leadingColumns().contains(name)) {
      add(
          Severity.WARN,
          ErrorCode.TENANT_COLUMN_NOT_INDEXED,
          table.qualifiedName(),
          " has no index that starts with " + name,
          "copying and verifying one tenant reads the whole table",
          "CREATE INDEX " + (table.kind() == 'p' ? "" : "CONCURRENTLY ") + "ON " + table.sqlName() + " (" + quoted
              + ");");
    }
    return true;
  }

  private void identity(TableDefinition table, IdentityPlan identities) {
    String tenantColumn = scope.tenantColumn(table);
    String hint = SourceCheck.lines(identities.mend(table, tenantColumn));
    if (table.columns().stream().allMatch(ColumnDefinition::isGenerated)) {
      error(
          ErrorCode.NO_REPLICA_IDENTITY,
          table.qualifiedName(),
          " has no column that could tell its rows apart",
          "nothing of a row is in the WAL: there is no column, or all are generated",
          "exclude it: tables: [\"!" + table.qualifiedName() + "\"]");
    } else if (table.identityKey().isEmpty()) {
      error(
          ErrorCode.NO_REPLICA_IDENTITY,
          table.qualifiedName(),
          " has no replica identity",
          "once published, PostgreSQL would refuse its updates and deletes",
          hint);
    } else if (!IdentityPlan.fits(table, tenantColumn)) {
      error(
          ErrorCode.IDENTITY_WITHOUT_TENANT,
          table.qualifiedName(),
          " does not log " + tenantColumn + " of the old row: it is not in the replica identity",
          "an update or delete would not tell whose row it was",
          hint);
    } else if (!identities.unfitLeaves(table).isEmpty()) {
      List<String> leaves =
          identities.unfitLeaves(table).stream().map(TableDefinition::qualifiedName).toList();
      error(
          ErrorCode.PARTITION_IDENTITY,
          table.qualifiedName(),
          " has partitions with a lesser replica identity: " + String.join(", ", leaves),
          "what is logged of an old row is decided by its partition",
          hint);
    } else if (table.kind() == 'p' && table.replicaIdentity() != 'd') {
      add(
          Severity.INFO,
          ErrorCode.PARTITION_IDENTITY,
          table.qualifiedName(),
          " has a replica identity that new partitions do not inherit",
          "updates of a new partition may be refused or log too little until it is prepared",
          "helios-repl source prepare " + scope.source());
    }
    if (table.kind() == 'p') {
      add(
          Severity.INFO,
          ErrorCode.PARTITION_EMPTIED_ALONE,
          table.qualifiedName(),
          ": TRUNCATE, DETACH or DROP of one of its partitions is not replicated",
          "it is published by its root, and PostgreSQL does not send these",
          "DELETE FROM the partition instead; or afterwards: helios-repl tenant resync NAME");
    }
    if (table.identityKey().isEmpty() || table.replicaIdentity() == 'f') {
      boolean keyless = table.primaryKey().isEmpty() && table.uniqueKeys().isEmpty();
      if (keyless) {
        add(
            Severity.WARN,
            ErrorCode.TABLE_WITHOUT_KEY,
            table.qualifiedName(),
            " has no key",
            "each update and delete compares whole rows, and logs the old one",
            "ALTER TABLE " + table.sqlName() + " ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;");
      }
    }
  }

  private void error(ErrorCode code, String table, String message, String why, String hint) {
    add(Severity.ERROR, code, table, message, why, hint);
  }

  private void add(Severity severity, ErrorCode code, String table, String message, String why, String hint) {
    findings.add(new Finding(severity, code, source + ": " + table + message, why, hint, table));
  }
}
