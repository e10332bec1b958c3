package io.helios.repl.postgres.schema;

import java.util.List;
import java.util.stream.Stream;

/**
 * What would make a target able to hold a source's tables.
 *
 * @param statements DDL in an order in which it runs, everything qualified; empty when nothing is lacking
 * @param leftOut what the source has and the target will not get, one line each, in an operator's words
 */
public record SchemaPlan(List<String> statements, List<String> leftOut) {

  public SchemaPlan {
    statements = List.copyOf(statements);
    leftOut = List.copyOf(leftOut);
  }

  /** This one, and then that one. */
  public SchemaPlan and(SchemaPlan then) {
    return new SchemaPlan(
        Stream.concat(statements.stream(), then.statements.stream()).toList(),
        Stream.concat(leftOut.stream(), then.leftOut.stream()).toList());
  }

  public boolean isEmpty() {
    return statements.isEmpty();
  }
}
