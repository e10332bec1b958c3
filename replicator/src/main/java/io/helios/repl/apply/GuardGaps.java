package io.helios.repl.apply;

import io.helios.repl.postgres.EmptySearchPath;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where the {@link ReadOnlyGuard} of a target does not hold: its triggers, of each partition too, as the catalog has them. */
final class GuardGaps {

  /** What is wrong with a guard. */
  enum Kind {
    /** Triggers are there and switched off. */
    OFF,
    /** Triggers are not there. */
    MISSING,
    /** Nothing is written down of a guard that there must be. */
    UNKNOWN
  }

  /**
   * One table.
   *
   * @param guard in {@code helios.guard}; 0 when it is unknown
   * @param tenantColumn as there; null too when it is unknown
   * @param tenant the first of those whose rows are in it
   * @param tenants how many these are
   * @param enable SQL that switches on what is off
   */
  record Gap(
      Kind kind, int guard, String schema, String table, @Nullable String tenantColumn, String tenant, int tenants,
      List<String> enable) {}

  private static final String GAPS =
      """
      WITH replica AS MATERIALIZED (
        SELECT p.name, c.schema_name, c.table_name, t.oid AS root, g.id AS guard, g.tenant_column
        FROM helios.replica p
        JOIN helios.copied_table c ON c.tenant = p.tenant AND c.finished
        JOIN pg_namespace n ON n.nspname = c.schema_name
        JOIN pg_class t ON t.relnamespace = n.oid AND t.relname = c.table_name AND t.relkind IN ('r', 'p')
        LEFT JOIN (helios.guard g JOIN helios.guarded d ON d.guard = g.id)
          ON d.tenant = p.tenant AND g.schema_name = c.schema_name AND g.table_name = c.table_name),
      root AS MATERIALIZED (SELECT DISTINCT root FROM replica),
      relation AS (
        SELECT root, root AS oid FROM root
        UNION
        SELECT root, x.relid FROM root CROSS JOIN LATERAL pg_partition_tree(root) x
        JOIN pg_class c ON c.oid = x.relid AND c.relkind IN ('r', 'p')),
      lost AS MATERIALIZED (
        SELECT l.root, w.name AS trigger, t.oid IS NULL AS missing,
          'ALTER TABLE ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname) || ' ENABLE TRIGGER "' || w.name || '";' AS enable
        FROM relation l
        JOIN pg_class c ON c.oid = l.oid JOIN pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN (VALUES ('!helios_guard', false), ('!helios_guard_table', false),
          ('!helios_guard_insert', true), ('!helios_guard_update', true), ('!helios_guard_delete', true)) w (name, by_statement)
        LEFT JOIN pg_trigger t ON t.tgrelid = l.oid AND t.tgname = w.name
        WHERE (t.oid IS NULL OR t.tgenabled NOT IN ('O', 'A')) AND (NOT w.by_statement OR EXISTS (
          SELECT FROM pg_trigger s WHERE s.tgrelid = l.oid AND s.tgname = '!helios_guard' AND s.tgoldtable IS NOT NULL))),
      gap AS (
        SELECT r.*, CASE WHEN o.missing THEN 'MISSING' ELSE 'OFF' END AS kind, o.enable
        FROM replica r
        JOIN lost o ON o.root = r.root AND (o.trigger = '!helios_guard_table' OR r.tenant_column IS NOT NULL)
        WHERE r.guard IS NOT NULL
        UNION ALL
        SELECT r.*, 'UNKNOWN', '' FROM replica r WHERE r.guard IS NULL)
      SELECT kind, coalesce(guard, 0) AS guard, schema_name, table_name, tenant_column, min(name) AS tenant,
        count(DISTINCT name) AS tenants, array_agg(DISTINCT enable ORDER BY enable) AS enable
      FROM gap GROUP BY kind, guard, schema_name, table_name, tenant_column
      ORDER BY schema_name, table_name, kind""";

  private GuardGaps() {}

  /**
   * All of them, by table.
   *
   * @param connection to a target that is prepared; stays as it was
   */
  static List<Gap> read(Connection connection) throws SQLException {
    List<Gap> gaps = new ArrayList<>();
    try (EmptySearchPath _ = EmptySearchPath.on(connection);
        PreparedStatement query = connection.prepareStatement(GAPS);
        ResultSet row = query.executeQuery()) {
      while (row.next()) {
        gaps.add(
            new Gap(
                Kind.valueOf(row.getString("kind")),
                row.getInt("guard"),
                row.getString("schema_name"),
                row.getString("table_name"),
                row.getString("tenant_column"),
                row.getString("tenant"),
                row.getInt("tenants"),
                List.of((String[]) row.getArray("enable").getArray())));
      }
    }
    return gaps;
  }
}
