package io.helios.repl.postgres;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A row as pgoutput sent it: a view over bytes, never converted (PostgreSQL: {@code TupleData} in the logical streaming
 * message formats).
 *
 * <pre>
 *   int16 columns, then for each column
 *   byte kind: 'n' null, 'u' unchanged TOAST value (not sent), 't' text, 'b' binary
 *   int32 length, bytes          only for 't' and 'b'
 * </pre>
 *
 * The array is shared with whoever made the tuple and must not be written any more. Immutable otherwise, so it may cross
 * threads.
 */
public final class Tuple {

  public static final byte NULL = 'n';
  public static final byte UNCHANGED = 'u';
  public static final byte TEXT = 't';
  public static final byte BINARY = 'b';

  private final byte[] bytes;
  private final int start;
  private final int end;
  private final int[] offsets;

  private Tuple(byte[] bytes, int start, int end, int[] offsets) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.offsets = offsets;
  }

  /**
   * Reads the tuple at the buffer's position and moves the position past it. The buffer must have an array.
   *
   * @throws MalformedTupleException when the bytes are no tuple, or reach past the buffer's limit
   */
  public static Tuple read(ByteBuffer buffer) {
    byte[] bytes = buffer.array();
    int base = buffer.arrayOffset();
    int start = base + buffer.position();
    int limit = base + buffer.limit();
    if (limit - start < 2) {
      throw new MalformedTupleException("a tuple is cut short");
    }
    int columns = (bytes[start] & 0xFF) << 8 | bytes[start + 1] & 0xFF;
    int at = start + 2;
    if (columns > limit - at) {
      throw new MalformedTupleException("a tuple of " + columns + " columns is cut short");
    }
    int[] offsets = new int[columns];
    for (int i = 0; i < columns; i++) {
      if (at >= limit) {
        throw new MalformedTupleException("a tuple is cut short");
      }
      offsets[i] = at;
      switch (bytes[at]) {
        case NULL, UNCHANGED -> at++;
        case TEXT, BINARY -> {
          if (limit - at < 5) {
            throw new MalformedTupleException("a tuple is cut short");
          }
          int length = int32(bytes, at + 1);
          if (length < 0 || length > limit - at - 5) {
            throw new MalformedTupleException("a column's length does not fit");
          }
          at += 5 + length;
        }
        default -> throw new MalformedTupleException("unknown column kind " + (bytes[at] & 0xFF));
      }
    }
    buffer.position(at - base);
    return new Tuple(bytes, start, at, offsets);
  }

  /** Reads a tuple that fills the given bytes from {@code start}. */
  public static Tuple of(byte[] bytes, int start, int length) {
    return read(ByteBuffer.wrap(bytes, start, length));
  }

  public int columnCount() {
    return offsets.length;
  }

  /** One of {@link #NULL}, {@link #UNCHANGED}, {@link #TEXT}, {@link #BINARY}. */
  public byte kind(int column) {
    return bytes[offsets[column]];
  }

  public boolean isNull(int column) {
    return kind(column) == NULL;
  }

  public boolean isUnchanged(int column) {
    return kind(column) == UNCHANGED;
  }

  /** Whether any column's value was left out because it did not change. */
  public boolean hasUnchanged() {
    for (int offset : offsets) {
      if (bytes[offset] == UNCHANGED) {
        return true;
      }
    }
    return false;
  }

  /** The array that {@link #valueOffset} and {@link #start} point into. */
  public byte[] array() {
    return bytes;
  }

  /** Where the column's value starts in {@link #array}; only for text and binary columns. */
  public int valueOffset(int column) {
    return offsets[column] + 5;
  }

  /** The value's length in bytes; -1 for null and unchanged columns, as in the COPY binary format. */
  public int valueLength(int column) {
    byte kind = kind(column);
    return kind == TEXT || kind == BINARY ? int32(bytes, offsets[column] + 1) : -1;
  }

  /** A copy of the value's bytes, or null for null and unchanged columns. */
  public byte @Nullable [] value(int column) {
    int length = valueLength(column);
    return length < 0 ? null : java.util.Arrays.copyOfRange(bytes, valueOffset(column), valueOffset(column) + length);
  }

  /** Where the column (its kind byte) starts in {@link #array}; it ends where the next one starts. */
  public int columnOffset(int column) {
    return column == offsets.length ? end : offsets[column];
  }

  /** Where this tuple starts in {@link #array}. */
  public int start() {
    return start;
  }

  /** The whole tuple's length in bytes. */
  public int byteLength() {
    return end - start;
  }

  /** Shape only: column values never reach a message or a log. */
  @Override
  public String toString() {
    return "Tuple[" + offsets.length + " columns, " + byteLength() + " bytes]";
  }

  /** The text of a text column, for tests and tools. */
  public @Nullable String text(int column) {
    byte[] value = value(column);
    return value == null ? null : new String(value, StandardCharsets.UTF_8);
  }

  private static int int32(byte[] bytes, int at) {
    return (bytes[at] & 0xFF) << 24 | (bytes[at + 1] & 0xFF) << 16 | (bytes[at + 2] & 0xFF) << 8 | bytes[at + 3] & 0xFF;
  }

  /** The bytes are not a tuple. Whoever decodes turns it into an error of the family. */
  public static final class MalformedTupleException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    MalformedTupleException(String message) {
      super(message);
    }
  }
}
