package io.helios.repl.migration;

/**
 * What is known of both sides being equal.
 *
 * @param why in an operator's words; empty when it is fresh
 */
public record Proof(Standing standing, String why) {

  public static final Proof FRESH = new Proof(Standing.FRESH, "");

  /** How it is with the newest verification. */
  public enum Standing {
    /** Complete, equal, of this epoch, not too old. */
    FRESH,
    /** There is none that may be relied on. */
    OLD,
    /** One is being made. */
    RUNNING,
    /** The newest one found the sides to differ. */
    DIFFERENT,
    /** The newest one could not be made. */
    FAILED
  }
}
