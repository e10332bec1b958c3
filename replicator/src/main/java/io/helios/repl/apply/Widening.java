package io.helios.repl.apply;

import org.jspecify.annotations.Nullable;

/**
 * Changes of a built-in type after which every value reads as before, so that nobody need know which rows were written
 * before and which after. Type modifiers as PostgreSQL packs them: {@code varchar.c}, {@code numeric.c}, {@code timestamp.c}.
 */
final class Widening {

  private static final int INT8 = 20;
  private static final int INT2 = 21;
  private static final int INT4 = 23;
  private static final int TEXT = 25;
  private static final int VARCHAR = 1043;
  private static final int TIME = 1083;
  private static final int TIMESTAMP = 1114;
  private static final int TIMESTAMPTZ = 1184;
  private static final int TIMETZ = 1266;
  private static final int VARBIT = 1562;
  private static final int NUMERIC = 1700;

  private static final int HEADER = 4;

  private Widening() {}

  /** Whether each value of the first type is one of the second, printed alike. Equal types are. */
  static boolean holds(int from, int fromModifier, int to, int toModifier) {
    if (from == to) {
      return switch (to) {
        case VARCHAR, VARBIT, TIME, TIMESTAMP, TIMESTAMPTZ, TIMETZ ->
            toModifier < 0 || fromModifier >= 0 && fromModifier <= toModifier;
        case NUMERIC -> toModifier < 0
            || fromModifier >= 0 && scale(fromModifier) == scale(toModifier)
                && precision(fromModifier) <= precision(toModifier);
        default -> fromModifier == toModifier;
      };
    }
    return switch (to) {
      case INT4 -> from == INT2;
      case INT8 -> from == INT2 || from == INT4;
      case NUMERIC -> toModifier < 0 && (from == INT2 || from == INT4 || from == INT8);
      case TEXT -> from == VARCHAR;
      case VARCHAR -> toModifier < 0 && from == TEXT;
      default -> false;
    };
  }

  /** The type as SQL; null for one that nothing widens to. */
  static @Nullable String sql(int type, int modifier) {
    return switch (type) {
      case INT4 -> "pg_catalog.int4";
      case INT8 -> "pg_catalog.int8";
      case TEXT -> "pg_catalog.text";
      case VARCHAR -> modifier < 0 ? "pg_catalog.varchar" : "pg_catalog.varchar(" + (modifier - HEADER) + ")";
      case VARBIT -> modifier < 0 ? "pg_catalog.varbit" : "pg_catalog.varbit(" + modifier + ")";
      case TIME -> "pg_catalog.time" + digits(modifier);
      case TIMETZ -> "pg_catalog.timetz" + digits(modifier);
      case TIMESTAMP -> "pg_catalog.timestamp" + digits(modifier);
      case TIMESTAMPTZ -> "pg_catalog.timestamptz" + digits(modifier);
      case NUMERIC ->
          modifier < 0
              ? "pg_catalog.numeric"
              : "pg_catalog.numeric(" + precision(modifier) + "," + scale(modifier) + ")";
      default -> null;
    };
  }

  private static String digits(int modifier) {
    return modifier < 0 ? "" : "(" + modifier + ")";
  }

  private static int precision(int modifier) {
    return (modifier - HEADER) >>> 16 & 0xFFFF;
  }

  /** Eleven bits with a sign since PostgreSQL 15. */
  private static int scale(int modifier) {
    return ((modifier - HEADER & 0x7FF) ^ 1024) - 1024;
  }
}
