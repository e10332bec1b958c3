package io.helios.repl.migration;

import java.util.Locale;

/** Which way a cutover goes: to the new home, or back to the old one. */
public enum Direction {
  FORWARD,
  BACK;

  /** As documents have it. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
