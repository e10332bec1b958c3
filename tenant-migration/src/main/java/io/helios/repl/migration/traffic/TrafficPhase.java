package io.helios.repl.migration.traffic;

import java.util.Locale;

/** What a switch is asked to do. A cutover goes pause, change, resume; one that is given up goes pause, resume. */
public enum TrafficPhase {
  /** A dry run: nothing changes for anybody. */
  CHECK,
  /** The tenant's clients begin to wait. */
  PAUSE,
  /** They are sent to the new home, once they go on. */
  CHANGE,
  /** They go on: at the new home after a change, else at the old one. */
  RESUME;

  /** As commands and hooks are told: {@code pause}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
