package io.helios.repl.apply;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.EmptySearchPath;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.SystemIdentifier;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whether a target can take what a source has: read-only, everything at once, each finding with what to run. Empty of
 * errors means that tenants can be applied (once it is prepared). The role needs no rights to ask.
 */
public final class TargetCheck {

  private static final String FACTS =
      """
      SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4 / 10000 AS major,
        pg_catalog.pg_is_in_recovery() AS standby,
        EXISTS (
          SELECT FROM pg_catalog.pg_db_role_setting s
          WHERE (s.setdatabase = d.oid OR s.setdatabase = 0) AND (s.setrole = r.oid OR s.setrole = 0)
            AND 'default_transaction_read_only=on' = ANY (s.setconfig)) AS read_only,
        r.rolname AS role, d.datname AS database,
        pg_catalog.has_database_privilege(d.oid, 'CREATE') AS creates,
        h.oid IS NOT NULL AS schema_there,
        h.oid IS NOT NULL AND pg_catalog.has_schema_privilege(h.oid, 'USAGE')
          AND pg_catalog.has_schema_privilege(h.oid, 'CREATE') AS schema_usable,
        pg_catalog.pg_encoding_to_char(d.encoding) AS encoding
      FROM pg_catalog.pg_roles r
      CROSS JOIN pg_catalog.pg_database d
      LEFT JOIN pg_catalog.pg_namespace h ON h.nspname = 'helios'
      WHERE r.rolname = current_user AND d.datname = pg_catalog.current_database()
      """;

  /**
   * One database, as both sides are asked for it.
   *
   * @param system its server; null where the role may not ask
   */
  private record Facts(@Nullable String system, String database, String encoding) {}

  private final Connection target;
  private final String name;
  private final List<Finding> findings = new ArrayList<>();

  private TargetCheck(Connection target, String name) {
    this.target = target;
    this.name = "target \"" + name + "\"";
  }

  /**
   * Looks at everything.
   *
   * @param target as the configured role, in autocommit mode; stays as it was
   * @param name the configured name, for messages
   * @param source an ordinary connection to the source, or null to look at the target alone
   * @param tables the source's tables that are to be applied here, as {@link Catalog} has them
   * @return errors first
   */
  public static List<Finding> run(
      Connection target, String name, @Nullable Connection source, Collection<TableDefinition> tables)
      throws SQLException {
    try (EmptySearchPath _ = EmptySearchPath.on(target)) {
      TargetCheck check = new TargetCheck(target, name);
      Facts facts = check.server();
      check.replicaRole();
      if (source != null) {
        check.pair(facts, source);
        check.findings.addAll(new TargetTableCheck(target, source, check.name).run(tables));
      }
      check.findings.sort(Comparator.comparing(Finding::severity));
      return check.findings;
    }
  }

  private Facts server() throws SQLException {
    try (PreparedStatement query = target.prepareStatement(FACTS);
        ResultSet row = query.executeQuery()) {
      row.next();
      String role = Identifiers.quote(row.getString("role"));
      int major = row.getInt("major");
      if (major < 14 || major > 18) {
        add(
            Severity.ERROR,
            ErrorCode.TARGET_VERSION,
            " runs PostgreSQL " + major + ", needs 14 to 18",
            "its catalogs may differ from those that are known",
            "upgrade it, or use a release of helios-repl that knows this version");
      }
      if (row.getBoolean("standby")) {
        add(
            Severity.ERROR,
            ErrorCode.TARGET_READ_ONLY,
            " is a standby",
            "nothing can be written there",
            "point the target's url at the primary");
      }
      if (row.getBoolean("read_only")) {
        add(
            Severity.WARN,
            ErrorCode.TARGET_READ_ONLY,
            " has default_transaction_read_only=on for this role or database",
            "helios-repl overrides it for itself; applications cannot write after a cutover",
            "ALTER DATABASE " + Identifiers.quote(row.getString("database"))
                + " RESET default_transaction_read_only;\nALTER ROLE " + role
                + " RESET default_transaction_read_only;");
      }
      String strangers = strangers();
      if (!strangers.isEmpty()) {
        Problem foreign = TargetSchema.foreign(strangers);
        add(
            Severity.ERROR,
            foreign.code(),
            ": schema helios, or something in it, belongs to " + strangers,
            foreign.why(),
            foreign.hint());
      } else if (row.getBoolean("schema_there") && !row.getBoolean("schema_usable")) {
        add(
            Severity.ERROR,
            ErrorCode.TARGET_SCHEMA_NOT_PERMITTED,
            ": role " + role + " may not use schema helios",
            "somebody else made it",
            TargetPreparation.schemaSql(target, role));
      } else if (!row.getBoolean("schema_there") && !row.getBoolean("creates")) {
        add(
            Severity.ERROR,
            ErrorCode.TARGET_SCHEMA_NOT_PERMITTED,
            ": role " + role + " may not make schema helios",
            "positions, copy progress and the guard are kept in it",
            TargetPreparation.schemaSql(target, role));
      }
      Facts facts = new Facts(SystemIdentifier.read(target), row.getString("database"), row.getString("encoding"));
      identity(facts, major);
      return facts;
    }
  }

  private String strangers() throws SQLException {
    try (Statement statement = target.createStatement()) {
      return TargetSchema.strangers(statement);
    }
  }

  /** Tried, not looked up: managed services have ways of their own to allow it. */
  private void replicaRole() throws SQLException {
    try (PreparedStatement set =
        target.prepareStatement("SELECT pg_catalog.set_config('session_replication_role', 'replica', true)")) {
      set.execute();
    } catch (SQLException e) {
      if (!SqlStates.NO_RIGHT.equals(e.getSQLState())) {
        throw e;
      }
      String role = Identifiers.quote(TargetTableCheck.role(target));
      boolean grantable = Catalog.majorVersion(target) >= 15;
      add(
          Severity.ERROR,
          ErrorCode.REPLICA_ROLE_NOT_PERMITTED,
          ": role " + role + " may not set session_replication_role",
          grantable
              ? "triggers and foreign keys would fire a second time"
              : "triggers and foreign keys would fire a second time; PostgreSQL 14 lets superusers only",
          grantable
              ? "GRANT SET ON PARAMETER session_replication_role TO " + role + ";"
              : "ALTER ROLE " + role + " SUPERUSER;");
    }
  }

  private void identity(Facts facts, int major) throws SQLException {
    if (facts.system() != null) {
      add(
          Severity.INFO,
          ErrorCode.TARGET_IDENTITY,
          " has system identifier " + facts.system() + ", PostgreSQL " + major,
          "to tell servers apart",
          "SELECT system_identifier FROM pg_control_system();");
    } else {
      add(
          Severity.WARN,
          ErrorCode.TARGET_IDENTITY,
          " does not let its role ask which server it is",
          "whether it is on the source's server, or the source itself, cannot be told",
          SystemIdentifier.grant(target));
    }
  }

  private void pair(Facts here, Connection source) throws SQLException {
    Facts there;
    try (PreparedStatement query = source.prepareStatement(FACTS);
        ResultSet row = query.executeQuery()) {
      row.next();
      there = new Facts(SystemIdentifier.read(source), row.getString("database"), row.getString("encoding"));
    }
    if (here.system() != null && here.system().equals(there.system()) && here.database().equals(there.database())) {
      add(
          Severity.ERROR,
          ErrorCode.TARGET_IS_SOURCE,
          " is the same database as the source: " + here.database(),
          "changes would be applied to where they come from",
          "point the target's url at another database");
    }
    if (!here.encoding().equals(there.encoding())) {
      add(
          Severity.WARN,
          ErrorCode.ENCODING_DIFFERS,
          " is in " + here.encoding() + ", its source in " + there.encoding(),
          "a character that one of them lacks stops the tenant that uses it",
          "CREATE DATABASE " + Identifiers.quote(here.database() + "_" + there.encoding().toLowerCase(java.util.Locale.ROOT))
              + " TEMPLATE template0 ENCODING '" + there.encoding() + "' LOCALE 'C';");
    }
  }

  private void add(Severity severity, ErrorCode code, String message, String why, String hint) {
    findings.add(new Finding(severity, code, name + message, why, hint));
  }
}
