package io.helios.repl.apply;

/**
 * The target's schema was changed as the source's was, and that is committed. What was taken since the commit before it is
 * rolled back, and is to be applied again.
 */
final class SchemaChangedException extends RejectedBatchException {

  private static final long serialVersionUID = 1L;

  SchemaChangedException(String table) {
    super("table " + table + " was changed as at the source");
  }
}
