package io.helios.repl.verify;

import java.math.BigDecimal;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a set of rows adds up to: how many, and the sums of two halves of their 128-bit hashes, each modulo 2^64. The
 * order of rows does not matter, a row that is there twice counts twice, and no two differences cancel each other.
 */
record Digest(long rows, long high, long low) {

  static final Digest EMPTY = new Digest(0, 0, 0);

  /** From PostgreSQL's sums, which are exact numerics, or null over no rows. */
  static Digest of(long rows, @Nullable BigDecimal high, @Nullable BigDecimal low) {
    return new Digest(
        rows,
        high == null ? 0 : high.toBigIntegerExact().longValue(),
        low == null ? 0 : low.toBigIntegerExact().longValue());
  }

  /** 32 hexadecimal digits. */
  String hex() {
    return String.format(Locale.ROOT, "%016x%016x", high, low);
  }

  Digest plus(Digest other) {
    return new Digest(rows + other.rows, high + other.high, low + other.low);
  }
}
