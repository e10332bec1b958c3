package io.helios.repl.apply;

import io.helios.repl.postgres.Tuple;
import java.nio.charset.StandardCharsets;
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
    void write(byte[] bytes, int offset, int length) throws E;
  }

  private static final byte[] SIGNATURE = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0".getBytes(StandardCharsets.ISO_8859_1);

  /** Whatever the rows are, no more than this is held on the way. */
  static final int PIECE = 1 << 16;

  <E extends Exception> void writeTo(Sink<E> sink) throws E {
    Pieces<E> out = new Pieces<>(sink);
    if (binary) {
      out.put(SIGNATURE, 0, SIGNATURE.length);
      for (Tuple row : rows) {
        binary(row, out);
      }
      out.int16(-1);
    } else {
      for (Tuple row : rows) {
        text(row, out);
      }
    }
    out.flush();
  }

  private <E extends Exception> void binary(Tuple row, Pieces<E> out) throws E {
    out.int16(columns.length);
    for (int place : columns) {
      int length = row.valueLength(place);
      if (length < 0) {
        out.int16(-1);
        out.int16(-1);
      } else {
        // Length and bytes, as they stand in the tuple.
        out.put(row.array(), row.valueOffset(place) - 4, length + 4);
      }
    }
  }

  private <E extends Exception> void text(Tuple row, Pieces<E> out) throws E {
    for (int i = 0; i < columns.length; i++) {
      if (i > 0) {
        out.int8('\t');
      }
      int length = row.valueLength(columns[i]);
      if (length < 0) {
        out.int8('\\');
        out.int8('N');
      } else {
        out.escaped(row.array(), row.valueOffset(columns[i]), length);
      }
    }
    out.int8('\n');
  }

  /** The stream in pieces of bounded size. */
  private static final class Pieces<E extends Exception> {

    private final Sink<E> sink;
    private final byte[] piece = new byte[PIECE];
    private int size;

    Pieces(Sink<E> sink) {
      this.sink = sink;
    }

    void int8(int value) throws E {
      room(1);
      piece[size++] = (byte) value;
    }

    void int16(int value) throws E {
      room(2);
      piece[size++] = (byte) (value >>> 8);
      piece[size++] = (byte) value;
    }

    void put(byte[] in, int start, int length) throws E {
      if (length > PIECE) {
        flush();
        sink.write(in, start, length);
        return;
      }
      room(length);
      System.arraycopy(in, start, piece, size, length);
      size += length;
    }

    /** What would end a column or a row, or be taken for an escape, comes with a backslash. */
    void escaped(byte[] in, int start, int length) throws E {
      int end = start + length;
      for (int from = start; from < end; ) {
        int to = from + Math.min(end - from, PIECE / 2);
        room(2 * (to - from));
        int at = size;
        for (; from < to; from++) {
          byte b = in[from];
          byte letter = switch (b) {
            case '\\' -> '\\';
            case '\t' -> 't';
            case '\n' -> 'n';
            case '\r' -> 'r';
            default -> 0;
          };
          if (letter != 0) {
            piece[at++] = '\\';
            piece[at++] = letter;
          } else {
            piece[at++] = b;
          }
        }
        size = at;
      }
    }

    void flush() throws E {
      if (size > 0) {
        sink.write(piece, 0, size);
        size = 0;
      }
    }

    private void room(int needed) throws E {
      if (PIECE - size < needed) {
        flush();
      }
    }
  }
}
