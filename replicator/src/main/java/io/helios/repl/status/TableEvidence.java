package io.helios.repl.status;

import io.helios.repl.postgres.Lsn;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was found when one table was compared on both sides.
 *
 * @param table {@code schema.table}
 * @param lsn the point: both sides held exactly the transactions whose commit LSN is before it
 * @param at when both snapshots stood
 * @param sourceDigest what the source's rows add up to, 32 hexadecimal digits; equal on both sides where rows are
 * @param columns what was compared: what both sides have and neither generates
 * @param altered keys that both sides have, with another row
 * @param missing keys (without a key: rows) that the target lacks
 * @param extra keys (without a key: rows) that only the target has
 * @param keys how to find the rows that differ; null when none does
 */
public record TableEvidence(
    String table,
    Lsn lsn,
    Instant at,
    long sourceRows,
    long targetRows,
    String sourceDigest,
    String targetDigest,
    List<String> columns,
    long altered,
    long missing,
    long extra,
    @Nullable DifferingKeys keys) {

  public TableEvidence {
    columns = List.copyOf(columns);
  }

  /** Altered, missing and extra keys together. */
  public long differing() {
    return altered + missing + extra;
  }

  public boolean equal() {
    return differing() == 0 && sourceRows == targetRows && sourceDigest.equals(targetDigest);
  }
}
