package io.helios.repl.apply;

import io.helios.repl.change.TenantTable;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.TableName;
import io.helios.repl.tenant.Tenant;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Keeps everybody but the applier from writing a replica tenant's rows at the target, superusers included: SQLSTATE 25006
 * and the region where to write instead. The applier passes since its triggers are off
 * ({@code session_replication_role = replica}).
 *
 * <ul>
 *   <li>Shared tables: triggers ask for the tenants of the rows, so other tenants' rows stay writable ({@link
 *       GuardTriggers}). They fire after the rows were written, so that no other trigger can change the tenant behind them. One
 *       that is called for each row does so, by its name {@code !helios_guard}, before foreign keys are checked and other
 *       triggers see the row; the error undoes the statement. A trigger before the row would cost the applier a lock on each updated row
 *       ({@code ExecBRUpdateTriggers}, trigger.c) and COPY its pages of rows ({@code CopyFrom}, copyfrom.c), even while it is
 *       off. TRUNCATE is refused as long as a replica is in the table.
 *   <li>Tables of one tenant, and reference tables: a statement trigger on the table and on each partition. One that
 *       inherits from another has a row trigger too, since a statement on the parent fires none for its children.
 * </ul>
 *
 * A table's guard knows its tenants from {@code helios.guarded}; after the last one has left the triggers are swept away. Where
 * the role may not drop triggers (it does not own the table) they stay and let everything pass. All methods are
 * idempotent, and belong to the connection's thread.
 */
public final class ReadOnlyGuard {

  private ReadOnlyGuard() {}

  /**
   * Guards one table for a replica, which {@code helios.replica} must know. Call it again when partitions were added. In the
   * caller's transaction.
   *
   * @param tenantColumn null when all of the table is the tenant's
   * @param tenantKey the tenant's value in that column, as text; ignored without one
   * @throws SQLException as PostgreSQL answers; the role needs TRIGGER on the table
   */
  public static void install(
      Connection connection, UUID tenant, String schema, String table, @Nullable String tenantColumn, String tenantKey)
      throws SQLException {
    int guard = guard(connection, tenant, schema, table, tenantColumn, tenantKey);
    execute(connection, GuardTriggers.ROWS.missing(connection, guard, schema, table, tenantColumn));
  }

  /**
   * As {@link #install}, for a tenant that is written here: where no replica is applied to the table, and nobody writes it
   * but by its own name, once for each statement.
   */
  public static void arm(
      Connection connection, UUID tenant, String schema, String table, @Nullable String tenantColumn, String tenantKey)
      throws SQLException {
    int guard = guard(connection, tenant, schema, table, tenantColumn, tenantKey);
    GuardTriggers manner = GuardTriggers.of(connection, schema, table);
    if (manner == GuardTriggers.ROWS && !hasReplicas(connection, guard)
        && GuardTriggers.isAlone(connection, schema, table)) {
      manner = GuardTriggers.STATEMENTS;
    }
    execute(connection, manner.missing(connection, guard, schema, table, tenantColumn));
  }

  /** The same for the tables of a replica, as {@link #install} does, in a transaction for each. */
  public static void install(Connection connection, Tenant tenant, Collection<TenantTable> tables) throws SQLException {
    for (TenantTable table : tables) {
      PatientChange.run(
          connection,
          () ->
              install(
                  connection, tenant.id(), table.definition().schema(), table.definition().name(), table.keyColumn(),
                  tenant.key()));
    }
  }

  /**
   * SQL that makes the triggers that should be there and are not: somebody dropped them, or a partition was added since.
   * Those that are switched off stay so; their table's owner switches them on.
   */
  public static List<String> missing(Connection connection) throws SQLException {
    List<String> sql = new ArrayList<>();
    for (GuardGaps.Gap gap : GuardGaps.read(connection)) {
      if (gap.kind() == GuardGaps.Kind.MISSING) {
        GuardTriggers.of(connection, gap.schema(), gap.table())
            .missing(connection, gap.guard(), gap.schema(), gap.table(), gap.tenantColumn()).stream()
            .filter(statement -> !sql.contains(statement)) // one function serves many tables
            .forEach(sql::add);
      }
    }
    return sql;
  }

  /** Lifts the tenant's guard from all tables: it may be written here from now on, or is gone. In the caller's transaction. */
  public static void lift(Connection connection, UUID tenant) throws SQLException {
    try (PreparedStatement delete =
        connection.prepareStatement("DELETE FROM helios.guarded WHERE tenant = ?::pg_catalog.uuid")) {
      delete.setString(1, tenant.toString());
      delete.executeUpdate();
    }
  }

  /**
   * Takes the triggers from tables that guard nobody any more, in a transaction for each: they let everything pass until then.
   *
   * @param connection in autocommit mode
   */
  public static void sweep(Connection connection) throws SQLException {
    List<TableName> idle = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(
            "SELECT g.schema_name, g.table_name FROM helios.guard g"
                + " WHERE NOT EXISTS (SELECT FROM helios.guarded d WHERE d.guard = g.id) ORDER BY 1, 2")) {
      while (row.next()) {
        idle.add(new TableName(row.getString(1), row.getString(2)));
      }
    }
    for (TableName table : idle) {
      PatientChange.run(connection, () -> dropIdle(connection, table.schema(), table.name()));
    }
  }

  private static void dropIdle(Connection connection, String schema, String table) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(
        "SELECT g.id, pg_catalog.to_regclass(?) IS NULL FROM helios.guard g WHERE g.schema_name = ? AND g.table_name = ?"
            + " AND NOT EXISTS (SELECT FROM helios.guarded d WHERE d.guard = g.id) FOR UPDATE OF g")) {
      query.setString(1, Identifiers.quote(schema, table));
      query.setString(2, schema);
      query.setString(3, table);
      try (ResultSet row = query.executeQuery()) {
        if (!row.next() || !row.getBoolean(2) && !GuardTriggers.mayDrop(connection, schema, table)) {
          return;
        }
        execute(connection, GuardTriggers.drop(connection, schema, table));
        execute(connection, List.of("DELETE FROM helios.guard WHERE id = " + row.getInt(1)));
      }
    }
  }

  private static int guard(
      Connection connection, UUID tenant, String schema, String table, @Nullable String tenantColumn, String tenantKey)
      throws SQLException {
    int guard;
    try (PreparedStatement insert = connection.prepareStatement(
        "INSERT INTO helios.guard (schema_name, table_name, tenant_column) VALUES (?, ?, ?)"
            + " ON CONFLICT (schema_name, table_name) DO UPDATE SET tenant_column = EXCLUDED.tenant_column"
            + " RETURNING id")) {
      insert.setString(1, schema);
      insert.setString(2, table);
      insert.setString(3, tenantColumn);
      try (ResultSet row = insert.executeQuery()) {
        row.next();
        guard = row.getInt(1);
      }
    }
    try (PreparedStatement insert = connection.prepareStatement(
        "INSERT INTO helios.guarded (guard, tenant_key, tenant) VALUES (?, ?, ?::pg_catalog.uuid)"
            + " ON CONFLICT DO NOTHING")) {
      insert.setInt(1, guard);
      insert.setString(2, tenantColumn == null ? "" : tenantKey);
      insert.setString(3, tenant.toString());
      insert.executeUpdate();
    }
    return guard;
  }

  private static boolean hasReplicas(Connection connection, int guard) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(
        "SELECT EXISTS (SELECT FROM helios.guarded d JOIN helios.replica r ON r.tenant = d.tenant"
            + " WHERE d.guard = ? AND r.role = 'replica')")) {
      query.setInt(1, guard);
      try (ResultSet row = query.executeQuery()) {
        return row.next() && row.getBoolean(1);
      }
    }
  }

  private static void execute(Connection connection, List<String> statements) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }
}
