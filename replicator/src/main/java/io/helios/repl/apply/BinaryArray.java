package io.helios.repl.apply;

import io.helios.repl.postgres.Tuple;
import java.util.List;

/**
 * One column of many rows as a one-dimensional array in PostgreSQL's binary form ({@code array_recv}, arrayfuncs.c). The
 * elements are the bytes that came.
 *
 * <pre>
 *   int32 dimensions = 1, int32 has nulls, int32 element type, int32 length, int32 lower bound = 1
 *   for each element: int32 length (-1 for NULL), bytes
 * </pre>
 */
final class BinaryArray {

  private static final int HEADER = 20;

  private BinaryArray() {}

  static byte[] of(int elementType, List<Tuple> rows, int column) {
    int count = rows.size();
    long size = HEADER;
    boolean nulls = false;
    for (int i = 0; i < count; i++) {
      int length = rows.get(i).valueLength(column);
      size += 4 + Math.max(length, 0);
      nulls |= length < 0;
    }
    byte[] out = header(elementType, count, nulls, Math.toIntExact(size));
    int at = HEADER;
    for (int i = 0; i < count; i++) {
      Tuple row = rows.get(i);
      int length = row.valueLength(column);
      putInt(out, at, length);
      at += 4;
      if (length > 0) {
        System.arraycopy(row.array(), row.valueOffset(column), out, at, length);
        at += length;
      }
    }
    return out;
  }

  /** An array of 8-byte values (bigint, pg_lsn, timestamptz). */
  static byte[] of(int elementType, long[] values) {
    byte[] out = header(elementType, values.length, false, HEADER + 12 * values.length);
    for (int i = 0; i < values.length; i++) {
      putInt(out, HEADER + 12 * i, 8);
      putLong(out, HEADER + 12 * i + 4, values[i]);
    }
    return out;
  }

  /** An array of uuid. */
  static byte[] of(int elementType, java.util.UUID[] values) {
    byte[] out = header(elementType, values.length, false, HEADER + 20 * values.length);
    for (int i = 0; i < values.length; i++) {
      putInt(out, HEADER + 20 * i, 16);
      putLong(out, HEADER + 20 * i + 4, values[i].getMostSignificantBits());
      putLong(out, HEADER + 20 * i + 12, values[i].getLeastSignificantBits());
    }
    return out;
  }

  private static byte[] header(int elementType, int count, boolean nulls, int size) {
    byte[] out = new byte[size];
    putInt(out, 0, 1);
    putInt(out, 4, nulls ? 1 : 0);
    putInt(out, 8, elementType);
    putInt(out, 12, count);
    putInt(out, 16, 1);
    return out;
  }

  private static void putInt(byte[] out, int at, int value) {
    out[at] = (byte) (value >>> 24);
    out[at + 1] = (byte) (value >>> 16);
    out[at + 2] = (byte) (value >>> 8);
    out[at + 3] = (byte) value;
  }

  private static void putLong(byte[] out, int at, long value) {
    putInt(out, at, (int) (value >>> 32));
    putInt(out, at + 4, (int) value);
  }
}
