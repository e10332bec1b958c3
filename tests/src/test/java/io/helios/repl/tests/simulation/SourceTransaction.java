package io.helios.repl.tests.simulation;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A transaction as the WAL holds it.
 *
 * @param changes each change's message, with the table that must have been described before it
 */
record SourceTransaction(long commitLsn, long endLsn, long commitMicros, List<Change> changes) {

  /** @param table null for a logical message, which belongs to none */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Change(@Nullable SimulatedTable table, byte[] message) {}
}
