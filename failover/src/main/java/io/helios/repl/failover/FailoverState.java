package io.helios.repl.failover;

import java.util.Locale;

/** Where a failover stands. Which of them follow which, and why, is the table in {@link Transitions}. */
public enum FailoverState {
  /** Asked for; waits for its turn. */
  PLANNED,
  /** Its epoch is claimed; the old home may still hold a lease. */
  WAITING,
  /** What was captured is applied. */
  DRAINING,
  /** On the way. Only the replica's row knows whether it has taken the epoch. */
  PROMOTING,
  /** Written at the new home; the old one is out of reach, or not closed yet. */
  PROMOTED,
  /** The old home is back, and closed. */
  FENCED,
  /** What it had committed that never arrived is known. */
  ACCOUNTED,
  /** It is made equal to the new home. */
  REPAIRING,
  /** It follows the new home. The way back is open. */
  FOLLOWING,
  /** On the way back, by a planned move. */
  FAILING_BACK,
  /** In the old roles again. */
  FAILED_BACK,
  /** Given up before the replica was promoted. The tenant is where it was. */
  FAILED;

  /** Nothing more is done by itself, and a new failover may begin. */
  public boolean rests() {
    return this == FOLLOWING || this == FAILED_BACK || this == FAILED;
  }

  /** Whether the tenant is still without a home, and somebody works on that. */
  public boolean promoting() {
    return this == WAITING || this == DRAINING || this == PROMOTING;
  }

  /** Whether the replica has become the home. */
  public boolean promoted() {
    return this != PLANNED && !promoting() && this != FAILED;
  }

  /** As people read it: {@code failing-back}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
