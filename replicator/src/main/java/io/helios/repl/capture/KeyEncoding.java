package io.helios.repl.capture;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A tenant's key as the bytes that PostgreSQL sends for it, in text and in binary, for the types whose values have one
 * byte form each (PostgreSQL: the output and send functions in {@code utils/adt}). A key that is written otherwise than its type
 * prints it is none: {@code 007} would bring the rows of {@code 7}, which the guards, who compare texts, would not know as its.
 *
 * @param text what the output function prints
 * @param binary what the send function sends
 */
record KeyEncoding(byte[] text, byte[] binary) {

  static final int NAME = 19;
  static final int INT8 = 20;
  static final int INT2 = 21;
  static final int INT4 = 23;
  static final int TEXT = 25;
  static final int BPCHAR = 1042;
  static final int VARCHAR = 1043;
  static final int UUID = 2950;

  private static final Pattern UUID_TEXT = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

  static boolean supports(int type) {
    return switch (type) {
      case NAME, INT8, INT2, INT4, TEXT, BPCHAR, VARCHAR, UUID, ColumnTypes.ENUM -> true;
      default -> false;
    };
  }

  /** Null when the key is no value of the type, or not as it prints it. The type must be {@link #supports supported}. */
  static @Nullable KeyEncoding of(int type, String key) {
    return switch (type) {
      case INT2 -> integer(key, 2);
      case INT4 -> integer(key, 4);
      case INT8 -> integer(key, 8);
      case UUID -> uuid(key);
      case BPCHAR -> key.endsWith(" ") ? null : same(key); // blanks at the end are none of its value
      default -> same(key);
    };
  }

  private static KeyEncoding same(String key) {
    byte[] utf8 = key.getBytes(StandardCharsets.UTF_8);
    return new KeyEncoding(utf8, utf8);
  }

  private static @Nullable KeyEncoding integer(String key, int bytes) {
    long value;
    try {
      value = Long.parseLong(key);
    } catch (NumberFormatException e) {
      return null;
    }
    int shift = 64 - 8 * bytes;
    if (value << shift >> shift != value || !Long.toString(value).equals(key)) {
      return null;
    }
    byte[] eight = ByteBuffer.allocate(8).putLong(value).array();
    byte[] binary = java.util.Arrays.copyOfRange(eight, 8 - bytes, 8);
    return new KeyEncoding(key.getBytes(StandardCharsets.US_ASCII), binary);
  }

  private static @Nullable KeyEncoding uuid(String key) {
    if (!UUID_TEXT.matcher(key).matches()) {
      return null;
    }
    java.util.UUID uuid = java.util.UUID.fromString(key);
    byte[] binary =
        ByteBuffer.allocate(16).putLong(uuid.getMostSignificantBits()).putLong(uuid.getLeastSignificantBits()).array();
    return new KeyEncoding(key.getBytes(StandardCharsets.US_ASCII), binary);
  }
}
