package io.helios.repl.pipeline;

import java.util.List;

/**
 * What preparing a source or target needs.
 *
 * @param sql the statements, in order, as they can be run by hand; empty when there is nothing to do
 * @param done whether they have been carried out
 */
public record PreparationPlan(List<String> sql, boolean done) {
  public PreparationPlan {
    sql = List.copyOf(sql);
  }
}
