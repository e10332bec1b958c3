package io.helios.repl.failover.observation;

import java.util.Locale;

/** What is held of a database. */
public enum Verdict {
  ALIVE,
  /** It does not answer as it should, has not for long enough yet, or nobody can tell. Nothing is done about it. */
  SUSPECT,
  DEAD;

  /** As in JSON. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
