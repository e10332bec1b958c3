package io.helios.repl.apply;

import io.helios.repl.change.CopySink;
import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.CharBytes;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.ConnectionScope;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.CopyFormat;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.RowCondition;
import io.helios.repl.postgres.RowPlaces;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.postgres.TableStorage;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * The target's side of a copy: one session that writes parts of tables, each in a transaction of its own, as a replica
 * (no triggers, no foreign keys). Owned by one thread, the one that reads the source: the server's socket is the only
 * buffer between both.
 */
public final class CopyWriter implements AutoCloseable {

  /** Brings the rows: writes all of them into the sink and returns how many they were. */
  @FunctionalInterface
  public interface Rows {
    long writeTo(CopySink sink);
  }

  /** Whether rows may be written still: asked in each transaction that writes. */
  public interface Permit {

    /** Throws an error of the family when somebody else has taken over; else nobody can before the transaction's end. */
    void hold(Connection connection) throws SQLException;

    /** All rows of the table are there. */
    void finish(Connection connection) throws SQLException;

    /** Whether a part of what is written is better than nothing of it: not where a table is noted as done by it. */
    default boolean takesParts() {
      return false;
    }
  }

  private interface Work {
    void run() throws SQLException;
  }

  private static final String BROUGHT = "pg_temp.helios_free";

  private static final int ROWS_PER_STATEMENT = 5_000;

  /** A copy that fails begins its open tables again, so it waits longer than the applier. */
  private static final Duration LOCK_PATIENCE = Duration.ofMinutes(1);

  private final ConnectionScope scope;
  private final Connection connection;

  private CopyWriter(ConnectionScope scope, Connection connection) {
    this.scope = scope;
    this.connection = connection;
  }

  /** Throws an error of the family when the target is out of reach or does not let this role write as a replica. */
  public static CopyWriter open(ConnectionScope scope, ConnectionSettings target, String tenant) {
    return new CopyWriter(scope, session(scope, target, tenant));
  }

  /** A session for the {@link CopyLedger}, which may change rows of guarded tables. */
  public static Connection session(ConnectionScope scope, ConnectionSettings target, String tenant) {
    Connection connection = scope.open(() -> PgConnections.open(target, "copy", tenant));
    try (Statement statement = connection.createStatement()) {
      WriterSession.pin(statement, LOCK_PATIENCE);
      return connection;
    } catch (SQLException e) {
      scope.close(connection);
      throw SqlStates.isTransient(e)
          ? SqlStates.classify(
              e,
              ErrorCode.COPY_TARGET_FAILED,
              "the connection to the target was lost before the copy began",
              "it is tried again; if it lasts: helios-repl target check")
          : SqlStates.classify(
              e,
              ErrorCode.COPY_TARGET_FAILED,
              "the target does not let this role write as a replica",
              "GRANT SET ON PARAMETER session_replication_role TO " + Identifiers.quote(target.user()));
    }
  }

  /**
   * Writes a table, or a part of it, and commits.
   *
   * @param table with the definition that the target has
   * @param columns what is copied, in the order of the rows
   * @param whole whether these are all its rows: then it is noted as done in the same transaction
   * @return the number of rows
   */
  public long write(
      TenantTable table, List<String> columns, CopyFormat format, Permit permit, boolean whole, Rows rows) {
    long[] written = new long[1];
    inTransaction(table, () -> {
      permit.hold(connection);
      written[0] = copy(table, columns, format, rows);
      refuseTakenDeferrableKeys(table);
      if (whole) {
        permit.finish(connection);
      }
    });
    return written[0];
  }

  /**
   * Takes rows away, writes others, and commits: whoever reads the table sees it as it was or as it is then. All are taken
   * away first, so that rows may exchange what is unique.
   *
   * <p>Where another tenant's row holds a key of a row that comes, all but such rows are written before that is thrown, if the
   * permit takes parts. Two tenants of a polled source that exchanged rows would else wait for each other: each brings what
   * the other has not let go yet.
   *
   * @param surplus what goes; a snapshot that sees them must be open
   * @param missing what comes, a piece at a time; they may be asked twice
   * @throws TransientException when a row that goes was changed since it was seen
   * @throws OperatorException also when a row does not come because of another tenant's; the table is not noted as done
   */
  public void replace(
      TenantTable table, List<String> columns, CopyFormat format, Permit permit, RowPlaces surplus, List<Rows> missing) {
    try {
      inTransaction(table, () -> {
        permit.hold(connection);
        remove(table, surplus);
        for (Rows rows : missing) {
          copy(table, columns, format, rows);
        }
        refuseTakenDeferrableKeys(table);
        permit.finish(connection);
      });
    } catch (OperatorException e) {
      if (e.problem().code() == ErrorCode.COPY_KEY_TAKEN && table.keyColumn() != null && permit.takesParts()) {
        try {
          inTransaction(table, () -> {
            permit.hold(connection);
            remove(table, surplus);
            copyWhatIsFree(table, columns, format, missing);
          });
        } catch (HeliosException again) {
          e.addSuppressed(again);
        }
      }
      throw e;
    }
  }

  /** By a temporary table: COPY itself leaves no row out. Deferrable rules are not for ON CONFLICT, and are an error. */
  private void copyWhatIsFree(TenantTable table, List<String> columns, CopyFormat format, List<Rows> missing)
      throws SQLException {
    String names = columns.stream().map(Identifiers::quote).collect(Collectors.joining(", "));
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE TEMPORARY TABLE " + BROUGHT + " ON COMMIT DROP AS SELECT " + names + " FROM "
          + TableStorage.source(table.definition()) + " WITH NO DATA");
      for (Rows rows : missing) {
        copy(table, BROUGHT, columns, format, rows);
      }
      statement.execute("INSERT INTO " + table.definition().sqlName() + " (" + names + ") OVERRIDING SYSTEM VALUE SELECT "
          + names + " FROM " + BROUGHT + " ON CONFLICT DO NOTHING");
    }
  }

  /** Notes a table as done whose parts have all been committed. */
  public void finish(TenantTable table, Permit permit) {
    inTransaction(table, () -> permit.finish(connection));
  }

  private void inTransaction(TenantTable table, Work work) {
    try {
      connection.setAutoCommit(false);
      work.run();
      connection.commit();
    } catch (SQLException e) {
      HeliosException error = failed(e, table);
      rollback(error);
      throw error;
    } catch (RuntimeException e) {
      rollback(e);
      throw e;
    }
  }

  private void remove(TenantTable table, RowPlaces surplus) throws SQLException {
    if (surplus.size() == 0) {
      return;
    }
    String from = "DELETE FROM " + TableStorage.source(table.definition()) + " t WHERE "
        + RowCondition.bind(connection, table.definition(), table.keyColumn(), table.key()).sql("t") + " AND ";
    long removed = 0;
    try (Statement statement = connection.createStatement()) {
      for (RowPlaces.Chunk chunk : surplus.chunks(ROWS_PER_STATEMENT)) {
        removed += statement.executeLargeUpdate(from + chunk.sql("t"));
      }
    }
    if (removed != surplus.size()) {
      throw new TransientException(new Problem(
              ErrorCode.ROWS_CHANGED_MEANWHILE,
              "rows of " + table.qualifiedName() + " changed at the target while they were compared",
              (surplus.size() - removed) + " rows that were to go are others now: somebody else writes them",
              "find who writes there past the read-only guard (session_replication_role); it is tried again")
          .at(null, table.qualifiedName()));
    }
  }

  @Override
  public void close() {
    scope.close(connection);
  }

  private long copy(TenantTable table, List<String> columns, CopyFormat format, Rows rows) throws SQLException {
    return copy(table, table.definition().sqlName(), columns, format, rows);
  }

  private long copy(TenantTable table, String into, List<String> columns, CopyFormat format, Rows rows)
      throws SQLException {
    String names = columns.stream().map(Identifiers::quote).collect(Collectors.joining(", "));
    CopyIn copy = connection
        .unwrap(PGConnection.class)
        .getCopyAPI()
        .copyIn("COPY " + into + " (" + names + ") FROM STDIN WITH (" + format.option() + ")");
    long read;
    long written;
    try {
      read = rows.writeTo((bytes, offset, length) -> {
        try {
          copy.writeToCopy(bytes, offset, length);
        } catch (SQLException e) {
          throw failed(e, table);
        }
      });
      written = copy.endCopy();
    } finally {
      end(copy);
    }
    if (written != read) {
      throw new OperatorException(new Problem(
              ErrorCode.COPY_ROWS_MISSING,
              "the target took " + written + " of " + read + " rows of " + table.qualifiedName(),
              "a trigger that is enabled ALWAYS, or for replicas, drops or redirects rows",
              "ALTER TABLE " + table.definition().sqlName() + " DISABLE TRIGGER …; then: helios-repl tenant start NAME")
          .at(null, table.qualifiedName()));
    }
    return written;
  }

  /** A copy that its rows did not come for must end before the session takes another word, also ROLLBACK. */
  static void end(CopyIn copy) {
    if (copy.isActive()) {
      try {
        copy.cancelCopy();
      } catch (SQLException e) {
        // The server confirms the end of a failed copy with an error; a lost connection needs no end.
      }
    }
  }

  /** Writing as a replica turns off the checks of deferrable constraints; other tenants' rows may hold the key. */
  private void refuseTakenDeferrableKeys(TenantTable table) throws SQLException {
    if (table.keyColumn() == null) {
      return;
    }
    List<UniqueRule> rules = UniqueRule.of(connection, table.definition().sqlName()).stream()
        .filter(UniqueRule::deferrable)
        .toList();
    if (rules.isEmpty()) {
      return;
    }
    String mine = RowCondition.bind(connection, table.definition(), table.keyColumn(), table.key()).sql("t");
    try (Statement check = connection.createStatement()) {
      check.execute(UniqueRule.turn(table.definition().oid()));
      for (UniqueRule rule : rules) {
        try (ResultSet taken = check.executeQuery(rule.pairs(TableStorage.source(table.definition()), mine, "true"))) {
          if (taken.next()) {
            throw keyTaken(table, rule.name());
          }
        }
      }
    }
  }

  private static HeliosException failed(SQLException e, TenantTable table) {
    if (SqlStates.isKeyConflict(e)) {
      ServerErrorMessage server = e instanceof PSQLException p ? p.getServerErrorMessage() : null;
      return keyTaken(table, server == null ? null : server.getConstraint());
    }
    if (SqlStates.isBadEncoding(e)) {
      return CharBytes.refused(table.qualifiedName(), null);
    }
    return SqlStates.classify(
        e,
        ErrorCode.COPY_TARGET_FAILED,
        "writing table " + table.qualifiedName() + " failed",
        "helios-repl target check");
  }

  /** Without the server's own error as its cause: that carries the values. */
  private static OperatorException keyTaken(TenantTable table, @Nullable String constraint) {
    return new OperatorException(new Problem(
            ErrorCode.COPY_KEY_TAKEN,
            "keys of this tenant are taken in " + table.qualifiedName()
                + (constraint == null ? "" : " (constraint \"" + constraint + "\")"),
            "rows of another tenant at the target hold the same key: ids of two sources collide; another tenant's row is"
                + " never touched",
            "choose a target of its own for this tenant, or make the constraint include the tenant's column")
        .at(null, table.qualifiedName()));
  }

  private void rollback(Exception cause) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }
}
