package io.helios.repl.capture;

import io.helios.repl.postgres.Tuple;
import java.nio.ByteBuffer;

/**
 * A row as {@code COPY … TO STDOUT} prints it in text (PostgreSQL: {@code CopyAttributeOutText}, {@code copyto.c}), to a tuple as
 * pgoutput sends it in text: the same output functions have made both. Stateless.
 */
final class CopyLine {

  private CopyLine() {}

  /** The first field, an unsigned number. */
  static long number(byte[] line) {
    long number = 0;
    for (int i = 0; line[i] != '\t' && line[i] != '\n'; i++) {
      number = number * 10 + (line[i] - '0');
    }
    return number;
  }

  /**
   * The fields after the first.
   *
   * @param columns how many they are
   * @throws IllegalStateException when they are another number
   */
  static Tuple tuple(byte[] line, int columns) {
    int end = line.length > 0 && line[line.length - 1] == '\n' ? line.length - 1 : line.length;
    int at = 0;
    while (at < end && line[at] != '\t') {
      at++;
    }
    ByteBuffer out = ByteBuffer.allocate(2 + 5 * columns + line.length).putShort((short) columns);
    int fields = 0;
    while (at < end) {
      at++; // the tab
      if (fields++ == columns) {
        break;
      }
      if (at + 1 < end && line[at] == '\\' && line[at + 1] == 'N') {
        out.put(Tuple.NULL);
        at += 2;
        continue;
      }
      int start = out.position();
      out.put(Tuple.TEXT).putInt(0);
      while (at < end && line[at] != '\t') {
        byte next = line[at++];
        out.put(next == '\\' ? unescaped(line[at++]) : next);
      }
      out.putInt(start + 1, out.position() - start - 5);
    }
    if (fields != columns) {
      throw new IllegalStateException("a row of COPY has another number of columns than were asked for");
    }
    return Tuple.of(out.array(), 0, out.position());
  }

  private static byte unescaped(byte after) {
    return switch (after) {
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'v' -> 0x0B;
      default -> after;
    };
  }
}
