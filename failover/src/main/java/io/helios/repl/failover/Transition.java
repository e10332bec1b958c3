package io.helios.repl.failover;

/**
 * One line of the table.
 *
 * @param reason why it is taken
 * @param action what is done in {@code to}, after it is journaled; may be done again
 */
public record Transition(FailoverState from, FailoverState to, Reason reason, Action action) {

  /** Why a failover goes on, or ends. */
  public enum Reason {
    EPOCH_CLAIMED("it is its turn, and its epoch is claimed"),
    LEASE_OVER("the old home holds no lease any more"),
    DRAINED("drained, or its patience is over"),
    EPOCH_TAKEN("the replica has taken the epoch"),
    OLD_HOME_CLOSED("the old home is back, and closed"),
    ACCOUNT_MADE("captured up to its fence, and accounted"),
    REJOIN_BEGINS("nobody wants to look at the old home first"),
    OLD_HOME_EQUAL("equal, and streaming"),
    FAILBACK_ASKED("asked for"),
    FAILBACK_UNDONE("the way back was undone"),
    BACK_HOME("back in the old roles"),
    NOT_PROMOTABLE("somebody has to mend something first"),
    EPOCH_LOST("somebody else has claimed a later epoch");

    private final String words;

    Reason(String words) {
      this.words = words;
    }

    public String words() {
      return words;
    }
  }

  /** What is done in a state. */
  public enum Action {
    AWAIT_LEASE("wait for the end of the old home's lease"),
    DRAIN("apply what was captured"),
    PROMOTE("promote"),
    SWITCH_AND_FENCE("send clients to the new home; close the old one when it is back"),
    ACCOUNT("account for what never arrived"),
    AWAIT_REJOIN("rejoin, or wait for the operator"),
    REJOIN("compare, repair, turn the stream"),
    AWAIT_OPERATOR("wait for the operator"),
    MOVE_BACK("move back, as planned moves go"),
    NOTHING("nothing");

    private final String words;

    Action(String words) {
      this.words = words;
    }

    public String words() {
      return words;
    }
  }
}
