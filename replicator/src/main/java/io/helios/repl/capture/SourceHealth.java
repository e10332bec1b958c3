package io.helios.repl.capture;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.postgres.EmptySearchPath;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What could hurt a source that works today: slots that nobody reads, WAL held back, transactions that never end, sequences
 * that run out. Read-only; what the role may not see is left out.
 */
public final class SourceHealth {

  private static final double SEQUENCE_SHARE = 0.8;

  /** A transaction that is open for longer is a finding. */
  public static final Duration LONG_TRANSACTION = Duration.ofMinutes(10);

  private static final String OWN_SLOT =
      """
      SELECT wal_status, safe_wal_size,
        CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) END::int8 AS retained,
        (SELECT setting::int8 * 1048576 FROM pg_settings WHERE name = 'max_slot_wal_keep_size') AS keep
      FROM pg_replication_slots WHERE slot_name = ?""";

  private static final String OLDEST =
      """
      SELECT 'SELECT pg_terminate_backend(' || pid || ');' AS mend, 'process ' || pid AS who,
        floor(extract(epoch FROM clock_timestamp() - xact_start) / 60)::int8 AS minutes
      FROM pg_stat_activity
      WHERE xact_start < clock_timestamp() - make_interval(secs => ?) AND pid <> pg_backend_pid()
        AND (backend_xid IS NOT NULL OR backend_xmin IS NOT NULL) AND backend_type = 'client backend'
        AND application_name NOT LIKE 'helios-repl/%'
      UNION ALL
      SELECT 'ROLLBACK PREPARED ' || quote_literal(gid) || ';',
        'prepared transaction ' || quote_literal(gid) || ' of database ' || database,
        floor(extract(epoch FROM clock_timestamp() - prepared) / 60)::int8
      FROM pg_prepared_xacts WHERE prepared < clock_timestamp() - make_interval(secs => ?)
      ORDER BY minutes DESC LIMIT 10""";

  private static final int WAITING_SECONDS = 5;

  private static final String WAITING =
      """
      SELECT count(*) AS sessions, string_agg(DISTINCT usename, ', ') AS roles
      FROM pg_stat_activity
      WHERE wait_event = 'SyncRep' AND query_start < clock_timestamp() - interval '%d s'""".formatted(WAITING_SECONDS);

  /** Those only that can run out in a lifetime: reading a value takes a lock. */
  private static final String SEQUENCES =
      """
      WITH small AS MATERIALIZED (
        SELECT s.seqrelid, n.nspname, c.relname, s.seqmin, s.seqmax, s.seqincrement
        FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT s.seqcycle AND s.seqmax::numeric - s.seqmin::numeric < 1000000000000 AND c.relpersistence <> 't'
          AND has_sequence_privilege(s.seqrelid, 'SELECT, USAGE')
        ORDER BY s.seqrelid LIMIT 1000),
      used AS (
        SELECT nspname, relname, seqincrement,
          (CASE WHEN seqincrement > 0 THEN pg_sequence_last_value(seqrelid) - seqmin
             ELSE seqmax - pg_sequence_last_value(seqrelid) END)::float8 / greatest(1, seqmax - seqmin) AS share
        FROM small)
      SELECT nspname || '.' || relname AS name, share,
        'ALTER SEQUENCE ' || quote_ident(nspname) || '.' || quote_ident(relname) || ' AS bigint '
          || CASE WHEN seqincrement > 0 THEN 'NO MAXVALUE;' ELSE 'NO MINVALUE;' END AS mend
      FROM used WHERE share >= ? ORDER BY share DESC LIMIT 20""";

  private final Connection connection;
  private final SourceScope scope;
  private final String source;
  private final List<Finding> findings = new ArrayList<>();

  private SourceHealth(Connection connection, SourceScope scope) {
    this.connection = connection;
    this.scope = scope;
    this.source = "source \"" + scope.source() + "\"";
  }

  /**
   * Looks at everything.
   *
   * @param connection an ordinary one as the configured role, in autocommit mode; stays as it was
   * @param slots names of all slots that this server captures with, of other sources too
   * @param walBudget bytes that a slot is meant to hold back at the most
   * @param longestTransaction one that is open for longer is a finding
   */
  public static List<Finding> run(
      Connection connection, SourceScope scope, Set<String> slots, long walBudget, Duration longestTransaction)
      throws SQLException {
    try (EmptySearchPath _ = EmptySearchPath.on(connection)) {
      SourceHealth health = new SourceHealth(connection, scope);
      health.ownSlot(walBudget);
      health.findings.addAll(OrphanSlots.find(connection, "source", scope.source(), slots));
      health.longTransactions(longestTransaction);
      health.sequences();
      health.waiting();
      return health.findings;
    }
  }

  private void ownSlot(long walBudget) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(OWN_SLOT)) {
      query.setString(1, scope.slot());
      try (ResultSet row = query.executeQuery()) {
        if (!row.next()) {
          return;
        }
        long retained = row.getLong("retained");
        long keep = row.getLong("keep");
        long safe = row.getLong("safe_wal_size");
        HeldBack held = new HeldBack(retained, keep, row.wasNull() ? null : safe, "unreserved".equals(row.getString("wal_status")));
        held.finding(source + ": slot " + scope.slot(), walBudget).ifPresent(findings::add);
      }
    }
  }

  private void longTransactions(Duration longest) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(OLDEST)) {
      query.setDouble(1, longest.toMillis() / 1000.0);
      query.setDouble(2, longest.toMillis() / 1000.0);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          findings.add(
              new Finding(
                  Severity.WARN,
                  ErrorCode.LONG_TRANSACTION,
                  source + ": " + row.getString("who") + " has had a transaction open for " + row.getLong("minutes") + " min",
                  "starts and resyncs wait for it to end, the slot keeps WAL from its beginning, and vacuum cleans nothing younger",
                  row.getString("mend")));
        }
      }
    }
  }

  /** Who commits and is not told so. */
  private void waiting() throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(WAITING);
        ResultSet row = query.executeQuery()) {
      row.next();
      long sessions = row.getLong("sessions");
      if (sessions > 0) {
        findings.add(
            new Finding(
                Severity.WARN,
                ErrorCode.COMMITS_WAIT,
                source + ": " + sessions + " sessions have waited for a synchronous standby for " + WAITING_SECONDS
                    + " s or more (roles: " + row.getString("roles") + ")",
                "what they wrote is committed, and not acknowledged",
                "to let all of them go, without the standby: ALTER SYSTEM SET synchronous_standby_names = ''; SELECT pg_reload_conf();"));
      }
    }
  }

  private void sequences() throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(SEQUENCES)) {
      query.setDouble(1, SEQUENCE_SHARE);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          findings.add(
              new Finding(
                  row.getDouble("share") >= 0.95 ? Severity.ERROR : Severity.WARN,
                  ErrorCode.SEQUENCE_NEAR_END,
                  source + ": sequence " + row.getString("name") + " has used " + Math.round(row.getDouble("share") * 100) + " % of its values",
                  "inserts fail when it has none left; a column that takes its values has to be bigint, at the target first",
                  row.getString("mend")));
        }
      }
    }
  }
}
