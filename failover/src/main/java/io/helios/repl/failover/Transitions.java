package io.helios.repl.failover;

import static io.helios.repl.failover.FailoverState.ACCOUNTED;
import static io.helios.repl.failover.FailoverState.DRAINING;
import static io.helios.repl.failover.FailoverState.FAILED;
import static io.helios.repl.failover.FailoverState.FAILED_BACK;
import static io.helios.repl.failover.FailoverState.FAILING_BACK;
import static io.helios.repl.failover.FailoverState.FENCED;
import static io.helios.repl.failover.FailoverState.FOLLOWING;
import static io.helios.repl.failover.FailoverState.PLANNED;
import static io.helios.repl.failover.FailoverState.PROMOTED;
import static io.helios.repl.failover.FailoverState.PROMOTING;
import static io.helios.repl.failover.FailoverState.REPAIRING;
import static io.helios.repl.failover.FailoverState.WAITING;

import io.helios.repl.failover.Transition.Action;
import io.helios.repl.failover.Transition.Reason;
import java.util.List;
import java.util.Optional;

/**
 * Every way from state to state; what is not here does not happen. The diagram of docs/failover.md is made from it. There is
 * no way out of {@code PROMOTING} but by the word of the replica's row, and none back from behind it.
 */
public final class Transitions {

  public static final List<Transition> TABLE =
      List.of(
          new Transition(PLANNED, WAITING, Reason.EPOCH_CLAIMED, Action.AWAIT_LEASE),
          new Transition(WAITING, DRAINING, Reason.LEASE_OVER, Action.DRAIN),
          new Transition(DRAINING, PROMOTING, Reason.DRAINED, Action.PROMOTE),
          new Transition(PROMOTING, PROMOTED, Reason.EPOCH_TAKEN, Action.SWITCH_AND_FENCE),
          new Transition(PROMOTED, FENCED, Reason.OLD_HOME_CLOSED, Action.ACCOUNT),
          new Transition(FENCED, ACCOUNTED, Reason.ACCOUNT_MADE, Action.AWAIT_REJOIN),
          new Transition(ACCOUNTED, REPAIRING, Reason.REJOIN_BEGINS, Action.REJOIN),
          new Transition(REPAIRING, FOLLOWING, Reason.OLD_HOME_EQUAL, Action.AWAIT_OPERATOR),
          new Transition(FOLLOWING, FAILING_BACK, Reason.FAILBACK_ASKED, Action.MOVE_BACK),
          new Transition(FAILING_BACK, FOLLOWING, Reason.FAILBACK_UNDONE, Action.AWAIT_OPERATOR),
          new Transition(FAILING_BACK, FAILED_BACK, Reason.BACK_HOME, Action.NOTHING),
          new Transition(PLANNED, FAILED, Reason.NOT_PROMOTABLE, Action.NOTHING),
          new Transition(WAITING, FAILED, Reason.EPOCH_LOST, Action.NOTHING),
          new Transition(DRAINING, FAILED, Reason.EPOCH_LOST, Action.NOTHING),
          new Transition(PROMOTING, FAILED, Reason.EPOCH_LOST, Action.NOTHING));

  private Transitions() {}

  public static Optional<Transition> find(FailoverState from, FailoverState to) {
    return TABLE.stream().filter(t -> t.from() == from && t.to() == to).findFirst();
  }

  /** The one between them; that there is none is a bug. */
  static Transition between(FailoverState from, FailoverState to) {
    return find(from, to).orElseThrow(() -> new IllegalStateException("no way from " + from + " to " + to));
  }

  /** The table as a diagram (Mermaid, {@code stateDiagram-v2}). */
  public static String diagram() {
    StringBuilder out = new StringBuilder("stateDiagram-v2\n  direction TB\n  [*] --> planned\n");
    for (Transition t : TABLE) {
      out.append("  ").append(id(t.from())).append(" --> ").append(id(t.to())).append(": ").append(t.reason().words());
      out.append('\n');
    }
    out.append("  following --> [*]\n  failed_back --> [*]\n  failed --> [*]\n");
    return out.toString();
  }

  private static String id(FailoverState state) {
    return state.label().replace('-', '_');
  }
}
