package io.helios.repl.tests.simulation;

/** What must never be has come about. */
final class Violation extends AssertionError {

  private static final long serialVersionUID = 1L;

  Violation(String what) {
    super(what);
  }
}
