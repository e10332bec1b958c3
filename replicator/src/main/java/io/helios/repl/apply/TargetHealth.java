package io.helios.repl.apply;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.postgres.EmptySearchPath;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** What could hurt a target that works today: replicas that their guard does not keep from being written. Read-only. */
public final class TargetHealth {

  private static final String UNGUARDED =
      """
      SELECT DISTINCT p.name, c.schema_name || '.' || c.table_name AS "table",
        quote_ident(c.schema_name) || '.' || quote_ident(c.table_name) AS quoted
      FROM helios.replica p
      JOIN helios.copied_table c ON c.tenant = p.tenant AND c.finished
      JOIN pg_class t ON t.relname = c.table_name
      JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = c.schema_name
      WHERE NOT EXISTS (
        SELECT FROM helios.guard g JOIN helios.guarded d ON d.guard = g.id AND d.tenant = p.tenant
        JOIN pg_trigger r ON r.tgrelid = t.oid AND r.tgenabled IN ('O', 'A')
          AND r.tgname = CASE WHEN g.tenant_column IS NULL THEN '!helios_guard_table' ELSE '!helios_guard' END
        WHERE g.schema_name = c.schema_name AND g.table_name = c.table_name)
      ORDER BY 1, 2 LIMIT 20""";

  private TargetHealth() {}

  /**
   * Looks at everything.
   *
   * @param connection as the configured role, in autocommit mode; stays as it was
   * @param name the configured name, for messages
   */
  public static List<Finding> run(Connection connection, String name) throws SQLException {
    List<Finding> findings = new ArrayList<>();
    if (TargetSchema.installedVersion(connection) == 0) {
      return findings;
    }
    try (EmptySearchPath _ = EmptySearchPath.on(connection);
        PreparedStatement query = connection.prepareStatement(UNGUARDED);
        ResultSet row = query.executeQuery()) {
      while (row.next()) {
        String tenant = row.getString("name");
        findings.add(
            new Finding(
                Severity.WARN,
                ErrorCode.GUARD_OFF,
                "target \"" + name + "\" lets anybody write " + row.getString("table") + " of tenant \"" + tenant + "\"",
                "the trigger that keeps the replica read-only is missing or switched off; what is written there is not at the"
                    + " source, and ends as a conflict",
                "as the table's owner: ALTER TABLE " + row.getString("quoted")
                    + " ENABLE TRIGGER \"!helios_guard\", ENABLE TRIGGER \"!helios_guard_table\"; where they are missing:"
                    + " helios-repl tenant stop " + tenant + "; helios-repl tenant start " + tenant,
                row.getString("table")));
      }
    }
    return findings;
  }
}
