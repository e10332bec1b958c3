package io.helios.repl.capture;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The WAL that a slot holds back, as {@code pg_replication_slots} has it.
 *
 * @param bytes so much
 * @param limit {@code max_slot_wal_keep_size} in bytes; negative for none
 * @param safe bytes that may be written before it is lost; null when nothing makes it be lost
 * @param unreserved whether the next checkpoint may remove WAL that it needs
 */
record HeldBack(long bytes, long limit, @Nullable Long safe, boolean unreserved) {

  /** Of the limit, so much should be left. */
  private static final double SAFE_SHARE = 0.25;

  private static final long GIB = 1L << 30;

  /**
   * @param slot as messages begin
   * @param walBudget bytes that a slot is meant to hold back at the most
   */
  Optional<Finding> finding(String slot, long walBudget) {
    if (unreserved || safe != null && limit > 0 && safe < limit * SAFE_SHARE) {
      return Optional.of(
          new Finding(
              unreserved ? Severity.ERROR : Severity.WARN,
              ErrorCode.WAL_NEARLY_LOST,
              slot + " holds back " + mebibytes(bytes) + " of WAL, and "
                  + mebibytes(Math.max(0, safe == null ? 0 : safe)) + " more may be written before it is lost",
              "its tenants need a resync when it is lost; helios-repl tenant list shows who lags",
              "ALTER SYSTEM SET max_slot_wal_keep_size = '" + enough() + "GB';\nSELECT pg_reload_conf();"));
    }
    if (bytes > 2 * walBudget && bytes > GIB) {
      return Optional.of(
          new Finding(
              Severity.WARN,
              ErrorCode.WAL_NEARLY_LOST,
              slot + " holds back " + mebibytes(bytes) + " of WAL, relay.wal-budget is " + mebibytes(walBudget),
              "WAL is kept on the source's disk until it is captured; a transaction that is open there may hold it back, too",
              "helios-repl tenant list"));
    }
    return Optional.empty();
  }

  /** Twice the limit, and twice what is held back now: the finding is gone then. */
  private long enough() {
    return Math.max(1, (2 * Math.max(limit, bytes) + GIB - 1) / GIB);
  }

  static String mebibytes(long bytes) {
    return (bytes >> 20) + " MiB";
  }
}
