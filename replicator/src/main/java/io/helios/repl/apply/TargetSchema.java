package io.helios.repl.apply;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * Schema {@code helios} in a target: what is applied of whom, what is copied, conflicts, and what the guard guards. Made
 * in one transaction, any number of times; nobody but its owner gets rights to it.
 *
 * <ul>
 *   <li>{@code helios.replica}: one row for each tenant that is written here, or whose users may be told not to; its role
 *       (see {@link TenantHome}) says which. The position of a tenant changes in the
 *       transaction that changes its rows, and in no other. {@code through} says, now and then, how far it has everything
 *       although nothing came. Half filled pages keep its updates in place (HOT).
 *   <li>{@code helios.copied_table}: the consistent point of each table's initial copy.
 *   <li>{@code helios.conflict}: what the target held against the source; the one place where key values are kept.
 *   <li>{@code helios.sequence}: how far the source's sequences had come when they were last looked at.
 *   <li>{@code helios.created_table}: tables that helios-repl made, and may therefore alter unasked.
 *   <li>{@code helios.source_table}: each tenant's tables as the source had them when last seen: see {@code SeenTables}.
 *   <li>{@code helios.guard}, {@code helios.guarded}: which tables refuse writes, and for which tenants' keys.
 *   <li>{@code helios.lease_…}, {@code helios.lease_check}: see {@link HomeLease}.
 * </ul>
 */
public final class TargetSchema {

  /** Raised with every change of {@link #statements}; each statement must then bring an older schema up to date too. */
  public static final int VERSION = 5;

  private TargetSchema() {}

  /** What {@link #install} runs, for {@code target prepare --dry-run} and for a role with more rights. */
  public static List<String> statements() {
    List<String> sql = new ArrayList<>(tables());
    sql.addAll(HomeLease.SCHEMA);
    sql.add(GuardFunctions.WHOLE_TABLE);
    sql.add("REVOKE ALL ON ALL TABLES IN SCHEMA helios FROM PUBLIC");
    sql.add("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA helios FROM PUBLIC");
    sql.add(
        "INSERT INTO helios.version (version) VALUES (" + VERSION + ")"
            + " ON CONFLICT (only_row) DO UPDATE SET version = EXCLUDED.version");
    return List.copyOf(sql);
  }

  private static List<String> tables() {
    return List.of(
        "CREATE SCHEMA IF NOT EXISTS helios",
        "REVOKE ALL ON SCHEMA helios FROM PUBLIC",
        """
        CREATE TABLE IF NOT EXISTS helios.version (
          only_row pg_catalog.bool PRIMARY KEY DEFAULT true CHECK (only_row),
          version pg_catalog.int4 NOT NULL)""",
        """
        CREATE TABLE IF NOT EXISTS helios.replica (
          tenant pg_catalog.uuid PRIMARY KEY,
          name pg_catalog.text NOT NULL,
          tenant_key pg_catalog.text NOT NULL,
          epoch pg_catalog.int8 NOT NULL,
          source pg_catalog.text NOT NULL,
          source_system pg_catalog.int8 NOT NULL,
          source_region pg_catalog.text NOT NULL,
          position pg_catalog.pg_lsn NOT NULL DEFAULT '0/0',
          through pg_catalog.pg_lsn NOT NULL DEFAULT '0/0',
          committed_at pg_catalog.timestamptz,
          updated_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.now()) WITH (fillfactor = 50)""",
        "ALTER TABLE helios.replica ADD COLUMN IF NOT EXISTS role pg_catalog.text NOT NULL DEFAULT 'replica'",
        "ALTER TABLE helios.replica ADD COLUMN IF NOT EXISTS refused pg_catalog.int8 NOT NULL DEFAULT 0",
        "ALTER TABLE helios.replica ADD COLUMN IF NOT EXISTS token pg_catalog.uuid",
        """
        CREATE TABLE IF NOT EXISTS helios.copied_table (
          tenant pg_catalog.uuid NOT NULL,
          schema_name pg_catalog.text NOT NULL,
          table_name pg_catalog.text NOT NULL,
          copied_at_lsn pg_catalog.pg_lsn NOT NULL DEFAULT '0/0',
          finished pg_catalog.bool NOT NULL DEFAULT false,
          PRIMARY KEY (tenant, schema_name, table_name))""",
        """
        CREATE TABLE IF NOT EXISTS helios.conflict (
          id pg_catalog.int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.now(),
          tenant pg_catalog.uuid NOT NULL,
          schema_name pg_catalog.text NOT NULL,
          table_name pg_catalog.text NOT NULL,
          kind pg_catalog.text NOT NULL,
          commit_lsn pg_catalog.pg_lsn NOT NULL,
          row_key pg_catalog.jsonb NOT NULL)""",
        "CREATE INDEX IF NOT EXISTS conflict_tenant_id ON helios.conflict (tenant, id)",
        """
        CREATE TABLE IF NOT EXISTS helios.sequence (
          source_system pg_catalog.int8 NOT NULL,
          source pg_catalog.text NOT NULL,
          schema_name pg_catalog.text NOT NULL,
          sequence_name pg_catalog.text NOT NULL,
          table_schema pg_catalog.text NOT NULL,
          table_name pg_catalog.text NOT NULL,
          column_name pg_catalog.text NOT NULL,
          last_value pg_catalog.int8 NOT NULL,
          is_called pg_catalog.bool NOT NULL,
          increment pg_catalog.int8 NOT NULL,
          lsn pg_catalog.pg_lsn NOT NULL,
          at pg_catalog.timestamptz NOT NULL,
          PRIMARY KEY (source_system, source, schema_name, sequence_name, table_schema, table_name, column_name))""",
        """
        CREATE TABLE IF NOT EXISTS helios.guard (
          id pg_catalog.int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          schema_name pg_catalog.text NOT NULL,
          table_name pg_catalog.text NOT NULL,
          tenant_column pg_catalog.text,
          UNIQUE (schema_name, table_name))""",
        """
        CREATE TABLE IF NOT EXISTS helios.guarded (
          guard pg_catalog.int4 NOT NULL REFERENCES helios.guard (id),
          tenant_key pg_catalog.text NOT NULL,
          tenant pg_catalog.uuid NOT NULL,
          PRIMARY KEY (guard, tenant_key, tenant))""",
        "CREATE INDEX IF NOT EXISTS guarded_tenant ON helios.guarded (tenant)",
        """
        CREATE TABLE IF NOT EXISTS helios.created_table (
          schema_name pg_catalog.text NOT NULL,
          table_name pg_catalog.text NOT NULL,
          PRIMARY KEY (schema_name, table_name))""",
        """
        CREATE TABLE IF NOT EXISTS helios.source_table (
          tenant pg_catalog.uuid NOT NULL,
          schema_name pg_catalog.text NOT NULL,
          table_name pg_catalog.text NOT NULL,
          oid pg_catalog.int8 NOT NULL,
          highest pg_catalog.int4 NOT NULL,
          seen_at pg_catalog.pg_lsn NOT NULL,
          target_oid pg_catalog.int8 NOT NULL,
          column_names pg_catalog.text[] NOT NULL,
          column_numbers pg_catalog.int4[] NOT NULL,
          column_types pg_catalog.int8[] NOT NULL,
          column_modifiers pg_catalog.int4[] NOT NULL,
          target_numbers pg_catalog.int4[] NOT NULL,
          remade_columns pg_catalog.text[] NOT NULL,
          PRIMARY KEY (tenant, schema_name, table_name))""");
  }

  /** What {@link #install} would run now, in order; nothing where the schema is up to date. Throws as it does. */
  public static List<String> plan(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      return plan(statement);
    }
  }

  private static List<String> plan(Statement statement) throws SQLException {
    int installed = version(statement);
    if (installed > VERSION) {
      throw new OperatorException(new Problem(
          ErrorCode.TARGET_SCHEMA_NEWER,
          "schema helios at the target has version " + installed + ", this program knows up to " + VERSION,
          "a newer helios-repl prepared this target",
          "use that version, or: DROP SCHEMA helios CASCADE, and copy its tenants again"));
    }
    if (installed == VERSION) {
      return List.of();
    }
    // CREATE SCHEMA IF NOT EXISTS asks for CREATE on the database even where the schema is there.
    List<String> sql =
        new ArrayList<>(schemaIsThere(statement) ? statements().subList(1, statements().size()) : statements());
    if (installed > 0) {
      sql.addAll(GuardFunctions.rowFunctions(statement));
    }
    return sql;
  }

  /**
   * Makes or updates the schema; does nothing, and needs no rights, where it is up to date. The connection's transaction,
   * if any, must be over; it is left in autocommit mode.
   *
   * @throws OperatorException when a newer program made it, or somebody who is not to be trusted with it
   * @throws SQLException as PostgreSQL answered; for want of rights, show {@link #statements}
   */
  public static void install(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET LOCAL search_path = ''");
      if (!plan(statement).isEmpty()) {
        // Two preparations at once would else meet in the middle of CREATE IF NOT EXISTS.
        statement.execute("SELECT pg_catalog.pg_advisory_xact_lock(7522537965575549007)");
        for (String sql : plan(statement)) {
          statement.execute(sql);
        }
      }
      connection.commit();
    } finally {
      if (!connection.isClosed()) {
        connection.rollback();
        connection.setAutoCommit(true);
      }
    }
  }

  /** The version installed in the connection's database, or 0. */
  public static int installedVersion(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      return version(statement);
    }
  }

  private static boolean schemaIsThere(Statement statement) throws SQLException {
    try (ResultSet row = statement.executeQuery("SELECT pg_catalog.to_regnamespace('helios') IS NOT NULL")) {
      return row.next() && row.getBoolean(1);
    }
  }

  /** Looks first whose the schema is: what stands in it, and is read or called here, runs with our rights. */
  private static int version(Statement statement) throws SQLException {
    String strangers = strangers(statement);
    if (!strangers.isEmpty()) {
      throw new OperatorException(foreign(strangers));
    }
    try (ResultSet there = statement.executeQuery("SELECT pg_catalog.to_regclass('helios.version') IS NOT NULL")) {
      there.next();
      if (!there.getBoolean(1)) {
        return 0;
      }
    }
    try (ResultSet row = statement.executeQuery("SELECT version FROM helios.version")) {
      return row.next() ? row.getInt(1) : 0;
    }
  }

  /**
   * Roles that own the schema or something in it, and are neither us, nor superusers, nor the database's owner: separated
   * by commas. Being a member of theirs is no reason to trust them; anybody may be made one.
   */
  static String strangers(Statement statement) throws SQLException {
    try (ResultSet row = statement.executeQuery(
        """
        SELECT pg_catalog.string_agg(DISTINCT r.rolname::pg_catalog.text, ', ')
        FROM pg_catalog.pg_namespace n
        CROSS JOIN LATERAL (
          SELECT n.nspowner AS owner
          UNION ALL SELECT c.relowner FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid
          UNION ALL SELECT p.proowner FROM pg_catalog.pg_proc p WHERE p.pronamespace = n.oid
        ) o
        JOIN pg_catalog.pg_roles r ON r.oid = o.owner
        JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database()
        WHERE n.nspname = 'helios' AND NOT r.rolsuper AND r.oid <> d.datdba AND r.rolname <> current_user
        """)) {
      row.next();
      String strangers = row.getString(1);
      return strangers == null ? "" : strangers;
    }
  }

  static Problem foreign(String strangers) {
    return new Problem(
        ErrorCode.TARGET_SCHEMA_FOREIGN,
        "schema helios at the target, or something in it, belongs to " + strangers,
        "it could hold code that would run with the rights of our role",
        "if it is not yours: DROP SCHEMA helios CASCADE; if it is, give it to our role or to the database's owner:"
            + " ALTER SCHEMA helios OWNER TO …, and so for what is in it");
  }
}
