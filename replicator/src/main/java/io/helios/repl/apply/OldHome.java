package io.helios.repl.apply;

import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.tenant.Tenant;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * A database that was a tenant's home until another one was promoted in its place, and has come back: it gets the guard if it
 * has none, is closed ({@link WriteFence#fence}), and follows. On a connection in autocommit mode, whose thread owns this.
 */
public final class OldHome {

  /** Stands for a point in {@code helios.copied_table}: rows are here that are to be compared, whatever they are. */
  private static final String SOME_POINT = "0/1";

  private final Connection connection;
  private final String name;

  /** @param name the configured name of the connection's database, for messages */
  public OldHome(Connection connection, String name) {
    this.connection = connection;
    this.name = name;
  }

  /**
   * Makes the tenant known where it is not, still as written here, and puts up the guard where it is not up: who begins to
   * write after this does so under it. Changes nothing of a tenant that is closed already.
   *
   * @param back the tenant as it is since it was promoted, in its epoch before
   */
  public void guard(Tenant back, Replicated what, Collection<TenantTable> tables) throws SQLException {
    PatientChange.inTransaction(connection, () -> TenantHome.arm(connection, back, what, Lsn.INVALID));
    for (TenantTable table : tables) {
      PatientChange.run(
          connection,
          () ->
              ReadOnlyGuard.arm(
                  connection, back.id(), table.definition().schema(), table.definition().name(), table.keyColumn(), back.key()));
    }
  }

  /**
   * Lets the tenant follow here: what is in its tables is to be compared, with nothing taken for granted, whoever brings it up
   * next and whatever breaks off in between.
   *
   * @param turned the tenant as it is from now on
   * @param tables of both its databases
   * @throws OperatorException when it is not closed here for that epoch
   */
  public void follow(Tenant turned, Replicated what, Collection<TenantTable> tables) throws SQLException {
    PatientChange.inTransaction(connection, () -> {
      if (!TenantHome.rejoin(connection, turned, what)) {
        throw new OperatorException(
            new Problem(
                ErrorCode.OLD_HOME_DISPLACED,
                "tenant \"" + turned.name() + "\" cannot follow at its old home \"" + name + "\"",
                "its row in helios.replica there does not say that it is closed in epoch " + turned.epoch(),
                "helios-repl failover status " + turned.name()));
      }
      begin(turned, tables);
      forgetShapes(turned);
    });
  }

  private void begin(Tenant turned, Collection<TenantTable> tables) throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(
        "INSERT INTO helios.copied_table (tenant, schema_name, table_name, copied_at_lsn, finished)"
            + " VALUES (?::pg_catalog.uuid, ?, ?, ?::pg_catalog.pg_lsn, false)"
            + " ON CONFLICT (tenant, schema_name, table_name) DO UPDATE SET copied_at_lsn = EXCLUDED.copied_at_lsn,"
            + " finished = false")) {
      for (TenantTable table : tables) {
        insert.setString(1, turned.id().toString());
        insert.setString(2, table.definition().schema());
        insert.setString(3, table.definition().name());
        insert.setString(4, SOME_POINT);
        insert.executeUpdate();
      }
    }
  }

  /** Those that were noted may be another source's. */
  private void forgetShapes(Tenant turned) throws SQLException {
    try (PreparedStatement delete =
        connection.prepareStatement("DELETE FROM helios.source_table WHERE tenant = ?::pg_catalog.uuid")) {
      delete.setString(1, turned.id().toString());
      delete.executeUpdate();
    }
  }

  /** Who keeps a fence waiting, some words each: the oldest transactions that write, or may write, in this database. */
  public List<String> writers() throws SQLException {
    List<String> writers = new ArrayList<>();
    try (PreparedStatement query = connection.prepareStatement(
        """
        SELECT w.who FROM (
          SELECT pg_catalog.format('session %s (%s)', a.pid, a.application_name) AS who, a.xact_start AS since
          FROM pg_catalog.pg_stat_activity a
          WHERE a.datname = pg_catalog.current_database() AND a.backend_type = 'client backend' AND a.xact_start IS NOT NULL
            AND a.pid <> pg_catalog.pg_backend_pid()
          UNION ALL
          SELECT pg_catalog.format('prepared transaction %L', p.gid), p.prepared
          FROM pg_catalog.pg_prepared_xacts p WHERE p.database = pg_catalog.current_database()) w
        ORDER BY w.since LIMIT 3""");
        ResultSet row = query.executeQuery()) {
      while (row.next()) {
        writers.add(row.getString(1));
      }
    }
    return writers;
  }
}
