package io.helios.repl.postgres;

/**
 * A log sequence number: a byte position in the WAL, 64 bits, unsigned (PostgreSQL: {@code access/xlogdefs.h}). A
 * commit LSN is where a commit record starts ({@code Begin.final_lsn}); an end LSN is just past it.
 */
public record Lsn(long value) implements Comparable<Lsn> {

  /** {@code 0/0}: no position at all. */
  public static final Lsn INVALID = new Lsn(0);

  /** After every position. */
  public static final Lsn MAX = new Lsn(-1);

  /** Parses {@code 16/B374D848}. Throws {@link IllegalArgumentException} for anything else. */
  public static Lsn parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 1 || slash > 8 || text.length() - slash - 1 < 1 || text.length() - slash - 1 > 8) {
      throw new IllegalArgumentException("not an LSN: " + text);
    }
    long high = Long.parseLong(text, 0, slash, 16);
    long low = Long.parseLong(text, slash + 1, text.length(), 16);
    return new Lsn(high << 32 | low);
  }

  public boolean isBefore(Lsn other) {
    return compareTo(other) < 0;
  }

  public boolean isAfter(Lsn other) {
    return compareTo(other) > 0;
  }

  /** Bytes of WAL from {@code other} to this; negative when this is before it. */
  public long bytesSince(Lsn other) {
    return value - other.value;
  }

  @Override
  public int compareTo(Lsn other) {
    return Long.compareUnsigned(value, other.value);
  }

  public static Lsn min(Lsn a, Lsn b) {
    return a.isBefore(b) ? a : b;
  }

  public static Lsn max(Lsn a, Lsn b) {
    return a.isAfter(b) ? a : b;
  }

  /** PostgreSQL's notation, as {@code pg_lsn} prints it. */
  @Override
  public String toString() {
    return Long.toHexString(value >>> 32).toUpperCase(java.util.Locale.ROOT)
        + "/"
        + Long.toHexString(value & 0xFFFFFFFFL).toUpperCase(java.util.Locale.ROOT);
  }
}
