package io.helios.repl.tenant;

/** What happens when the target's row is not what the change expects. */
public enum ConflictPolicy {
  /** The target's row is made equal to the source's; counted and logged. */
  SOURCE_WINS,
  /** The tenant stops, by name, with nothing of the transaction applied. */
  STOP
}
