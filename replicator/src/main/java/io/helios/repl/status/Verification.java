package io.helios.repl.status;

import io.helios.repl.postgres.Lsn;
import java.time.Instant;
import java.util.List;

/**
 * What a comparison of both sides at one point of the WAL found.
 *
 * @param lsn the point: both sides hold exactly the transactions whose commit LSN is before it
 */
public record Verification(String tenant, Lsn lsn, Instant at, long millis, List<TableResult> tables) {

  /** @param differing altered, missing and extra keys together */
  public record TableResult(String table, long sourceRows, long targetRows, long differing) {}

  public boolean equal() {
    return tables.stream().allMatch(t -> t.differing() == 0 && t.sourceRows() == t.targetRows());
  }
}
