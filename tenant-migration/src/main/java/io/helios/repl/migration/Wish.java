package io.helios.repl.migration;

/** What an operator has asked of a migration and is not done yet. Journaled, so that a restart does not forget it. */
public enum Wish {
  NONE,
  CUTOVER,
  ROLLBACK,
  COMPLETE,
  /** The rows at the old home too. */
  COMPLETE_AND_PURGE,
  /** Switched for good, with the old home as its replica. */
  SETTLE,
  CANCEL;

  /** Whether it can be asked in that state. */
  public boolean allowedIn(MigrationState state) {
    return switch (this) {
      case NONE -> true;
      case CUTOVER -> state == MigrationState.READY;
      case ROLLBACK, COMPLETE, COMPLETE_AND_PURGE, SETTLE -> state == MigrationState.SWITCHED;
      case CANCEL -> Transitions.find(state, MigrationState.CANCELLING).isPresent();
    };
  }
}
