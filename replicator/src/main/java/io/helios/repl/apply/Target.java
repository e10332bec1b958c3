package io.helios.repl.apply;

/** A database that tenants are written to: a seam, so that a simulated one can take its place. Any thread. */
public interface Target {

  /** As the operator named it. */
  String name();

  /**
   * A session of one's own.
   *
   * @throws io.helios.repl.error.TransientException when the target is out of reach
   * @throws io.helios.repl.error.OperatorException when it refuses for good
   */
  TargetSession connect();
}
