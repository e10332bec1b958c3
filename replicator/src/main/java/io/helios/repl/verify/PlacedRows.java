package io.helios.repl.verify;

import io.helios.repl.postgres.RowPlaces;
import io.helios.repl.postgres.TableName;
import java.nio.ByteBuffer;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.concurrent.atomic.LongAdder;

/**
 * A side's rows in the order of their hashes, as they come from {@link RowSums#rows}: 16 bytes of hash, block and line
 * pointer ({@code tidsend}), and the partition where there are partitions. One thread's only.
 */
final class PlacedRows implements AutoCloseable {

  private final PreparedStatement query;
  private final ResultSet result;
  private final Side side;
  private final TableName table;
  private final boolean partitioned;
  private final LongAdder bytes;
  private ByteBuffer packed = ByteBuffer.allocate(0);
  private boolean there;
  private long high;
  private long low;
  private int block;
  private short pointer;
  private int tableOid;

  PlacedRows(
      PreparedStatement query, ResultSet result, Side side, TableName table, boolean partitioned, LongAdder bytes) {
    this.query = query;
    this.result = result;
    this.side = side;
    this.table = table;
    this.partitioned = partitioned;
    this.bytes = bytes;
  }

  /** Goes to the next row, the first at first; false at the end. */
  boolean next() {
    try {
      while (!packed.hasRemaining()) {
        if (!result.next()) {
          there = false;
          return false;
        }
        byte[] chunk = result.getBytes(1);
        bytes.add(chunk.length);
        packed = ByteBuffer.wrap(chunk);
      }
    } catch (SQLException e) {
      throw side.failed(e, table.toString());
    }
    high = packed.getLong();
    low = packed.getLong();
    block = packed.getInt();
    pointer = packed.getShort();
    tableOid = partitioned ? packed.getInt() : 0;
    there = true;
    return true;
  }

  /** Whether this or the other's row comes first; what is at its end comes last. */
  int compareTo(PlacedRows other) {
    if (!there || !other.there) {
      return Boolean.compare(other.there, there);
    }
    int first = Long.compareUnsigned(high, other.high);
    return first != 0 ? first : Long.compareUnsigned(low, other.low);
  }

  void addTo(RowPlaces places) {
    places.add(tableOid, block, pointer);
  }

  @Override
  public void close() {
    try {
      query.close();
    } catch (SQLException e) {
      throw side.failed(e, table.toString());
    }
  }
}
