package io.helios.repl.migration;

/**
 * One line of the table.
 *
 * @param reason why it is taken
 * @param action what is done in {@code to}, after it is journaled; may be done again
 */
public record Transition(MigrationState from, MigrationState to, Reason reason, Action action) {

  /** Why a migration goes on, or back. */
  public enum Reason {
    THERE_IS_ROOM("its window is open and there is room"),
    IT_STREAMS("the copy is complete"),
    BOTH_SIDES_ARE_EQUAL("verified, and close behind"),
    CUTOVER_ASKED("asked for, and every gate is open"),
    EPOCH_REFUSED("the target will never take the epoch"),
    EPOCH_TAKEN("the target has taken the epoch"),
    ROLLBACK_ASKED("asked for, and every gate is open"),
    CLEARED("nothing is left of it"),
    COMPLETE_ASKED("asked for"),
    SETTLE_ASKED("asked for by a failback"),
    CANCEL_ASKED("asked for"),
    NOT_BY_ITSELF("somebody has to mend something first"),
    HOME_FAILED("its home failed, and its replica was promoted");

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
    START_REPLICATION("start replication"),
    ARM_AND_VERIFY("arm, rehearse, verify"),
    AWAIT_OPERATOR("wait for the operator"),
    CUT_OVER("pause, fence, drain, switch; or undo"),
    DISARM("disarm"),
    LEAVE("end the stream back"),
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
