package io.helios.repl.capture;

import io.helios.repl.postgres.RowCondition;
import io.helios.repl.change.CopySink;
import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.postgres.BlockRange;
import io.helios.repl.postgres.CharBytes;
import io.helios.repl.postgres.ConnectionScope;
import io.helios.repl.postgres.CopyFormat;
import io.helios.repl.postgres.ExportedSnapshot;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.RowPlaces;
import io.helios.repl.postgres.SourceSnapshots;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.TableStorage;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyOut;

/**
 * The source's side of a copy: a snapshot at a consistent point, the parts that sessions read side by side, and the
 * reading itself, from the server's socket into a sink, a row never looked at.
 *
 * <p>A transaction is in what is read if and only if its commit LSN is before {@link #consistentPoint}. Opened, asked
 * for parts and closed by one thread; each {@link Reader} belongs to one thread.
 */
public final class SnapshotCopier implements AutoCloseable {

  /** Below this share of a table an index on the tenant's column reads less than ranges of blocks do. */
  private static final double SHARE_FOR_RANGES = 0.25;

  /** A part is one transaction at the target, and what is lost when it fails. */
  private static final long LARGEST_PART_BYTES = 256L << 20;

  private final ExportedSnapshot snapshot;
  private final List<TenantTable> tables;

  private SnapshotCopier(ExportedSnapshot snapshot, List<TenantTable> tables) {
    this.snapshot = snapshot;
    this.tables = tables;
  }

  /**
   * Takes the snapshot, which waits for the transactions that are open at the source to end, and locks the tables against
   * being rewritten (ACCESS SHARE, as every reader does).
   *
   * @param tenant the tenant's name, for {@code application_name} and messages
   * @throws io.helios.repl.error.TransientException when the source is out of reach, or a table changed while the snapshot was taken
   * @throws io.helios.repl.error.OperatorException when the source refuses, or a key is not what its column's type prints
   */
  public static SnapshotCopier open(
      ConnectionScope scope, SourceSnapshots source, String tenant, List<TenantTable> tables) {
    try {
      ExportedSnapshot snapshot =
          source.take(scope, "copy", tenant, tables.stream().map(TenantTable::definition).toList());
      for (TenantTable table : tables) {
        RowCondition.requireCanonicalKey(snapshot.anchor(), table.definition(), table.keyColumn(), table.key(), tenant);
      }
      return new SnapshotCopier(snapshot, List.copyOf(tables));
    } catch (SQLException e) {
      throw failed(e, "taking a snapshot of the source failed for tenant \"" + tenant + "\"", null);
    }
  }

  public Lsn consistentPoint() {
    return snapshot.point();
  }

  /** What is read; open as long as this is. */
  public ExportedSnapshot snapshot() {
    return snapshot;
  }

  /**
   * What there is to copy, the largest first. A table is read in several parts when it is large and most of it is the
   * tenant's.
   *
   * @param which those of the tables that are to be copied
   * @param parallelism how many readers there will be
   * @param smallestPartBytes no table is cut into smaller parts than this
   */
  public List<CopyPart> parts(Predicate<TenantTable> which, int parallelism, long smallestPartBytes) {
    List<CopyPart> parts = new ArrayList<>();
    for (TenantTable table : tables.stream().filter(which).toList()) {
      try {
        TableDefinition definition = table.definition();
        RowEstimate estimate = RowEstimate.read(snapshot.anchor(), table);
        long rows = estimate.rows();
        long bytes = (long) (definition.bytes() * estimate.share());
        int count = 1;
        if (estimate.share() >= SHARE_FOR_RANGES) {
          long wanted = Math.min(bytes / smallestPartBytes, parallelism * 2L);
          count = (int) Math.max(1, Math.max(wanted, bytes / LARGEST_PART_BYTES));
        }
        List<BlockRange> ranges = BlockRange.split(snapshot.storage().blocks(definition), count);
        for (BlockRange range : ranges) {
          parts.add(new CopyPart(table, range, ranges.size(), rows / ranges.size(), bytes / ranges.size()));
        }
      } catch (SQLException e) {
        throw failed(e, "planning the copy failed", table.qualifiedName());
      }
    }
    parts.sort(Comparator.comparingLong(CopyPart::estimatedBytes).reversed());
    return parts;
  }

  /** A session that reads parts, one after the other. */
  public Reader reader() {
    return reader(snapshot);
  }

  /** A session that reads under a snapshot that somebody else has taken. */
  public static Reader reader(ExportedSnapshot snapshot) {
    try {
      return new Reader(snapshot.open());
    } catch (SQLException e) {
      throw failed(e, "opening a session under the source's snapshot failed", null);
    }
  }

  /** Reads some columns of all the tenant's rows of a table into the sink. */
  public void readColumns(TenantTable table, List<String> columns, CopyFormat format, CopySink sink) {
    new Reader(snapshot.anchor()).read(table, columns, "true", format, new LongAdder(), sink);
  }

  /** About how many rows of the tenant a table has, as the source's planner sees it. */
  public long estimatedRows(TenantTable table) {
    try {
      return RowEstimate.read(snapshot.anchor(), table).rows();
    } catch (SQLException e) {
      throw failed(e, "planning the copy failed", table.qualifiedName());
    }
  }

  @Override
  public void close() {
    snapshot.close();
  }

  /** Reads parts of the snapshot. One thread's only. */
  public static final class Reader {

    private static final int BUFFER_BYTES = 1 << 16;

    private final Connection connection;
    private final byte[] buffer = new byte[BUFFER_BYTES];

    private Reader(Connection connection) {
      this.connection = connection;
    }

    /**
     * Reads all rows of the part into the sink, as fast as that takes them, and returns how many they were. After an
     * error the session is of no use any more.
     *
     * @param counter told of rows while they pass, for whoever watches
     */
    public long read(CopyPart part, CopyFormat format, LongAdder counter, CopySink sink) {
      TenantTable table = part.table();
      return read(table, names(table), part.blocks().sql("t"), format, counter, sink);
    }

    /** Reads the rows that lie at these places, otherwise as {@link #read(CopyPart, CopyFormat, LongAdder, CopySink)}. */
    public long read(
        TenantTable table, RowPlaces.Chunk places, CopyFormat format, LongAdder counter, CopySink sink) {
      return read(table, names(table), places.sql("t"), format, counter, sink);
    }

    private static List<String> names(TenantTable table) {
      return CopyFormat.copied(table.definition()).stream().map(TableDefinition.ColumnDefinition::name).toList();
    }

    private long read(
        TenantTable table, List<String> columns, String which, CopyFormat format, LongAdder counter, CopySink sink) {
      try {
        CopyOut copy =
            connection.unwrap(PGConnection.class).getCopyAPI().copyOut(sql(connection, table, columns, which, format));
        int filled = 0;
        long counted = 0;
        long messages = 0;
        for (byte[] row = copy.readFromCopy(); row != null; row = copy.readFromCopy()) {
          messages++;
          if (row.length > BUFFER_BYTES - filled) {
            sink.write(buffer, 0, filled);
            filled = 0;
            counter.add(messages - counted);
            counted = messages;
          }
          if (row.length > BUFFER_BYTES) {
            sink.write(row, 0, row.length);
          } else {
            System.arraycopy(row, 0, buffer, filled, row.length);
            filled += row.length;
          }
        }
        if (filled > 0) {
          sink.write(buffer, 0, filled);
        }
        counter.add(copy.getHandledRowCount() - counted); // a row a message, but for the binary format's ends
        return copy.getHandledRowCount();
      } catch (SQLException e) {
        throw SqlStates.isBadEncoding(e)
            ? CharBytes.refused(table.qualifiedName(), null)
            : failed(e, "reading the table failed", table.qualifiedName());
      }
    }

    private static String sql(
        Connection connection, TenantTable table, List<String> columns, String which, CopyFormat format)
        throws SQLException {
      String selected = columns.stream()
          .map(name -> format.selected(
              "t." + Identifiers.quote(name), table.definition().column(name).orElseThrow().typeOid()))
          .collect(Collectors.joining(", "));
      String mine = RowCondition.bind(connection, table.definition(), table.keyColumn(), table.key()).sql("t");
      return "COPY (SELECT " + selected + " FROM " + TableStorage.source(table.definition()) + " t WHERE " + mine + " AND "
          + which + ") TO STDOUT WITH (" + format.option() + ")";
    }
  }

  private static HeliosException failed(SQLException e, String message, @Nullable String table) {
    return SqlStates.classify(
        e,
        ErrorCode.COPY_SOURCE_FAILED,
        table == null ? message : message + ": " + table,
        "helios-repl source check");
  }
}
