package io.helios.repl.status;

import java.util.List;

/**
 * What a repair did, and what a verification after it found.
 *
 * @param millis how long all of it took, the verifications before and after included
 * @param tables those that differed before, and what was done to each
 * @param bytes received from both servers for comparing and repairing those
 * @param after both sides, once it was done
 */
public record RepairReport(String tenant, long millis, List<MendedTable> tables, long bytes, Verification after) {

  /** Rows that differed and were repaired. */
  public long differing() {
    return tables.stream().mapToLong(MendedTable::differing).sum();
  }
}
