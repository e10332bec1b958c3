package io.helios.repl.capture;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.SystemIdentifier;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What the source's server, settings, role and slot say: everything but its tables. */
final class SourceServerCheck {

  private static final String FACTS =
      """
      SELECT pg_catalog.current_setting('wal_level') AS wal_level,
        pg_catalog.current_setting('server_version_num')::pg_catalog.int4 / 10000 AS major,
        pg_catalog.pg_is_in_recovery() AS standby,
        pg_catalog.current_setting('server_encoding') AS encoding,
        current_user::pg_catalog.text AS role,
        (SELECT r.rolreplication OR r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
          OR EXISTS (
            SELECT FROM pg_catalog.pg_roles m
            WHERE m.rolname IN ('rds_replication') AND pg_catalog.pg_has_role(m.oid, 'USAGE')) AS replicates,
        pg_catalog.current_setting('max_replication_slots')::pg_catalog.int4 AS slots,
        (SELECT pg_catalog.count(*) FROM pg_catalog.pg_replication_slots) AS slots_used,
        pg_catalog.current_setting('max_wal_senders')::pg_catalog.int4 AS senders,
        (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_replication) AS senders_used,
        (SELECT s.setting::pg_catalog.int8 FROM pg_catalog.pg_settings s WHERE s.name = 'max_slot_wal_keep_size') AS keep,
        (SELECT s.setting::pg_catalog.int8 FROM pg_catalog.pg_settings s WHERE s.name = 'wal_sender_timeout') AS timeout,
        (SELECT pg_catalog.concat(s.setting, s.unit) FROM pg_catalog.pg_settings s
          WHERE s.name = 'idle_replication_slot_timeout' AND s.setting <> '0') AS idle_timeout,
        EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata) AS large_objects,
        pg_catalog.current_setting('synchronous_standby_names') AS standbys,
        (SELECT s.reset_val FROM pg_catalog.pg_settings s WHERE s.name = 'synchronous_commit') AS waits
      """;

  private static final String SLOT =
      """
      SELECT s.plugin, s.database, s.slot_type, s.temporary, s.active_pid, s.wal_status,
        pg_catalog.concat_ws(', ', nullif(a.application_name, ''), 'role ' || a.usename,
          'from ' || pg_catalog.host(a.client_addr)) AS holder,
        s.database IS DISTINCT FROM pg_catalog.current_database() AS elsewhere,
        pg_catalog.to_jsonb(s) OPERATOR(pg_catalog.->>) 'failover' AS failover
      FROM pg_catalog.pg_replication_slots s
      LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = s.active_pid
      WHERE s.slot_name = ?
      """;

  private final Connection connection;
  private final SourceScope scope;
  private final String source;
  private final List<Finding> findings = new ArrayList<>();

  SourceServerCheck(Connection connection, SourceScope scope) {
    this.connection = connection;
    this.scope = scope;
    this.source = "source \"" + scope.source() + "\"";
  }

  /** @param streaming whether the asker itself reads the slot now */
  List<Finding> run(boolean streaming) throws SQLException {
    boolean slotThere = slot(streaming);
    try (PreparedStatement query = connection.prepareStatement(FACTS);
        ResultSet row = query.executeQuery()) {
      row.next();
      server(row);
      capacity(row, slotThere, streaming);
      notes(row);
      synchronous(row);
    }
    return findings;
  }

  private void server(ResultSet row) throws SQLException {
    String walLevel = row.getString("wal_level");
    if (!walLevel.equals("logical")) {
      error(
          ErrorCode.WAL_LEVEL_NOT_LOGICAL,
          source + " has wal_level=" + walLevel + ", needs logical",
          "row changes cannot be decoded from its WAL",
          "ALTER SYSTEM SET wal_level = logical; restart; then: helios-repl source check " + scope.source());
    }
    version(source, row.getInt("major")).ifPresent(findings::add);
    if (row.getBoolean("standby")) {
      error(
          ErrorCode.SOURCE_STANDBY,
          source + " is a standby",
          "a publication cannot be made there",
          "point the source's url at the primary");
    }
    if (!row.getBoolean("replicates")) {
      String role = Identifiers.quote(row.getString("role"));
      error(
          ErrorCode.NO_REPLICATION_RIGHT,
          source + ": role " + row.getString("role") + " may not replicate",
          "a replication slot is made and read with the REPLICATION attribute only",
          "ALTER ROLE " + role + " REPLICATION;");
    }
  }

  private void capacity(ResultSet row, boolean slotThere, boolean streaming) throws SQLException {
    int slots = row.getInt("slots");
    long slotsUsed = row.getLong("slots_used");
    int slotsNeeded = slotThere ? 1 : 2;
    if (slots - slotsUsed < slotsNeeded) {
      error(
          ErrorCode.SLOTS_USED_UP,
          source + " has " + slotsUsed + " of " + slots + " replication slots in use, needs " + slotsNeeded + " more",
          (slotThere ? "" : "the stream takes one, and ") + "each initial copy takes one for as long as it starts",
          "ALTER SYSTEM SET max_replication_slots = " + (slotsUsed + slotsNeeded + 4)
              + "; restart; or drop what nobody needs: SELECT slot_name, active FROM pg_replication_slots;");
    }
    int senders = row.getInt("senders");
    long sendersUsed = row.getLong("senders_used");
    int sendersNeeded = streaming ? 1 : 2;
    if (senders - sendersUsed < sendersNeeded) {
      error(
          ErrorCode.WALSENDERS_USED_UP,
          source + " has " + sendersUsed + " of " + senders + " walsenders in use, needs " + sendersNeeded + " more",
          (streaming ? "" : "the stream takes one, and ") + "each initial copy takes one for as long as it lasts",
          "ALTER SYSTEM SET max_wal_senders = " + (sendersUsed + sendersNeeded + 4)
              + "; restart; or end what nobody needs: SELECT pid, application_name FROM pg_stat_replication;");
    }
  }

  /** Who waits for whom at a commit. What a session of ours begins with is what any has that says nothing. */
  private void synchronous(ResultSet row) throws SQLException {
    if (scope.capture().synchronous() == null) {
      return;
    }
    StandbyNames names = StandbyNames.of(row.getString("standbys"));
    if (!names.require(scope.slot())) {
      add(
          Severity.WARN, // tenants are started first: named before anybody follows, commits would hang
          ErrorCode.COMMITS_DO_NOT_WAIT,
          source + ": synchronous_standby_names = '" + row.getString("standbys") + "' lets commits go without " + scope.slot(),
          "its synchronous tenants' commits are acknowledged before their replicas have them",
          names.names().isEmpty() || names.names().equals(List.of("*"))
              ? "ALTER SYSTEM SET synchronous_standby_names = '" + StandbyNames.written(scope.slot()) + "'; SELECT pg_reload_conf();"
              : "name it, and as many as are listed: 'FIRST 2 (other, " + StandbyNames.written(scope.slot()) + ")', for example");
    }
    String waits = row.getString("waits");
    if (names.name(scope.slot()) && !List.of("local", "off").contains(waits)) {
      add(
          Severity.WARN,
          ErrorCode.COMMITS_WAIT_FOR_SLOT,
          source + " has synchronous_commit = " + waits + " and synchronous_standby_names names " + scope.slot(),
          "sessions that do not set it wait for the slot, which moves seldom; only those of synchronous tenants should wait,"
              + " with remote_apply",
          "ALTER SYSTEM SET synchronous_commit = local; SELECT pg_reload_conf(); and for each role of a synchronous tenant:"
              + " ALTER ROLE name SET synchronous_commit = remote_apply;");
    }
  }

  private void notes(ResultSet row) throws SQLException {
    encoding(source, row.getString("encoding")).ifPresent(findings::add);
    long keep = row.getLong("keep");
    add(
        Severity.INFO,
        ErrorCode.WAL_KEEP_LIMITED,
        source + " has max_slot_wal_keep_size=" + (keep < 0 ? "-1 (no limit)" : keep + "MB"),
        keep < 0
            ? "while helios-repl is down its slot holds back WAL without a limit"
            : "a slot that lags further than this is lost: its tenants then need a resync",
        keep < 0
            ? "ALTER SYSTEM SET max_slot_wal_keep_size = '64GB'; SELECT pg_reload_conf();"
            : "keep relay.wal-budget well below it");
    long timeout = row.getLong("timeout");
    if (timeout == 0 || timeout < 10_000) {
      add(
          Severity.WARN,
          ErrorCode.WAL_SENDER_TIMEOUT,
          source + " has wal_sender_timeout=" + (timeout == 0 ? "0 (never)" : timeout + "ms"),
          timeout == 0
              ? "a connection that died holds the slot until TCP gives up"
              : "a short pause of network or machine breaks the stream",
          "ALTER SYSTEM SET wal_sender_timeout = '60s';\nSELECT pg_reload_conf();");
    }
    String idle = row.getString("idle_timeout");
    if (idle != null) {
      add(
          Severity.WARN,
          ErrorCode.SLOT_IDLE_TIMEOUT,
          source + " has idle_replication_slot_timeout=" + idle,
          "the slot is lost when helios-repl is down for that long: its tenants then need a resync",
          "ALTER SYSTEM SET idle_replication_slot_timeout = 0;\nSELECT pg_reload_conf();");
    }
    if (row.getBoolean("large_objects")) {
      add(
          Severity.WARN,
          ErrorCode.LARGE_OBJECTS,
          source + " has large objects, which are not replicated",
          "they are not in the WAL stream; columns that hold their OIDs would point nowhere at the target",
          "keep such data in bytea columns; what there is: SELECT oid FROM pg_largeobject_metadata;");
    }
    String system = SystemIdentifier.read(connection);
    if (system != null) {
      findings.add(identity(source, system, row.getInt("major")));
    } else {
      add(
          Severity.WARN,
          ErrorCode.SOURCE_IDENTITY_HIDDEN,
          source + " does not let its role ask which server it is",
          "the stream knows it all the same; whether a target is on the same server cannot be told",
          SystemIdentifier.grant(connection));
    }
  }

  /** @param source as messages begin */
  static Optional<Finding> version(String source, int major) {
    return major >= 14 && major <= 18
        ? Optional.empty()
        : Optional.of(new Finding(
            Severity.ERROR,
            ErrorCode.SOURCE_VERSION,
            source + " runs PostgreSQL " + major + ", needs 14 to 18",
            "its catalogs and its WAL stream may differ from those that are known",
            "upgrade it, or use a release of helios-repl that knows this version"));
  }

  static Optional<Finding> encoding(String source, String encoding) {
    return !encoding.equals("SQL_ASCII")
        ? Optional.empty()
        : Optional.of(new Finding(
            Severity.WARN,
            ErrorCode.SOURCE_ENCODING,
            source + " has the encoding SQL_ASCII: its server does not know what its bytes mean",
            "a value that is not valid UTF-8 ends the stream of all its tenants, each time it is met",
            "move the data to a database with a real encoding; until then write UTF-8 only"));
  }

  static Finding identity(String source, String systemIdentifier, int major) {
    return new Finding(
        Severity.INFO,
        ErrorCode.SOURCE_IDENTITY,
        source + " has system identifier " + systemIdentifier + ", PostgreSQL " + major,
        "another server under this address would be recognised by it",
        "SELECT system_identifier FROM pg_control_system();");
  }

  /** Whether a slot of that name exists. */
  private boolean slot(boolean streaming) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(SLOT)) {
      query.setString(1, scope.slot());
      try (ResultSet row = query.executeQuery()) {
        if (!row.next()) {
          return false;
        }
        String slot = source + ": slot " + scope.slot();
        String drop = "SELECT pg_drop_replication_slot('" + scope.slot().replace("'", "''") + "');";
        String plugin = row.getString("plugin");
        if (!"logical".equals(row.getString("slot_type"))) {
          error(ErrorCode.SLOT_UNFIT, slot + " is a physical one", "somebody uses that name for a standby", drop);
        } else if (!"pgoutput".equals(plugin)) {
          error(
              ErrorCode.SLOT_UNFIT,
              slot + " uses output plugin " + plugin + ", needs pgoutput",
              "it was not made by helios-repl",
              drop);
        } else if (row.getBoolean("elsewhere")) {
          error(
              ErrorCode.SLOT_UNFIT,
              slot + " is one of database " + row.getString("database"),
              "slot names are shared by all databases of a server; configure another one with slot:",
              drop);
        } else if (row.getBoolean("temporary")) {
          error(ErrorCode.SLOT_UNFIT, slot + " is a temporary one", "it ends with the session that made it", drop);
        } else if ("lost".equals(row.getString("wal_status"))) {
          error(
              ErrorCode.SLOT_LOST,
              slot + " has lost its WAL",
              "the source removed what it still needed, or invalidated it; its tenants need a resync",
              SourceContinuity.hint(scope.source()));
        } else if (row.getObject("active_pid") != null && !streaming) {
          error(
              ErrorCode.SLOT_IN_USE,
              slot + " is held by process " + row.getInt("active_pid") + " (" + row.getString("holder") + ")",
              "a slot has one reader at a time; another helios-repl server may be it",
              "SELECT pg_terminate_backend(" + row.getInt("active_pid") + ");");
        } else if ("false".equals(row.getString("failover"))) {
          add(
              Severity.INFO,
              ErrorCode.SLOT_WITHOUT_FAILOVER,
              slot + " was made without failover",
              "after a standby's promotion its tenants need a resync",
              "stop helios-repl; then: psql 'replication=database dbname=" + row.getString("database")
                  + "' -c 'ALTER_REPLICATION_SLOT " + scope.slot() + " ( FAILOVER )'");
        }
        return true;
      }
    }
  }

  private void error(ErrorCode code, String message, String why, String hint) {
    add(Severity.ERROR, code, message, why, hint);
  }

  private void add(Severity severity, ErrorCode code, String message, String why, String hint) {
    findings.add(new Finding(severity, code, message, why, hint));
  }
}
