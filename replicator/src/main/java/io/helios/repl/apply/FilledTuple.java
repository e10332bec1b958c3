package io.helios.repl.apply;

import io.helios.repl.postgres.Tuple;

/** A row with the large values that were not sent, because they did not change, taken from what it was before. */
final class FilledTuple {

  private FilledTuple() {}

  /** The row; columns not sent in it come from {@code before}, where they may be missing too. */
  static Tuple of(Tuple before, Tuple row) {
    if (!row.hasUnchanged()) {
      return row;
    }
    int columns = row.columnCount();
    int size = 2;
    for (int i = 0; i < columns; i++) {
      Tuple from = row.isUnchanged(i) ? before : row;
      size += from.columnOffset(i + 1) - from.columnOffset(i);
    }
    byte[] bytes = new byte[size];
    bytes[0] = (byte) (columns >>> 8);
    bytes[1] = (byte) columns;
    int at = 2;
    for (int i = 0; i < columns; i++) {
      Tuple from = row.isUnchanged(i) ? before : row;
      int length = from.columnOffset(i + 1) - from.columnOffset(i);
      System.arraycopy(from.array(), from.columnOffset(i), bytes, at, length);
      at += length;
    }
    return Tuple.of(bytes, 0, size);
  }
}
