package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Failover;
import io.helios.repl.tui.fleet.FailoverPhase;
import io.helios.repl.tui.fleet.Tenant;
import io.helios.repl.tui.model.Action;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A failover in words. Pure.
 *
 * @param tenant null when the server tells of none of that name
 * @param now by the server's clock
 * @param keys whether actions may be offered
 */
record FailoverWords(Failover failover, FailoverPhase phase, @Nullable Tenant tenant, Instant now, boolean keys) {

  static FailoverWords of(Failover failover, @Nullable Tenant tenant, Instant now, boolean keys) {
    return new FailoverWords(failover, FailoverPhase.of(failover), tenant, now, keys);
  }

  /** A state that this version does not know is shown as the server names it. */
  String state() {
    return phase == FailoverPhase.UNKNOWN ? failover.state() : phase.word();
  }

  /** What was not replicated, in a column's width: a question where nobody can know yet, a plus where there may be more. */
  String lost() {
    Failover.Account account = failover.account();
    if (account == null) {
      return failover.promotedLsn() == null ? Figures.NONE : "?";
    }
    return account.transactions() + (account.missing() == null ? "" : "+");
  }

  /** How it stands, and what may be done. */
  String summary() {
    String home = failover.to();
    String old = failover.from();
    return switch (phase) {
      case FAILED -> "given up before anything had changed: its home is " + old + "; " + key(Action.FAILOVER);
      case STUCK -> "it has no home until this is mended; it goes on by itself";
      case UNSENT -> "its home is " + home + ", but clients could not be sent there; it is tried again and again";
      case PLANNED -> failover.place() == null ? "it begins" : "it waits for its turn, number " + failover.place();
      case WAITING -> "epoch " + failover.epoch() + " is claimed; the old home's lease has to run out";
      case DRAINING -> "what was captured is applied at " + home;
      case PROMOTING -> "epoch " + failover.epoch() + " is being taken at " + home;
      case PROMOTED -> "its home is " + home + ", it has no replica; " + old + " is asked for, and will be closed first";
      case TO_REJOIN -> "its account is made, and waits for somebody; then " + key(Action.REJOIN);
      case REJOINING -> old + " is " + failover.oldSource() + ": it is made equal, and follows then";
      case FAILING_BACK -> "a planned move back to " + old;
      case FOLLOWING -> "its home is " + home + ", " + old + " follows; " + key(Action.FAILBACK);
      case FAILED_BACK -> "back at " + old + ", with " + home + " as its replica";
      case UNKNOWN -> "this dashboard does not know that state: helios-repl failover status " + failover.tenant();
    };
  }

  private String key(Action action) {
    return keys ? action.key() + " = " + action.word() : action.command() + " " + failover.tenant();
  }

  /** The account, in a line. */
  String account() {
    Failover.Account account = failover.account();
    if (account == null) {
      return failover.promotedLsn() == null ? "" : "what never arrived is not known until " + failover.from() + " is back";
    }
    Instant first = account.first();
    Instant last = account.last();
    String span =
        first == null || last == null ? "" : ", committed " + Figures.moment(first, now) + " to " + Figures.moment(last, now);
    return (account.transactions() == 0 ? "nothing is missing" : account.transactions() + " transactions never arrived" + span)
        + (account.missing() == null ? "" : "; there may be more: " + account.missing());
  }

  /** What it took, and what was promoted; empty before. */
  String outcome() {
    Long rto = failover.rtoMillis();
    return (rto == null ? "" : "clients were sent after " + Figures.millis((double) rto) + "; ")
        + (failover.promotedLsn() == null ? "" : "promoted at " + failover.promotedLsn() + " in epoch " + failover.epoch());
  }
}
