package io.helios.repl.verify;

import io.helios.repl.apply.CopyWriter;
import io.helios.repl.capture.SnapshotCopier;
import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.LargestRow;
import io.helios.repl.error.OperatorException;
import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.ConnectionScope;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.CopyFormat;
import io.helios.repl.postgres.ExportedSnapshot;
import io.helios.repl.postgres.TableDefinition.ColumnDefinition;
import io.helios.repl.postgres.TableName;
import io.helios.repl.status.MendedTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Makes a tenant's tables at the target what they are under a snapshot of the source, by moving the rows that differ and
 * nothing else; a table at a time, each in one transaction. The target's snapshot must hold what is there now, and nobody
 * may write the tenant's rows between it and the end: {@link CopyWriter.Permit} sees to that.
 *
 * <p>Belongs to one thread; its connections to the scope.
 */
public final class Repair implements AutoCloseable {

  /** Eight bytes of memory each, on each side. */
  private static final long MOST_ROWS = 500_000;

  /** Where more of a table differ, copying it is cheaper; but never mind for so few. */
  private static final double MOST_OF_TABLE = 0.5;
  private static final long FEW_ROWS = 1_000;

  /** On each side. */
  private static final int SESSIONS = 2;

  /** What one COPY brings. */
  private static final int ROWS_PER_STATEMENT = 5_000;

  /** @param rows brought so far, bytes received so far from either server: told while it goes on */
  public record Moved(LongAdder rows, LongAdder bytes) {}

  private final ConnectionScope scope;
  private final Side source;
  private final Side target;
  private final Moved moved;
  private final CopyWriter writer;
  private final List<Connection> atSource = new ArrayList<>();
  private final List<Connection> atTarget = new ArrayList<>();
  private SnapshotCopier.@Nullable Reader reader;

  /**
   * @param settings the target, for the session that writes
   * @param sourceTables the tables with the definitions that the source has; {@code targetTables}: the target's
   */
  public Repair(
      ConnectionScope scope,
      ConnectionSettings settings,
      String tenant,
      ExportedSnapshot source,
      Map<TableName, TenantTable> sourceTables,
      ExportedSnapshot target,
      Map<TableName, TenantTable> targetTables,
      Moved moved) {
    this.scope = scope;
    this.source =
        new Side("source", ErrorCode.VERIFY_SOURCE_FAILED, source, sourceTables, VerifySettings.DEFAULT);
    this.target =
        new Side("target", ErrorCode.VERIFY_TARGET_FAILED, target, targetTables, VerifySettings.DEFAULT);
    this.moved = moved;
    this.writer = CopyWriter.open(scope, settings, tenant);
    openSessions();
  }

  /** How many rows of so many may differ for a repair to be cheaper than a copy. */
  public static long cheaperThanCopy(long rows) {
    return Math.min(MOST_ROWS, Math.max(FEW_ROWS, (long) (rows * MOST_OF_TABLE)));
  }

  /** How many may differ for a repair to be possible. */
  public static long possible(long rows) {
    return MOST_ROWS;
  }

  /**
   * Whether a comparison is not in vain from the start.
   *
   * @param expected about how many rows the source has
   * @param found how many the target has
   */
  public static boolean isWorthTrying(long expected, long found) {
    return found > 0 && expected - found <= 2 * cheaperThanCopy(expected);
  }

  /** Compares one table and repairs it, unless a copy is cheaper; the rest is as in the other one. */
  public Optional<MendedTable> mend(TableName name, long rows, CopyWriter.Permit permit) {
    return mend(name, rows, Repair::cheaperThanCopy, permit);
  }

  /**
   * Compares one table and repairs it.
   *
   * @param most how many rows of so many may differ
   * @param rows about how many rows of the tenant it has
   * @return what was done; empty when that is not worth while or not possible, since too much differs or the rows cannot be
   *     compared: then nothing was done, and the table is to be copied
   * @throws io.helios.repl.error.HeliosException the family, when source or target fails; the table is then as it was,
   *     or, where the permit takes parts and another tenant's rows hold keys, lacks only what these keep out
   */
  public Optional<MendedTable> mend(TableName name, long rows, LongUnaryOperator most, CopyWriter.Permit permit) {
    TenantTable from = source.table(name);
    TenantTable to = target.table(name);
    RowHash hash = RowHash.of(from.definition(), to.definition());
    Optional<RowDifference.Found> compared =
        new RowDifference(scope, source, target, name, hash, rows, atSource, atTarget, moved.bytes()).find(
            most);
    if (compared.isEmpty()) {
      closeSessions(); // their transactions have failed
      openSessions();
      return Optional.empty();
    }
    RowDifference.Found found = compared.get();
    if (!found.complete()) {
      return Optional.empty();
    }
    CopyFormat format = CopyFormat.between(from.definition(), to.definition(), targetMajor());
    List<CopyWriter.Rows> missing = found.missing().chunks(ROWS_PER_STATEMENT).stream()
        .<CopyWriter.Rows>map(chunk -> sink ->
            reader().read(from, chunk, format, moved.rows(), (array, offset, length) -> {
              sink.write(array, offset, length);
              moved.bytes().add(length);
            }))
        .toList();
    List<String> columns =
        CopyFormat.copied(from.definition()).stream().map(ColumnDefinition::name).toList();
    try {
      writer.replace(to, columns, format, permit, found.surplus(), missing);
    } catch (OutOfMemoryError e) {
      throw new OperatorException(
          LargestRow.outOfMemory("copying a row of " + to.qualifiedName()).at(null, to.qualifiedName()), e);
    }
    return Optional.of(
        new MendedTable(name.toString(), found.sourceRows(), found.missing().size(), found.surplus().size()));
  }

  private int targetMajor() {
    try {
      return Catalog.majorVersion(atTarget.getFirst());
    } catch (SQLException e) {
      throw target.failed(e, "");
    }
  }

  private SnapshotCopier.Reader reader() {
    SnapshotCopier.Reader open = reader;
    if (open == null) {
      open = SnapshotCopier.reader(source.snapshot());
      reader = open;
    }
    return open;
  }

  private void openSessions() {
    for (int i = 0; i < SESSIONS; i++) {
      atSource.add(source.open());
      atTarget.add(target.open());
    }
  }

  private void closeSessions() {
    atSource.forEach(scope::close);
    atTarget.forEach(scope::close);
    atSource.clear();
    atTarget.clear();
  }

  /** Lets the sessions go, that the target's tables are not locked by them any more. */
  @Override
  public void close() {
    closeSessions();
    writer.close();
  }
}
