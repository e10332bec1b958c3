package io.helios.repl.migration;

import static io.helios.repl.migration.MigrationState.CANCELLED;
import static io.helios.repl.migration.MigrationState.CANCELLING;
import static io.helios.repl.migration.MigrationState.CATCHING_UP;
import static io.helios.repl.migration.MigrationState.CLEARING_UP;
import static io.helios.repl.migration.MigrationState.COMPLETED;
import static io.helios.repl.migration.MigrationState.COMPLETING;
import static io.helios.repl.migration.MigrationState.COPYING;
import static io.helios.repl.migration.MigrationState.CUTTING_BACK;
import static io.helios.repl.migration.MigrationState.CUTTING_OVER;
import static io.helios.repl.migration.MigrationState.FAILED;
import static io.helios.repl.migration.MigrationState.PLANNED;
import static io.helios.repl.migration.MigrationState.READY;
import static io.helios.repl.migration.MigrationState.ROLLED_BACK;
import static io.helios.repl.migration.MigrationState.SETTLED;
import static io.helios.repl.migration.MigrationState.SETTLING;
import static io.helios.repl.migration.MigrationState.SWITCHED;

import io.helios.repl.migration.Transition.Action;
import io.helios.repl.migration.Transition.Reason;
import java.util.List;
import java.util.Optional;

/**
 * Every way from state to state; what is not here does not happen. The diagram of docs/migration.md is made from it. There
 * is no way out of the two cutting states but by the arbiter's word: they end in one of the two consistent ends.
 */
public final class Transitions {

  public static final List<Transition> TABLE =
      List.of(
          new Transition(PLANNED, COPYING, Reason.THERE_IS_ROOM, Action.START_REPLICATION),
          new Transition(COPYING, CATCHING_UP, Reason.IT_STREAMS, Action.ARM_AND_VERIFY),
          new Transition(CATCHING_UP, READY, Reason.BOTH_SIDES_ARE_EQUAL, Action.AWAIT_OPERATOR),
          new Transition(READY, CUTTING_OVER, Reason.CUTOVER_ASKED, Action.CUT_OVER),
          new Transition(CUTTING_OVER, READY, Reason.EPOCH_REFUSED, Action.AWAIT_OPERATOR),
          new Transition(CUTTING_OVER, SWITCHED, Reason.EPOCH_TAKEN, Action.AWAIT_OPERATOR),
          new Transition(SWITCHED, CUTTING_BACK, Reason.ROLLBACK_ASKED, Action.CUT_OVER),
          new Transition(CUTTING_BACK, SWITCHED, Reason.EPOCH_REFUSED, Action.AWAIT_OPERATOR),
          new Transition(CUTTING_BACK, CLEARING_UP, Reason.EPOCH_TAKEN, Action.DISARM),
          new Transition(CLEARING_UP, ROLLED_BACK, Reason.CLEARED, Action.NOTHING),
          new Transition(SWITCHED, COMPLETING, Reason.COMPLETE_ASKED, Action.LEAVE),
          new Transition(COMPLETING, COMPLETED, Reason.CLEARED, Action.NOTHING),
          new Transition(SWITCHED, SETTLING, Reason.SETTLE_ASKED, Action.DISARM),
          new Transition(SETTLING, SETTLED, Reason.CLEARED, Action.NOTHING),
          new Transition(PLANNED, CANCELLING, Reason.CANCEL_ASKED, Action.DISARM),
          new Transition(COPYING, CANCELLING, Reason.CANCEL_ASKED, Action.DISARM),
          new Transition(CATCHING_UP, CANCELLING, Reason.CANCEL_ASKED, Action.DISARM),
          new Transition(READY, CANCELLING, Reason.CANCEL_ASKED, Action.DISARM),
          new Transition(FAILED, CANCELLING, Reason.CANCEL_ASKED, Action.DISARM),
          new Transition(CANCELLING, CANCELLED, Reason.CLEARED, Action.NOTHING),
          new Transition(PLANNED, FAILED, Reason.NOT_BY_ITSELF, Action.NOTHING),
          new Transition(COPYING, FAILED, Reason.NOT_BY_ITSELF, Action.NOTHING),
          new Transition(CATCHING_UP, FAILED, Reason.NOT_BY_ITSELF, Action.NOTHING),
          new Transition(READY, FAILED, Reason.HOME_FAILED, Action.NOTHING),
          new Transition(SWITCHED, FAILED, Reason.HOME_FAILED, Action.NOTHING),
          new Transition(CLEARING_UP, FAILED, Reason.HOME_FAILED, Action.NOTHING),
          new Transition(SETTLING, FAILED, Reason.HOME_FAILED, Action.NOTHING),
          new Transition(CANCELLING, FAILED, Reason.HOME_FAILED, Action.NOTHING));

  private Transitions() {}

  public static Optional<Transition> find(MigrationState from, MigrationState to) {
    return TABLE.stream().filter(t -> t.from() == from && t.to() == to).findFirst();
  }

  /** The one between them; that there is none is a bug. */
  static Transition between(MigrationState from, MigrationState to) {
    return find(from, to).orElseThrow(() -> new IllegalStateException("no way from " + from + " to " + to));
  }

  /** The table as a diagram (Mermaid, {@code stateDiagram-v2}). */
  public static String diagram() {
    StringBuilder out = new StringBuilder("stateDiagram-v2\n  direction TB\n  [*] --> planned\n");
    for (Transition t : TABLE) {
      out.append("  ").append(id(t.from())).append(" --> ").append(id(t.to())).append(": ").append(t.reason().words());
      out.append('\n');
    }
    for (MigrationState end : MigrationState.values()) {
      if (end.ended() && end != FAILED) {
        out.append("  ").append(id(end)).append(" --> [*]\n");
      }
    }
    return out.toString();
  }

  private static String id(MigrationState state) {
    return state.label().replace('-', '_');
  }
}
