package io.helios.repl.verify;

import io.helios.repl.apply.CopyLedger;
import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.ConnectionScope;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A tenant's tables as the target has them. */
final class TablesAtTarget {

  private TablesAtTarget() {}

  /**
   * The same tables with the definitions that the target has.
   *
   * @throws OperatorException when it lacks one, or the tenant's column in it
   */
  static Map<TableName, TenantTable> read(
      ConnectionScope scope, ConnectionSettings target, String tenant, Collection<TenantTable> tables) {
    Connection connection = scope.open(() -> PgConnections.open(target, "verify", tenant));
    try {
      Map<TableName, TenantTable> wanted = new HashMap<>();
      tables.forEach(table -> wanted.put(TableName.of(table.definition()), table));
      Map<TableName, TenantTable> found = new HashMap<>();
      for (TableDefinition definition :
          Catalog.tables(connection, (schema, name) -> wanted.containsKey(new TableName(schema, name)))) {
        TenantTable table = wanted.get(TableName.of(definition));
        String column = table == null ? null : table.keyColumn();
        if (table != null && (column == null || definition.column(column).isPresent())) {
          found.put(TableName.of(definition), new TenantTable(definition, column, table.key()));
        }
      }
      List<String> missing = tables.stream()
          .filter(table -> !found.containsKey(TableName.of(table.definition())))
          .map(TenantTable::qualifiedName)
          .toList();
      if (!missing.isEmpty()) {
        throw new OperatorException(new Problem(
            ErrorCode.VERIFY_TABLE_MISSING,
            "the target lacks " + String.join(", ", missing),
            "the table, or the tenant's column in it, is not there",
            "helios-repl tenant resync " + tenant));
      }
      return found;
    } catch (SQLException e) {
      throw SqlStates.classify(
          e, ErrorCode.VERIFY_TARGET_FAILED, "reading the target's catalog failed", "helios-repl target check");
    } finally {
      scope.close(connection);
    }
  }

  /** How many rows of the tenant one of them holds. */
  static long rows(Connection connection, Map<TableName, TenantTable> tables, TableName name) {
    TenantTable table = tables.get(name);
    if (table == null) {
      throw new IllegalStateException("no table " + name);
    }
    try {
      return CopyLedger.rows(connection, table);
    } catch (SQLException e) {
      throw SqlStates.classify(
          e, ErrorCode.VERIFY_TARGET_FAILED, "counting the rows of " + name + " failed", "helios-repl target check");
    }
  }
}
