package io.helios.repl.apply;

import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.tenant.Tenant;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The guard of a tenant at its home: armed, its writers take part in the tenant's lock, and write on. Each method is a
 * transaction of its own, or several, on a connection in autocommit mode, whose thread owns this.
 */
public final class HomeGuard {

  /** So many rows go in one transaction. */
  private static final int CHUNK = 5_000;

  private static final Duration LOCK_PATIENCE = Duration.ofSeconds(5);

  private static final String LONGEST_WRITE =
      """
      SELECT pg_catalog.max(pg_catalog.date_part('epoch',
        pg_catalog.clock_timestamp() - COALESCE(a.xact_start, p.prepared, pg_catalog.clock_timestamp())))
      FROM pg_catalog.pg_locks l
      CROSS JOIN (SELECT %s AS id) k
      LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
      LEFT JOIN pg_catalog.pg_prepared_xacts p ON '-1/' || p.transaction::pg_catalog.text = l.virtualtransaction
      WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
        AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
        AND l.classid::pg_catalog.int8 = ((k.id >> 32) & 4294967295) AND l.objid::pg_catalog.int8 = (k.id & 4294967295)
      """.formatted(GuardFunctions.LOCK.formatted("?::pg_catalog.uuid"));

  private final Connection connection;
  private final String name;

  /** @param name the configured name of the connection's database, for messages */
  public HomeGuard(Connection connection, String name) {
    this.connection = connection;
    this.name = name;
  }

  /**
   * Puts up the guard, and notes what is here as a complete copy: who follows back from the next home begins at this
   * position of its WAL. Transactions that began before may not see the guard yet.
   *
   * @param back the tenant as it will be then
   * @throws OperatorException when the tenant is not written here, or another one of the same rows is not
   */
  public void arm(Tenant back, Replicated what, Lsn position, Collection<TenantTable> tables) throws SQLException {
    PatientChange.inTransaction(connection, () -> {
      if (!TenantHome.arm(connection, back, what, position)) {
        throw new OperatorException(
            new Problem(
                ErrorCode.FENCE_DISPLACED,
                "tenant \"" + back.name() + "\" is not written at \"" + name + "\"",
                "its row in helios.replica there says that it is a replica, closed, or has moved away",
                "helios-repl migrate status " + back.name()));
      }
    });
    guard(back, tables);
    Optional<SharedRows.Sharer> elsewhere = SharedRows.notWrittenHere(connection, back.id());
    if (elsewhere.isPresent()) {
      throw elsewhere.get().refuses("tenant \"" + back.name() + "\" cannot be moved away from \"" + name + "\"", back.name());
    }
  }

  /**
   * Puts up the guard for a lease only: nobody is going to move, and nothing is captured at the next home.
   *
   * @param what of the tenant as it would be once it is written there; empty where it is known here already
   */
  public void bind(Tenant back, Optional<Replicated> what, Collection<TenantTable> tables) throws SQLException {
    if (what.isPresent()) {
      PatientChange.inTransaction(connection, () -> TenantHome.arm(connection, back, what.get(), Lsn.INVALID));
    }
    guard(back, tables);
  }

  private void guard(Tenant back, Collection<TenantTable> tables) throws SQLException {
    for (TenantTable table : tables) {
      PatientChange.run(connection, () -> {
        ReadOnlyGuard.arm(
            connection, back.id(), table.definition().schema(), table.definition().name(), table.keyColumn(),
            back.key());
        finished(back.id(), table);
      });
    }
  }

  private void finished(UUID tenant, TenantTable table) throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(
        "INSERT INTO helios.copied_table (tenant, schema_name, table_name, copied_at_lsn, finished)"
            + " VALUES (?::pg_catalog.uuid, ?, ?, '0/0', true)"
            + " ON CONFLICT (tenant, schema_name, table_name) DO UPDATE SET copied_at_lsn = '0/0', finished = true")) {
      insert.setString(1, tenant.toString());
      insert.setString(2, table.definition().schema());
      insert.setString(3, table.definition().name());
      insert.executeUpdate();
    }
  }

  /** Takes the guard of a tenant away that is written here, and what is recorded of it, unless it asks for a lease. Its users write on. */
  public void disarm(UUID tenant) throws SQLException {
    if (TenantHome.find(connection, tenant).filter(s -> s.role() != TenantHome.Role.PRIMARY).isPresent()
        || HomeLease.isBound(connection, tenant)) {
      return;
    }
    PatientChange.inTransaction(connection, () -> Replicas.remove(connection, tenant));
    ReadOnlyGuard.sweep(connection);
  }

  /**
   * The tenant has moved away for good: it stays closed here, and whoever replicates it hither again compares first.
   *
   * @param purge tables whose rows of the tenant are deleted, some at a time; may be called again after it broke off
   */
  public void leave(Tenant tenant, Collection<TenantTable> purge) throws SQLException {
    PatientChange.inTransaction(connection, () -> {
      if (!TenantHome.leave(connection, tenant.id(), tenant.epoch())) {
        throw new OperatorException(
            new Problem(
                ErrorCode.FENCE_DISPLACED,
                "tenant \"" + tenant.name() + "\" cannot be left at \"" + name + "\"",
                "it does not follow there in epoch " + tenant.epoch(),
                "helios-repl migrate status " + tenant.name()));
      }
    });
    new CopyLedger(tenant.id(), tenant.name()).reopen(connection);
    if (!purge.isEmpty()) {
      try (Statement statement = connection.createStatement()) {
        WriterSession.pin(statement, LOCK_PATIENCE);
      }
      for (TenantTable table : purge) {
        purge(table);
      }
    }
  }

  /**
   * For how long the oldest transaction that writes the tenant here has been open, prepared ones included; empty when none
   * does. Of sessions whose times are hidden from our role (it is not in {@code pg_monitor}) it says nothing but that they
   * are there.
   */
  public static Optional<Duration> longestWrite(Connection home, UUID tenant) throws SQLException {
    try (PreparedStatement query = home.prepareStatement(LONGEST_WRITE)) {
      query.setString(1, tenant.toString());
      try (ResultSet row = query.executeQuery()) {
        row.next();
        double seconds = row.getDouble(1);
        return row.wasNull() ? Optional.empty() : Optional.of(Duration.ofMillis(Math.round(seconds * 1000)));
      }
    }
  }

  private void purge(TenantTable table) throws SQLException {
    String from = table.definition().sqlName();
    String column = table.keyColumn();
    String condition =
        column == null
            ? ""
            : " WHERE " + Identifiers.quote(column) + " OPERATOR(pg_catalog.=) CAST(? AS "
                + table.definition().column(column).orElseThrow().typeSql() + ")";
    for (String leaf : leaves(from)) {
      String sql =
          "DELETE FROM ONLY " + leaf + " WHERE ctid = ANY (ARRAY(SELECT ctid FROM ONLY " + leaf + condition + " LIMIT "
              + CHUNK + "))";
      try (PreparedStatement delete = connection.prepareStatement(sql)) {
        if (column != null) {
          delete.setString(1, table.key());
        }
        int deleted;
        do {
          deleted = delete.executeUpdate();
        } while (deleted > 0);
      }
    }
  }

  /** The partitions that hold the table's rows, or the table itself, as SQL. */
  private List<String> leaves(String table) throws SQLException {
    List<String> leaves = new ArrayList<>();
    try (PreparedStatement query = connection.prepareStatement(
        """
        SELECT n.nspname, c.relname FROM pg_catalog.pg_partition_tree(pg_catalog.to_regclass(?)) t
        JOIN pg_catalog.pg_class c ON c.oid = t.relid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE t.isleaf AND c.relkind = 'r'
        """)) {
      query.setString(1, table);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          leaves.add(Identifiers.quote(row.getString(1), row.getString(2)));
        }
      }
    }
    return leaves.isEmpty() ? List.of(table) : leaves;
  }
}
