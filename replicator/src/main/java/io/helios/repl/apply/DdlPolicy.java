package io.helios.repl.apply;

/** What becomes of a change of the source's schema that could be carried out on the target. */
public enum DdlPolicy {
  /** It is carried out. The default for tables that helios-repl created. */
  APPLY,
  /** The tenant stops, and is told the SQL. The default for tables that were there before. */
  STOP
}
