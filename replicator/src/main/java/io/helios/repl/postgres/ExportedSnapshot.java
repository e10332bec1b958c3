package io.helios.repl.postgres;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot that any number of sessions can read under, while it is open.
 *
 * <p>At a source ({@link #atConsistentPoint}) it comes from a temporary logical slot: it holds exactly the transactions
 * whose commit LSN is before the slot's consistent point (PostgreSQL: {@code SnapBuildExportSnapshot}). A transaction of
 * our own imports and exports it again, so the slot is gone before anybody reads: it pins no WAL and takes no place
 * during a long copy. Or it is one that another session of ours has exported ({@link #imported}).
 *
 * <p>{@link #open} may be called by any thread; the rest belongs to whoever took it.
 */
public final class ExportedSnapshot implements AutoCloseable {

  private static final int MOST_ATTEMPTS = 5;
  private static final Pattern NAME = Pattern.compile("[0-9A-Fa-f-]+");

  private final ConnectionScope scope;
  private final ConnectionSettings settings;
  private final String role;
  private final @Nullable String tenant;
  private final Connection anchor;
  private final Lsn point;
  private final String name;
  private final TableStorage storage;

  private ExportedSnapshot(
      ConnectionScope scope,
      ConnectionSettings settings,
      String role,
      @Nullable String tenant,
      Connection anchor,
      Lsn point,
      String name,
      TableStorage storage) {
    this.scope = scope;
    this.settings = settings;
    this.role = role;
    this.tenant = tenant;
    this.anchor = anchor;
    this.point = point;
    this.name = name;
    this.storage = storage;
  }

  /**
   * Takes a snapshot at a known point of the WAL. Waits until the transactions that are open at the source have ended:
   * minutes or hours where somebody leaves one open. Breaking the scope off ends the wait, at the server too.
   *
   * @param scope all connections belong to it
   * @param tables what will be read: locked against being rewritten (ACCESS SHARE, as every reader does) while the
   *     snapshot is open
   * @throws TransientException when one of the tables changed between the snapshot and its lock
   * @throws SQLException as it comes; among others 53400 when no slot is free, 42501 without the right to replicate
   */
  public static ExportedSnapshot atConsistentPoint(
      ConnectionScope scope,
      ConnectionSettings settings,
      String role,
      @Nullable String tenant,
      Collection<TableDefinition> tables)
      throws SQLException {
    for (int attempt = 1; ; attempt++) {
      Connection anchor = scope.open(() -> PgConnections.open(settings, role, tenant));
      TableStorage before = TableStorage.read(anchor, tables);
      Connection replication = scope.open(() -> PgConnections.openReplication(settings, role));
      try {
        Lsn point = importSnapshot(replication, anchor);
        TableStorage storage = protect(anchor, tables, before);
        return new ExportedSnapshot(scope, settings, role, tenant, anchor, point, export(anchor), storage);
      } catch (SQLException e) {
        // "initial slot snapshot too large": more transactions were rolled back during the wait than a snapshot can list.
        // What was waited for is over now, so the next wait is short.
        if (!SqlStates.isSerializationFailure(e) || attempt == MOST_ATTEMPTS) {
          throw e;
        }
        scope.close(anchor);
      } finally {
        scope.close(replication);
      }
    }
  }

  /** Makes the slot and begins the anchor's transaction under its snapshot, which lives until the slot's next command. */
  private static Lsn importSnapshot(Connection replication, Connection anchor) throws SQLException {
    String slot = "helios_copy_" + UUID.randomUUID().toString().substring(0, 8);
    try (Statement statement = replication.createStatement();
        ResultSet row = statement.executeQuery("CREATE_REPLICATION_SLOT " + slot + " TEMPORARY LOGICAL pgoutput "
            + (Catalog.majorVersion(replication) >= 15 ? "(SNAPSHOT 'export')" : "EXPORT_SNAPSHOT"))) {
      row.next();
      begin(anchor, row.getString("snapshot_name"));
      return Lsn.parse(row.getString("consistent_point"));
    }
  }

  /** A snapshot that another session has exported, and keeps until this is closed. */
  public interface Offer extends AutoCloseable {

    /** What {@code pg_export_snapshot} called it. */
    String name();

    /** See {@link ExportedSnapshot#point}. */
    Lsn point();

    @Override
    void close();
  }

  /**
   * Takes over a snapshot that another session exports, with a transaction of its own.
   *
   * @param next called once the tables' files are noted: the snapshot must be taken after the call, or a table that was
   *     rewritten in between would seem empty; its offer is closed as soon as it is imported
   * @throws TransientException when one of the tables changed between the snapshot and its lock
   * @throws SQLException as it comes; among others when the other session's transaction ended too soon
   */
  public static ExportedSnapshot imported(
      ConnectionScope scope,
      ConnectionSettings settings,
      String role,
      @Nullable String tenant,
      Collection<TableDefinition> tables,
      Supplier<Offer> next)
      throws SQLException {
    Connection anchor = scope.open(() -> PgConnections.open(settings, role, tenant));
    TableStorage before = TableStorage.read(anchor, tables);
    Lsn point;
    try (Offer offer = next.get()) {
      begin(anchor, offer.name());
      point = offer.point();
    }
    TableStorage storage = protect(anchor, tables, before);
    return new ExportedSnapshot(scope, settings, role, tenant, anchor, point, export(anchor), storage);
  }

  /** Takes a snapshot of now; it has no {@link #point}. The rest is as in {@link #atConsistentPoint}. */
  public static ExportedSnapshot now(
      ConnectionScope scope,
      ConnectionSettings settings,
      String role,
      @Nullable String tenant,
      Collection<TableDefinition> tables)
      throws SQLException {
    Connection anchor = scope.open(() -> PgConnections.open(settings, role, tenant));
    TableStorage before = TableStorage.read(anchor, tables);
    begin(anchor, null);
    TableStorage storage = protect(anchor, tables, before);
    return new ExportedSnapshot(scope, settings, role, tenant, anchor, Lsn.INVALID, export(anchor), storage);
  }

  /** The consistent point: a transaction is in the snapshot if and only if its commit LSN, or its poll's position, is before it. */
  public Lsn point() {
    return point;
  }

  /** The session that holds the snapshot; reads under it too. Its owner's only. */
  public Connection anchor() {
    return anchor;
  }

  /** Where the tables lie, as long as the snapshot is open. */
  public TableStorage storage() {
    return storage;
  }

  /** A further session in a read-only transaction under the snapshot. Belongs to the scope. */
  public Connection open() throws SQLException {
    Connection connection = scope.open(() -> PgConnections.open(settings, role, tenant));
    begin(connection, name);
    return connection;
  }

  /** Lets the snapshot go. Sessions that were opened keep it until they are closed. */
  @Override
  public void close() {
    scope.close(anchor);
  }

  private static void begin(Connection connection, @Nullable String snapshot) throws SQLException {
    connection.setReadOnly(true);
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      // It rightly idles as long as somebody reads under it.
      String idle = "SET LOCAL idle_in_transaction_session_timeout = 0; ";
      if (snapshot == null) {
        statement.execute(idle + "SELECT 1"); // the snapshot of a transaction is taken with its first query
      } else if (NAME.matcher(snapshot).matches()) {
        statement.execute(idle + "SET TRANSACTION SNAPSHOT '" + snapshot + "'");
      } else {
        throw new SQLException("the server's name of a snapshot has an unknown form", "XX000");
      }
    }
  }

  private static TableStorage protect(
      Connection connection, Collection<TableDefinition> tables, TableStorage before) throws SQLException {
    TableStorage.lock(connection, tables);
    TableStorage after = TableStorage.read(connection, tables);
    Map<TableName, TableDefinition> known =
        tables.stream().collect(Collectors.toMap(TableName::of, Function.identity()));
    Map<TableName, TableDefinition> now =
        Catalog.tables(connection, (schema, name) -> known.containsKey(new TableName(schema, name))).stream()
            .collect(Collectors.toMap(TableName::of, Function.identity()));
    for (TableDefinition table : tables) {
      TableDefinition found = now.get(TableName.of(table));
      if (found == null
          || found.oid() != table.oid()
          || !found.columns().equals(table.columns())
          || !before.sameFiles(after, table)) {
        throw new TransientException(new Problem(
                ErrorCode.TABLE_CHANGED_UNDER_SNAPSHOT,
                "table " + table.qualifiedName() + " changed while a snapshot was taken",
                "it was truncated, rewritten or altered between the snapshot and the lock that protects it",
                "nothing to do: it is tried again")
            .at(null, table.qualifiedName()));
      }
    }
    return after;
  }

  private static String export(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT pg_catalog.pg_export_snapshot()")) {
      row.next();
      return row.getString(1);
    }
  }
}
