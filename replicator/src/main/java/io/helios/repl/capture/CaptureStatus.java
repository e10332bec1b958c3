package io.helios.repl.capture;

import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Lsn;
import java.util.Map;
import java.util.UUID;

/**
 * How far a source's capture is.
 *
 * @param receivedUpTo everything that committed before this has been received and routed, and what was routed can be
 *     read from the journal: the barrier's side of capture
 * @param durableUpTo the journal's own mark: from here capture goes on after a restart
 * @param releasedUpTo what the slot was told
 * @param messages taken from the stream since start
 * @param rows written to frames since start; a row that goes to two tenants counts twice
 * @param lastCommitMicros commit time of the last transaction received, microseconds since 2000-01-01 UTC; 0 before one
 * @param failures tenants whose changes could not be carried on, and why: nothing more is captured for them
 */
public record CaptureStatus(
    Lsn receivedUpTo,
    Lsn durableUpTo,
    Lsn releasedUpTo,
    long messages,
    long rows,
    long lastCommitMicros,
    Map<UUID, Problem> failures) {

  public CaptureStatus {
    failures = Map.copyOf(failures);
  }
}
