package io.helios.repl.apply;

import io.helios.repl.postgres.Identifiers;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Keeps everybody but the applier from writing a replica tenant's rows at the target, superusers included: SQLSTATE 25006
 * and the region where to write instead. The applier passes since its triggers are off
 * ({@code session_replication_role = replica}).
 *
 * <ul>
 *   <li>Shared tables: a row trigger asks for the row's tenant, so other tenants' rows stay writable. It fires after the
 *       row was written, so that no other trigger can change the tenant behind it, and, by its name
 *       {@code !helios_guard}, before foreign keys are checked and other triggers see the row; the error undoes the
 *       statement. A trigger before it would cost the applier a lock on each updated row ({@code ExecBRUpdateTriggers},
 *       trigger.c) and COPY its pages of rows ({@code CopyFrom}, copyfrom.c), even while it is off. PostgreSQL gives it
 *       to partitions by itself. TRUNCATE is refused as long as a replica is in the table.
 *   <li>Tables of one tenant, and reference tables: a statement trigger on the table and on each partition. One that
 *       inherits from another has a row trigger too, since a statement on the parent fires none for its children.
 * </ul>
 *
 * A table's guard knows its tenants from {@code helios.guarded}; the last one that leaves takes the triggers along. Where
 * the role may not drop triggers (it does not own the table) they stay and let everything pass. All methods are
 * idempotent, run in the caller's transaction, and belong to the connection's thread.
 */
public final class ReadOnlyGuard {

  private static final String ROW_TRIGGER = Identifiers.quote("!helios_guard");
  private static final String TABLE_TRIGGER = Identifiers.quote("!helios_guard_table");

  private ReadOnlyGuard() {}

  /**
   * Guards one table for one tenant, which {@code helios.replica} must know. Call it again when partitions were added.
   *
   * @param tenantColumn null when all of the table is the tenant's
   * @param tenantKey the tenant's value in that column, as text; ignored without one
   * @throws SQLException as PostgreSQL answers; the role needs TRIGGER on the table
   */
  public static void install(
      Connection connection, UUID tenant, String schema, String table, @Nullable String tenantColumn, String tenantKey)
      throws SQLException {
    int guard = guard(connection, schema, table, tenantColumn);
    try (PreparedStatement insert = connection.prepareStatement(
        "INSERT INTO helios.guarded (guard, tenant_key, tenant) VALUES (?, ?, ?::pg_catalog.uuid)"
            + " ON CONFLICT DO NOTHING")) {
      insert.setInt(1, guard);
      insert.setString(2, tenantColumn == null ? "" : tenantKey);
      insert.setString(3, tenant.toString());
      insert.executeUpdate();
    }
    try (Statement statement = connection.createStatement()) {
      for (String sql : triggers(connection, guard, schema, table, tenantColumn)) {
        statement.execute(sql);
      }
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
        triggers(connection, gap.guard(), gap.schema(), gap.table(), gap.tenantColumn()).stream()
            .filter(statement -> !sql.contains(statement)) // one function serves many tables
            .forEach(sql::add);
      }
    }
    return sql;
  }

  /** Lifts the tenant's guard from one table, whatever is left of the triggers. */
  public static void remove(Connection connection, UUID tenant, String schema, String table) throws SQLException {
    try (PreparedStatement delete = connection.prepareStatement(
        "DELETE FROM helios.guarded d USING helios.guard g WHERE d.guard = g.id AND d.tenant = ?::pg_catalog.uuid"
            + " AND g.schema_name = ? AND g.table_name = ?")) {
      delete.setString(1, tenant.toString());
      delete.setString(2, schema);
      delete.setString(3, table);
      delete.executeUpdate();
    }
    sweep(connection);
  }

  /** Lifts the tenant's guard from all tables: it may be written here from now on, or is gone. */
  public static void remove(Connection connection, UUID tenant) throws SQLException {
    try (PreparedStatement delete =
        connection.prepareStatement("DELETE FROM helios.guarded WHERE tenant = ?::pg_catalog.uuid")) {
      delete.setString(1, tenant.toString());
      delete.executeUpdate();
    }
    sweep(connection);
  }

  /** The triggers of a table, as SQL; also what a role with more rights may run when ours has no TRIGGER right. */
  private static List<String> triggers(
      Connection connection, int guard, String schema, String table, @Nullable String tenantColumn)
      throws SQLException {
    List<String> sql = new ArrayList<>();
    if (tenantColumn != null) {
      try (PreparedStatement there =
          connection.prepareStatement("SELECT pg_catalog.to_regprocedure(?) IS NOT NULL")) {
        there.setString(1, GuardFunctions.rowFunctionName(tenantColumn) + "()");
        try (ResultSet row = there.executeQuery()) {
          if (row.next() && !row.getBoolean(1)) {
            sql.add(GuardFunctions.rowFunction(tenantColumn));
            sql.add("REVOKE ALL ON FUNCTION " + GuardFunctions.rowFunctionName(tenantColumn) + "() FROM PUBLIC");
          }
        }
      }
      if (!hasTrigger(connection, schema, table, "!helios_guard")) {
        sql.add("CREATE TRIGGER " + ROW_TRIGGER + " AFTER INSERT OR UPDATE OR DELETE ON "
            + Identifiers.quote(schema, table) + " FOR EACH ROW EXECUTE FUNCTION "
            + GuardFunctions.rowFunctionName(tenantColumn) + "('" + guard + "')");
      }
    } else if (inherits(connection, schema, table) && !hasTrigger(connection, schema, table, "!helios_guard")) {
      sql.add("CREATE TRIGGER " + ROW_TRIGGER + " AFTER UPDATE OR DELETE ON " + Identifiers.quote(schema, table)
          + " FOR EACH ROW EXECUTE FUNCTION helios.guard_table('" + guard + "')");
    }
    String events = tenantColumn == null ? "INSERT OR UPDATE OR DELETE OR TRUNCATE" : "TRUNCATE";
    for (String[] name : withPartitions(connection, schema, table)) {
      if (!hasTrigger(connection, name[0], name[1], "!helios_guard_table")) {
        sql.add("CREATE TRIGGER " + TABLE_TRIGGER + " BEFORE " + events + " ON " + Identifiers.quote(name[0], name[1])
            + " FOR EACH STATEMENT EXECUTE FUNCTION helios.guard_table('" + guard + "')");
      }
    }
    return sql;
  }

  private static int guard(Connection connection, String schema, String table, @Nullable String tenantColumn)
      throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(
        "INSERT INTO helios.guard (schema_name, table_name, tenant_column) VALUES (?, ?, ?)"
            + " ON CONFLICT (schema_name, table_name) DO UPDATE SET tenant_column = EXCLUDED.tenant_column"
            + " RETURNING id")) {
      insert.setString(1, schema);
      insert.setString(2, table);
      insert.setString(3, tenantColumn);
      try (ResultSet row = insert.executeQuery()) {
        row.next();
        return row.getInt(1);
      }
    }
  }

  private static List<String[]> withPartitions(Connection connection, String schema, String table)
      throws SQLException {
    List<String[]> names = new ArrayList<>();
    names.add(new String[] {schema, table});
    try (PreparedStatement query = connection.prepareStatement(
        """
        SELECT n.nspname, c.relname
        FROM pg_catalog.pg_partition_tree(pg_catalog.to_regclass(?)) t
        JOIN pg_catalog.pg_class c ON c.oid = t.relid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE t.level > 0 AND c.relkind IN ('r', 'p')
        """)) {
      query.setString(1, Identifiers.quote(schema, table));
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          names.add(new String[] {row.getString(1), row.getString(2)});
        }
      }
    }
    return names;
  }

  private static boolean inherits(Connection connection, String schema, String table) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhrelid = pg_catalog.to_regclass(?))")) {
      query.setString(1, Identifiers.quote(schema, table));
      try (ResultSet row = query.executeQuery()) {
        return row.next() && row.getBoolean(1);
      }
    }
  }

  private static boolean hasTrigger(Connection connection, String schema, String table, String trigger)
      throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = pg_catalog.to_regclass(?) AND tgname = ?)")) {
      query.setString(1, Identifiers.quote(schema, table));
      query.setString(2, trigger);
      try (ResultSet row = query.executeQuery()) {
        return row.next() && row.getBoolean(1);
      }
    }
  }

  /** Takes the triggers from tables that guard nobody any more. */
  private static void sweep(Connection connection) throws SQLException {
    List<String[]> idle = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(
            """
            SELECT g.id, g.schema_name, g.table_name, coalesce(pg_catalog.pg_has_role(c.relowner, 'USAGE'), true)
            FROM helios.guard g
            LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = g.schema_name
            LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = g.table_name
            WHERE NOT EXISTS (SELECT FROM helios.guarded d WHERE d.guard = g.id) FOR UPDATE OF g
            """)) {
      while (row.next()) {
        if (row.getBoolean(4)) {
          idle.add(new String[] {row.getString(1), row.getString(2), row.getString(3)});
        }
      }
    }
    try (Statement statement = connection.createStatement()) {
      for (String[] guard : idle) {
        for (String[] name : withPartitions(connection, guard[1], guard[2])) {
          String on = Identifiers.quote(name[0], name[1]);
          if (hasTrigger(connection, name[0], name[1], "!helios_guard_table")) {
            statement.execute("DROP TRIGGER " + TABLE_TRIGGER + " ON " + on);
          }
        }
        if (hasTrigger(connection, guard[1], guard[2], "!helios_guard")) {
          statement.execute("DROP TRIGGER " + ROW_TRIGGER + " ON " + Identifiers.quote(guard[1], guard[2]));
        }
      }
    }
    try (PreparedStatement delete = connection.prepareStatement("DELETE FROM helios.guard WHERE id = ?")) {
      for (String[] guard : idle) {
        delete.setInt(1, Integer.parseInt(guard[0]));
        delete.executeUpdate();
      }
    }
  }
}
