package io.helios.repl.tests.simulation;

import java.util.List;

/**
 * A transaction as the WAL holds it.
 *
 * @param changes each change's message, with the table that must have been described before it
 */
record SourceTransaction(long commitLsn, long endLsn, long commitMicros, List<Change> changes) {

  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Change(SimulatedTable table, byte[] message) {}
}
