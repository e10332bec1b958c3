package io.helios.repl.pipeline;

import io.helios.repl.apply.ReadOnlyGuard;
import io.helios.repl.apply.Replicas;
import io.helios.repl.apply.TargetSchema;
import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.tenant.Tenant;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/** Takes a tenant out of its target's records, and lifts its guard; with purging, takes its rows along. */
final class TenantRemoval {

  private final TargetEngine target;
  private final TenantTables tables;
  private final SourceEngine source;

  TenantRemoval(SourceEngine source, TargetEngine target, TenantTables tables) {
    this.source = source;
    this.target = target;
    this.tables = tables;
  }

  void run(Tenant tenant, boolean purge) {
    List<TenantTable> rows = purge ? tablesToPurge(tenant) : List.of();
    try (Connection connection = PgConnections.openForDefinitions(target.settings().connection(), "remove", tenant.name())) {
      if (TargetSchema.installedVersion(connection) == 0) {
        return;
      }
      connection.setAutoCommit(false);
      ReadOnlyGuard.lift(connection, tenant.id());
      for (TenantTable table : rows) {
        delete(connection, table);
      }
      Replicas.remove(connection, tenant.id());
      connection.commit();
      connection.setAutoCommit(true);
      ReadOnlyGuard.sweep(connection);
    } catch (SQLException e) {
      throw SqlStates.classify(
          e,
          ErrorCode.TENANT_NOT_REMOVED,
          "tenant \"" + tenant.name() + "\" cannot be removed from target \"" + target.settings().name() + "\"",
          "helios-repl target check " + target.settings().name());
    }
  }

  private List<TenantTable> tablesToPurge(Tenant tenant) {
    try (Connection connection = PgConnections.openForDefinitions(source.settings().connection(), "remove", tenant.name())) {
      return tables.read(connection, tenant);
    } catch (SQLException e) {
      throw SqlStates.classify(
          e,
          ErrorCode.TENANT_NOT_REMOVED,
          "the tables of tenant \"" + tenant.name() + "\" cannot be read from source \""
              + source.settings().name() + "\"",
          "helios-repl source check " + source.settings().name());
    }
  }

  private static void delete(Connection connection, TenantTable table) throws SQLException {
    String sql = "DELETE FROM " + table.definition().sqlName();
    if (table.keyColumn() == null) {
      try (Statement statement = connection.createStatement()) {
        statement.execute(sql);
      }
      return;
    }
    String type = table.definition().column(table.keyColumn()).orElseThrow().typeSql();
    String condition =
        " WHERE " + io.helios.repl.postgres.Identifiers.quote(table.keyColumn())
            + " OPERATOR(pg_catalog.=) CAST(? AS " + type + ")";
    try (PreparedStatement statement = connection.prepareStatement(sql + condition)) {
      statement.setString(1, table.key());
      statement.executeUpdate();
    }
  }
}
