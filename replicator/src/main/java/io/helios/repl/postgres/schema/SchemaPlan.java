package io.helios.repl.postgres.schema;

import java.util.List;

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

  public boolean isEmpty() {
    return statements.isEmpty();
  }
}
