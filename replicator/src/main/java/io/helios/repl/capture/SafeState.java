package io.helios.repl.capture;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What may be written down of a poller's state: what a crash of the source cannot undo. When PostgreSQL crashes, it forgets the
 * WAL that was not flushed, and gives the transaction ids in it, and a sequence's values, once more. Had we kept that rows of
 * these ids were found, others that are written with them later would be missed. So a state counts only when the source's WAL
 * has been flushed up to where it was when the state was made; until then an older one stands, and rows come again.
 *
 * <p>Owned by the capture thread.
 */
final class SafeState {

  private CheckpointState safe;
  private @Nullable CheckpointState waiting;

  /** @param read what was written last */
  SafeState(CheckpointState read) {
    this.safe = read;
  }

  /** A poll is over. */
  void offer(CheckpointState now, PollMoment moment) {
    CheckpointState before = waiting;
    if (before != null && !moment.flushed().isBefore(before.lsn())) {
      safe = before;
      waiting = null;
    }
    if (waiting == null) {
      waiting = now;
    }
  }

  /**
   * To be written now.
   *
   * @param now in it are tables that have joined since: they are polled from now on, whatever happens, with nothing known
   */
  CheckpointState with(CheckpointState now) {
    Set<Integer> known = new HashSet<>();
    safe.marks().forEach(mark -> known.add(mark.oid()));
    List<TableMark> marks = new ArrayList<>(safe.marks());
    for (TableMark mark : now.marks()) {
      if (!known.contains(mark.oid())) {
        marks.add(TableMark.of(mark.oid()));
      }
    }
    // At the very beginning: everything before the first poll is in the copies.
    long below = safe.below() == 0 ? now.below() : safe.below();
    return new CheckpointState(safe.systemIdentifier(), safe.timeline(), safe.lsn(), below, marks, safe.pending());
  }
}
