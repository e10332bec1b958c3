package io.helios.repl.tests.simulation;

/** The process dies here. An Error, since nothing of the product may catch it. */
final class SimulatedCrash extends Error {

  private static final long serialVersionUID = 1L;

  SimulatedCrash() {
    super("the process dies", null, false, false);
  }
}
