package io.helios.repl.postgres;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import org.jspecify.annotations.Nullable;

/**
 * The type {@code "char"}: one byte, whichever. Beyond ASCII its text form is {@code \ooo} (octal) from PostgreSQL 15 on;
 * before that it is the byte itself, and {@code \ooo} reads as a backslash ({@code utils/adt/char.c}). In binary it is the
 * same everywhere. So such a value does not travel as text from one side of 15 to the other: whoever meets it stops.
 */
public final class CharBytes {

  private static final int CHAR = 18;
  private static final int CHAR_ARRAY = 1002;

  private CharBytes() {}

  /** Whether servers of this major read the octal form. */
  public static boolean readsOctal(int majorVersion) {
    return majorVersion >= 15;
  }

  /** Whether the text of a {@code "char"}, or of an array of them, has the octal form in it. */
  public static boolean isOctal(byte[] array, int offset, int length) {
    boolean alone = length == 4 && array[offset] == '\\' && isOctal(array, offset + 1);
    for (int at = offset; !alone && at + 5 <= offset + length; at++) {
      // Within an array the backslash is itself escaped.
      alone = array[at] == '\\' && array[at + 1] == '\\' && isOctal(array, at + 2);
    }
    return alone;
  }

  private static boolean isOctal(byte[] array, int at) {
    return array[at] >= '2' && array[at] <= '3' && digit(array[at + 1]) && digit(array[at + 2]);
  }

  private static boolean digit(byte b) {
    return b >= '0' && b <= '7';
  }

  /** The column for a COPY as text to a server that reads no octal form: a value beyond ASCII ends it with SQLSTATE 22021. */
  public static String inAscii(String column, int typeOid) {
    return switch (typeOid) {
      case CHAR -> "CASE WHEN CAST(" + column + " AS pg_catalog.int4) OPERATOR(pg_catalog.<) 0 THEN CAST("
          + "pg_catalog.convert_from(pg_catalog.charsend(" + column + "), 'UTF8') AS pg_catalog.\"char\") ELSE " + column
          + " END";
      case CHAR_ARRAY -> "CASE WHEN 0 OPERATOR(pg_catalog.>) ANY (CAST(" + column + " AS pg_catalog.int4[])) THEN CAST("
          + "pg_catalog.convert_from(pg_catalog.array_send(" + column + "), 'UTF8') AS pg_catalog.\"char\"[]) ELSE " + column
          + " END";
      default -> column;
    };
  }

  /** What is said of it, and of any other text that is not valid UTF-8. */
  public static OperatorException refused(String table, @Nullable String column) {
    return new OperatorException(new Problem(
            ErrorCode.TEXT_NOT_UTF8,
            "a value " + (column == null ? "" : "of column \"" + column + "\" ") + "of " + table
                + " does not travel as text",
            "text travels as valid UTF-8 and is never changed on the way; a \"char\" beyond ASCII is a bare byte before"
                + " PostgreSQL 15, and is written as \\ooo from then on",
            "make it ASCII at the source, then: helios-repl tenant resync NAME; or exclude the table (tables: \"!" + table
                + "\")")
        .at(null, table));
  }
}
