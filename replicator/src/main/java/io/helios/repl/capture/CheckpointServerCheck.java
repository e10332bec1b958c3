package io.helios.repl.capture;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** What the server of a source that is polled says: everything but its tables. It needs no slot and no right but to read. */
final class CheckpointServerCheck {

  private static final String FACTS =
      """
      SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4 / 10000 AS major,
        pg_catalog.pg_is_in_recovery() AS standby,
        pg_catalog.current_setting('server_encoding') AS encoding,
        current_user::pg_catalog.text AS role,
        pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
          AND pg_catalog.has_function_privilege('pg_catalog.pg_control_checkpoint()', 'EXECUTE') AS identifies
      """;

  private final Connection connection;
  private final String source;
  private final CaptureMode.Checkpoint checkpoint;
  private final List<Finding> findings = new ArrayList<>();

  CheckpointServerCheck(Connection connection, String name, CaptureMode.Checkpoint checkpoint) {
    this.connection = connection;
    this.source = "source \"" + name + "\"";
    this.checkpoint = checkpoint;
  }

  List<Finding> run() throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(FACTS);
        ResultSet row = query.executeQuery()) {
      row.next();
      int major = row.getInt("major");
      SourceServerCheck.version(source, major).ifPresent(findings::add);
      SourceServerCheck.encoding(source, row.getString("encoding")).ifPresent(findings::add);
      if (row.getBoolean("standby")) {
        standby();
      }
      identity(row.getBoolean("identifies"), Identifiers.quote(row.getString("role")), major);
    }
    deletes();
    return findings;
  }

  private void standby() {
    add(
        Severity.INFO,
        ErrorCode.POLLED_STANDBY,
        source + " is a standby: what commits there up to " + checkpoint.longestTransaction().toMinutes()
            + " minutes after it was written is looked for",
        "which transactions its primary has begun is not to be seen here; those that last longer than longest-transaction"
            + " may be missed until the next comparison",
        "checkpoint: { longest-transaction: … } above the longest transaction of the primary");
  }

  private void identity(boolean readable, String role, int major) throws SQLException {
    if (!readable) {
      add(
          Severity.ERROR,
          ErrorCode.SOURCE_IDENTITY_HIDDEN,
          source + ": role " + role + " may not ask which server it is",
          "another server at the same address would be taken for this one",
          "GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system(), pg_catalog.pg_control_checkpoint() TO " + role + ";");
      return;
    }
    try (PreparedStatement query = connection.prepareStatement(
            "SELECT pg_catalog.to_json(c.system_identifier)::pg_catalog.text FROM pg_catalog.pg_control_system() c");
        ResultSet row = query.executeQuery()) {
      row.next();
      findings.add(SourceServerCheck.identity(source, row.getString(1), major));
    }
  }

  private void deletes() {
    if (checkpoint.softColumn() == null && checkpoint.reconcile() == null) {
      add(
          Severity.WARN,
          ErrorCode.DELETES_NOT_SEEN,
          source + ": deletes are not seen: rows that are deleted, or go to another tenant, stay at the target",
          "a row that is gone is not found by any poll, nor is TRUNCATE",
          "checkpoint: { deletes: { reconcile: 10m } }, or { soft-column: … }; or now and then: helios-repl verify repair NAME");
    } else if (checkpoint.softColumn() != null && checkpoint.reconcile() == null) {
      add(
          Severity.INFO,
          ErrorCode.DELETES_NOT_SEEN,
          source + ": DELETE and TRUNCATE are not seen: rows are taken for deleted by " + checkpoint.softColumn() + " alone",
          "a row that is gone is not found by any poll",
          "checkpoint: { deletes: { soft-column: " + checkpoint.softColumn()
              + ", reconcile: 10m } }, if rows are deleted after all, or go to other tenants");
    }
  }

  private void add(Severity severity, ErrorCode code, String message, String why, String hint) {
    findings.add(new Finding(severity, code, message, why, hint));
  }
}
