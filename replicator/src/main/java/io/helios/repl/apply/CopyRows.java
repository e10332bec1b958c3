package io.helios.repl.apply;

import io.helios.repl.postgres.Tuple;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * New rows of one table in the form that COPY takes: the cheapest way in for many, since the server adds them page by page
 * ({@code heap_multi_insert}) and keeps none of them in memory. The values are the bytes that came.
 *
 * <p>Binary: {@code int16 columns}, then for each {@code int32 length} (-1 for NULL) and bytes, between a header and a
 * trailer; text: columns between tabs, rows between newlines, {@code \\N} for NULL (copyfromparse.c).
 *
 * @param sql the COPY statement
 * @param binary whether all values are binary; else all are text
 * @param columns the places in the tuples that are written
 */
record CopyRows(String sql, boolean binary, int[] columns, List<Tuple> rows) {

  /** Takes pieces of the stream; the array is used again. */
  interface Sink<E extends Exception> {
    void write(byte[] bytes, int length) throws E;
  }

  private static final byte[] SIGNATURE = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0".getBytes(StandardCharsets.ISO_8859_1);
  private static final int PIECE = 1 << 16;

  <E extends Exception> void writeTo(Sink<E> sink) throws E {
    byte[] piece = new byte[PIECE];
    int length = 0;
    if (binary) {
      System.arraycopy(SIGNATURE, 0, piece, 0, SIGNATURE.length);
      length = SIGNATURE.length;
    }
    for (Tuple row : rows) {
      int most = 3 + 7 * columns.length + 2 * row.byteLength();
      if (most > piece.length - length) {
        sink.write(piece, length);
        length = 0;
        if (most > piece.length) {
          piece = new byte[most];
        }
      }
      length = binary ? binary(row, piece, length) : text(row, piece, length);
    }
    if (binary) {
      if (piece.length - length < 2) {
        sink.write(piece, length);
        length = 0;
      }
      piece[length++] = -1;
      piece[length++] = -1;
    }
    sink.write(piece, length);
  }

  private int binary(Tuple row, byte[] out, int from) {
    int at = from;
    byte[] in = row.array();
    out[at++] = (byte) (columns.length >>> 8);
    out[at++] = (byte) columns.length;
    for (int place : columns) {
      int length = row.valueLength(place);
      if (length < 0) {
        Arrays.fill(out, at, at + 4, (byte) -1);
        at += 4;
      } else {
        // Length and bytes, as they stand in the tuple.
        System.arraycopy(in, row.valueOffset(place) - 4, out, at, length + 4);
        at += length + 4;
      }
    }
    return at;
  }

  private int text(Tuple row, byte[] out, int from) {
    int at = from;
    byte[] in = row.array();
    for (int i = 0; i < columns.length; i++) {
      if (i > 0) {
        out[at++] = '\t';
      }
      int length = row.valueLength(columns[i]);
      if (length < 0) {
        out[at++] = '\\';
        out[at++] = 'N';
        continue;
      }
      int start = row.valueOffset(columns[i]);
      for (int j = start; j < start + length; j++) {
        byte b = in[j];
        switch (b) {
          case '\\' -> {
            out[at++] = '\\';
            out[at++] = '\\';
          }
          case '\t' -> {
            out[at++] = '\\';
            out[at++] = 't';
          }
          case '\n' -> {
            out[at++] = '\\';
            out[at++] = 'n';
          }
          case '\r' -> {
            out[at++] = '\\';
            out[at++] = 'r';
          }
          default -> out[at++] = b;
        }
      }
    }
    out[at++] = '\n';
    return at;
  }
}
