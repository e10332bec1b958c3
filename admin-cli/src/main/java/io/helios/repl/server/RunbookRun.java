package io.helios.repl.server;

import io.helios.repl.runbook.Entry;
import io.helios.repl.runbook.RunState;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A run of a runbook as it is kept.
 *
 * @param text the runbook as it was when the run was begun
 * @param sha256 of the text
 * @param planned how many steps it has
 * @param who began it
 * @param state as its runner has said
 * @param holder who runs it, or did
 * @param leaseUntil until when he is believed to be alive
 * @param steps its journal
 */
record RunbookRun(
    long number,
    String runbook,
    String text,
    String sha256,
    Map<String, String> parameters,
    int planned,
    String who,
    Instant begun,
    @Nullable Instant ended,
    RunState state,
    String holder,
    Instant leaseUntil,
    List<Line> steps) {

  /**
   * A line of the journal.
   *
   * @param who wrote it
   */
  record Line(Entry entry, String who, Instant begun, @Nullable Instant ended) {}

  String name() {
    return runbook + "-" + number;
  }

  boolean isHeld(Instant now) {
    return state == RunState.RUNNING && now.isBefore(leaseUntil);
  }

  /** A runner that is not heard of any more was interrupted, whatever it was. */
  RunState stateAt(Instant now) {
    return state == RunState.RUNNING && !isHeld(now) ? RunState.INTERRUPTED : state;
  }
}
