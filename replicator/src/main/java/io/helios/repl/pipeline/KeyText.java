package io.helios.repl.pipeline;

import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.Tuple;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Values of keys, for people: as JSON. The stream brings most of them in PostgreSQL's binary format, of which those that keys
 * are made of are read here ({@code *send} in src/backend/utils/adt); any other is its bytes in hexadecimal, with its type.
 */
final class KeyText {

  private static final LocalDate EPOCH = LocalDate.of(2000, 1, 1);

  private KeyText() {}

  /** The columns of a row that say which one it is, as a JSON object; empty where its table has no replica identity. */
  static String key(Relation relation, Tuple row) {
    StringBuilder json = new StringBuilder("{");
    for (int i = 0; i < relation.columns().size(); i++) {
      Relation.Column column = relation.columns().get(i);
      if (column.key() && !row.isUnchanged(i)) {
        json.append(json.length() > 1 ? ", " : "").append(string(column.name())).append(": ").append(value(column, row, i));
      }
    }
    return json.append('}').toString();
  }

  private static String value(Relation.Column column, Tuple row, int place) {
    byte[] bytes = row.value(place);
    if (bytes == null) {
      return "null";
    }
    String text = row.kind(place) == Tuple.TEXT ? utf8(bytes) : binary(column.typeOid(), bytes);
    return text != null
        ? string(text)
        : "{\"type\": " + Integer.toUnsignedString(column.typeOid()) + ", \"hex\": \"" + HexFormat.of().formatHex(bytes) + "\"}";
  }

  /** Null for a type that is not known here, or a value that has no text of its own, as {@code infinity}. */
  private static @Nullable String binary(int type, byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    int length = bytes.length;
    return switch (type) {
      case 16 -> length == 1 ? String.valueOf(in.get() != 0) : null; // bool
      case 20 -> length == 8 ? String.valueOf(in.getLong()) : null; // int8
      case 21 -> length == 2 ? String.valueOf(in.getShort()) : null; // int2
      case 23 -> length == 4 ? String.valueOf(in.getInt()) : null; // int4
      case 26 -> length == 4 ? Integer.toUnsignedString(in.getInt()) : null; // oid
      case 19, 25, 1042, 1043 -> utf8(bytes); // name, text, bpchar, varchar
      case 1082 -> length == 4 ? date(in.getInt()) : null;
      case 1114 -> length == 8 ? timestamp(in.getLong(), false) : null;
      case 1184 -> length == 8 ? timestamp(in.getLong(), true) : null;
      case 2950 -> length == 16 ? new UUID(in.getLong(), in.getLong()).toString() : null;
      default -> null;
    };
  }

  private static @Nullable String date(int days) {
    return days == Integer.MIN_VALUE || days == Integer.MAX_VALUE ? null : EPOCH.plusDays(days).toString();
  }

  private static @Nullable String timestamp(long micros, boolean zoned) {
    if (micros == Long.MIN_VALUE || micros == Long.MAX_VALUE) {
      return null;
    }
    LocalDateTime time = EPOCH.atStartOfDay().plus(micros, ChronoUnit.MICROS);
    return zoned ? time.toInstant(ZoneOffset.UTC).toString() : time.toString();
  }

  /** Of microseconds since 2000-01-01 UTC. */
  static Instant instant(long micros) {
    return EPOCH.atStartOfDay().toInstant(ZoneOffset.UTC).plus(micros, ChronoUnit.MICROS);
  }

  private static String utf8(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** A JSON string (RFC 8259, section 7). */
  static String string(String text) {
    StringBuilder json = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        json.append('\\').append(c);
      } else if (c < ' ') {
        json.append("\\u%04x".formatted((int) c));
      } else {
        json.append(c);
      }
    }
    return json.append('"').toString();
  }
}
