package io.helios.repl.apply;

import io.helios.repl.postgres.RowCondition;
import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.TableName;
import io.helios.repl.postgres.TableStorage;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * What of a tenant's copy is begun and done, in {@code helios.copied_table} at the target. A table goes through it thus:
 *
 * <ol>
 *   <li>{@link #claim}: begun, with no point yet; refused where the target already holds rows of the tenant that we did
 *       not bring. Committed before the first row.
 *   <li>{@link #stamp}: its consistent point. Waits for writers of an attempt before this one, and no writer that knows
 *       another point can write from then on: a copy whose process was killed leaves nothing behind that comes late.
 *   <li>What an attempt before this one left is compared and repaired, or goes ({@link #clear}).
 *   <li>{@link #permit}: held in each transaction that writes rows, finished when all of them are there.
 * </ol>
 *
 * The connection is the caller's, in autocommit mode for the first three, in the writer's transaction for the last.
 */
public final class CopyLedger {

  /**
   * One table of the tenant.
   *
   * @param copiedAt the consistent point: transactions with a commit LSN before it are in the copy; {@link Lsn#INVALID}
   *     when no snapshot had been taken yet
   */
  public record Entry(Lsn copiedAt, boolean finished) {}

  private final UUID tenant;
  private final String tenantName;

  public CopyLedger(UUID tenant, String tenantName) {
    this.tenant = tenant;
    this.tenantName = tenantName;
  }

  /** All tables of the tenant that a copy has begun. */
  public Map<TableName, Entry> read(Connection connection) throws SQLException {
    Map<TableName, Entry> entries = new LinkedHashMap<>();
    try (PreparedStatement query = connection.prepareStatement(
        "SELECT schema_name, table_name, copied_at_lsn::pg_catalog.text, finished FROM helios.copied_table"
            + " WHERE tenant = ?::pg_catalog.uuid")) {
      query.setString(1, tenant.toString());
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          String point = row.getString(3);
          entries.put(
              new TableName(row.getString(1), row.getString(2)),
              new Entry(point == null ? Lsn.INVALID : Lsn.parse(point), row.getBoolean(4)));
        }
      }
    }
    return entries;
  }

  /**
   * Notes tables as begun.
   *
   * @param tables with the definition that the target has
   * @throws TransientException when another copy begins them at this very moment
   * @throws OperatorException naming every table that already holds rows of the tenant
   */
  public void claim(Connection connection, Collection<TenantTable> tables) throws SQLException {
    List<String> occupied = new ArrayList<>();
    inTransaction(connection, () -> {
      for (TenantTable table : tables) {
        RowCondition.requireCanonicalKey(connection, table.definition(), table.keyColumn(), table.key(), tenantName);
        if (holdsRows(connection, table)) {
          occupied.add(table.qualifiedName());
        }
      }
      if (!occupied.isEmpty()) {
        return;
      }
      try (PreparedStatement insert = connection.prepareStatement(
          "INSERT INTO helios.copied_table (tenant, schema_name, table_name, copied_at_lsn, finished)"
              + " VALUES (?::pg_catalog.uuid, ?, ?, '0/0', false) ON CONFLICT DO NOTHING")) {
        for (TenantTable table : tables) {
          insert.setString(1, tenant.toString());
          insert.setString(2, table.definition().schema());
          insert.setString(3, table.definition().name());
          require(insert.executeUpdate() == 1, TableName.of(table.definition()));
        }
      }
    });
    if (!occupied.isEmpty()) {
      throw new OperatorException(new Problem(
              ErrorCode.COPY_TARGET_NOT_EMPTY,
              "the target already holds rows of tenant \"" + tenantName + "\" in " + String.join(", ", occupied),
              "helios-repl did not bring them, so it neither deletes nor overwrites them",
              "delete the tenant's rows from these tables at the target, then: helios-repl tenant start " + tenantName)
          .at(null, occupied.getFirst()));
    }
  }

  /**
   * Gives begun tables their consistent point, once nobody writes for an earlier one any more.
   *
   * @param emptied those of them, as the target has them, that an earlier attempt left something in that is of no use; its
   *     rows are gone when this returns
   * @throws TransientException when an earlier copy finished one of them after all
   */
  public void stamp(Connection connection, Collection<TableName> tables, Lsn point, Collection<TenantTable> emptied)
      throws SQLException {
    inTransaction(connection, () -> {
      try (PreparedStatement update = connection.prepareStatement(
          "UPDATE helios.copied_table SET copied_at_lsn = ?::pg_catalog.pg_lsn"
              + " WHERE tenant = ?::pg_catalog.uuid AND schema_name = ? AND table_name = ? AND NOT finished")) {
        for (TableName table : tables) {
          update.setString(1, point.toString());
          update.setString(2, tenant.toString());
          update.setString(3, table.schema());
          update.setString(4, table.name());
          require(update.executeUpdate() == 1, table);
        }
      }
      for (TenantTable table : emptied) {
        clear(connection, table);
      }
    });
  }

  /** Makes every table of the tenant count as begun only, so that its rows are compared and repaired. The caller's transaction. */
  public void reopen(Connection connection) throws SQLException {
    update(connection, "finished = false");
  }

  /**
   * Makes every table of the tenant count as begun with nothing of use in it, so that it is emptied and copied again. The
   * caller's transaction.
   */
  public void discard(Connection connection) throws SQLException {
    update(connection, "finished = false, copied_at_lsn = '0/0'");
  }

  private void update(Connection connection, String assignments) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(
        "UPDATE helios.copied_table SET " + assignments + " WHERE tenant = ?::pg_catalog.uuid")) {
      update.setString(1, tenant.toString());
      update.executeUpdate();
    }
  }

  /** Removes the tenant's rows from a table that an earlier attempt has begun. Other tenants' rows stay. */
  public void clear(Connection connection, TenantTable table) throws SQLException {
    String sql = table.keyColumn() == null && mayTruncate(connection, table.definition())
        ? "TRUNCATE TABLE " + TableStorage.source(table.definition())
        : "DELETE FROM " + TableStorage.source(table.definition()) + " t WHERE "
            + RowCondition.bind(connection, table.definition(), table.keyColumn(), table.key()).sql("t");
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** What writes a table that is begun at this point, for a tenant in this epoch, asks, and tells when it is done. */
  public CopyWriter.Permit permit(TableName table, Lsn point, long epoch) {
    return new CopyWriter.Permit() {
      @Override
      public void hold(Connection connection) throws SQLException {
        Replicas.refuseOtherEpoch(connection, tenant, tenantName, epoch);
        require(CopyLedger.this.hold(connection, table, point), table);
      }

      @Override
      public void finish(Connection connection) throws SQLException {
        require(CopyLedger.this.finish(connection, table, point), table);
      }
    };
  }

  /**
   * Keeps the table's entry as it is until the transaction ends. False when the table is not begun at this point: then
   * another copy has taken over.
   */
  private boolean hold(Connection connection, TableName table, Lsn point) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(
        "SELECT 1 FROM helios.copied_table WHERE tenant = ?::pg_catalog.uuid AND schema_name = ? AND table_name = ?"
            + " AND copied_at_lsn = ?::pg_catalog.pg_lsn AND NOT finished FOR SHARE")) {
      name(query, table, point);
      try (ResultSet row = query.executeQuery()) {
        return row.next();
      }
    }
  }

  /** Notes the table as done. False when the table is not begun at this point. */
  private boolean finish(Connection connection, TableName table, Lsn point) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement("UPDATE helios.copied_table SET finished = true"
        + " WHERE tenant = ?::pg_catalog.uuid AND schema_name = ? AND table_name = ?"
        + " AND copied_at_lsn = ?::pg_catalog.pg_lsn AND NOT finished")) {
      name(update, table, point);
      return update.executeUpdate() == 1;
    }
  }

  private static void require(boolean ours, TableName table) {
    if (!ours) {
      throw new TransientException(new Problem(
              ErrorCode.COPY_TAKEN_OVER,
              "another copy of the tenant works on table " + table,
              "the tenant was started twice, or another server copies it too",
              "nothing to do if the other copy is meant to go on")
          .at(null, table.toString()));
    }
  }

  private void name(PreparedStatement statement, TableName table, Lsn point) throws SQLException {
    statement.setString(1, tenant.toString());
    statement.setString(2, table.schema());
    statement.setString(3, table.name());
    statement.setString(4, point.toString());
  }

  /** How many rows of the tenant a table holds. */
  public static long rows(Connection connection, TenantTable table) throws SQLException {
    String sql = "SELECT count(*) FROM " + TableStorage.source(table.definition()) + " t WHERE "
        + RowCondition.bind(connection, table.definition(), table.keyColumn(), table.key()).sql("t");
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }

  private static boolean holdsRows(Connection connection, TenantTable table) throws SQLException {
    String sql = "SELECT EXISTS (SELECT FROM " + TableStorage.source(table.definition()) + " t WHERE "
        + RowCondition.bind(connection, table.definition(), table.keyColumn(), table.key()).sql("t") + ")";
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      return row.next() && row.getBoolean(1);
    }
  }

  private static boolean mayTruncate(Connection connection, TableDefinition table) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(
        """
        SELECT pg_catalog.has_table_privilege(?::pg_catalog.int8::pg_catalog.oid, 'TRUNCATE')
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint
                          WHERE contype = 'f' AND confrelid = ?::pg_catalog.int8::pg_catalog.oid)
        """)) {
      query.setLong(1, Integer.toUnsignedLong(table.oid()));
      query.setLong(2, Integer.toUnsignedLong(table.oid()));
      try (ResultSet row = query.executeQuery()) {
        return row.next() && row.getBoolean(1);
      }
    }
  }

  private interface Work {
    void run() throws SQLException;
  }

  private static void inTransaction(Connection connection, Work work) throws SQLException {
    connection.setAutoCommit(false);
    try {
      work.run();
      connection.commit();
    } catch (SQLException | RuntimeException e) {
      try {
        connection.rollback();
      } catch (SQLException rollback) {
        e.addSuppressed(rollback);
      }
      throw e;
    } finally {
      if (!connection.isClosed()) {
        connection.setAutoCommit(true);
      }
    }
  }
}
