package io.helios.repl.migration;

import java.util.Locale;

/** Where a migration stands. Which of them follow which, and why, is the table in {@link Transitions}. */
public enum MigrationState {
  /** Asked for; waits for its window and for room. */
  PLANNED,
  /** The tenant is copied to its target. */
  COPYING,
  /** It streams; what a cutover needs is made, and both sides are compared. */
  CATCHING_UP,
  /** It can be cut over when somebody asks for it. */
  READY,
  /** On the way to the new home. Only the arbiter knows on which side it is. */
  CUTTING_OVER,
  /** Written at the new home; the old one follows. */
  SWITCHED,
  /** On the way back, by the same cutover. */
  CUTTING_BACK,
  /** Back at the old home; what was made for moving is taken away. */
  CLEARING_UP,
  /** The stream back is ended, and on request the old home purged. */
  COMPLETING,
  /** Switched for good, and the old home goes on as its replica; what was made for moving is taken away. */
  SETTLING,
  /** Given up before any cutover; what was made for it is taken away. */
  CANCELLING,
  COMPLETED,
  ROLLED_BACK,
  SETTLED,
  CANCELLED,
  /** Cannot go on: somebody has to mend something first, or its home failed. The tenant is where it was, or where that took it. */
  FAILED;

  /** Nothing more is done by itself. A failed one may still be cancelled. */
  public boolean ended() {
    return this == COMPLETED || this == ROLLED_BACK || this == SETTLED || this == CANCELLED || this == FAILED;
  }

  /** Whether the tenant's writers may be kept waiting in it. */
  public boolean cutting() {
    return this == CUTTING_OVER || this == CUTTING_BACK;
  }

  /** As people read it: {@code cutting-over}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
