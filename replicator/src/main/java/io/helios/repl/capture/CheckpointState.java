package io.helios.repl.capture;

import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.SourceIdentity;
import java.util.List;

/**
 * What a poller knows of its source beyond what is in the journal. Kept durably, always after what was found is: a crash in
 * between lets some rows come again. Immutable.
 *
 * @param systemIdentifier of the source
 * @param timeline of the source
 * @param lsn how far the source's WAL was then; it is on the source's disk
 * @param below rows of transactions with lower ids have been found, see {@link SeenRows}
 * @param marks of each table that is polled
 * @param pending see {@link Horizon}
 */
public record CheckpointState(
    long systemIdentifier, int timeline, Lsn lsn, long below, List<TableMark> marks, List<Horizon.Pending> pending) {

  public CheckpointState {
    marks = List.copyOf(marks);
    pending = List.copyOf(pending);
  }

  /** Of a source that nothing is known of. */
  public static CheckpointState of(SourceIdentity source) {
    return new CheckpointState(
        source.systemIdentifier(), source.timeline(), source.currentLsn(), 0, List.of(), List.of());
  }

  /** Values of rows stay out of messages and logs. */
  @Override
  public String toString() {
    return "CheckpointState[" + marks.size() + " tables, " + lsn + "]";
  }
}
