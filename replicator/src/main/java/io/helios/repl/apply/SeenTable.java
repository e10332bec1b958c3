package io.helios.repl.apply;

import io.helios.repl.postgres.Lsn;
import java.util.List;
import java.util.Optional;

/**
 * A table as a tenant's stream showed it last: what tells a new column from a renamed one, and an altered one from one
 * that was dropped and made again, since a column's number at the source outlives its name and is never given twice.
 *
 * @param oid at the source
 * @param highest the highest column number that the source had given by then
 * @param seenAt the commit LSN from which on this holds; what committed before may show older shapes
 * @param targetOid of the target's table, which tells whether that was made again
 * @param columns all that were ever seen; dropped ones stay
 * @param remade columns that were dropped and made again with this shape: in the transaction at {@code seenAt}, all that was
 *     in them goes when the first change under this shape comes
 */
record SeenTable(
    int oid, int highest, Lsn seenAt, int targetOid, List<Column> columns, List<String> remade) {

  /**
   * @param number at the source
   * @param targetNumber at the target; 0 where the target lacks it
   */
  record Column(String name, int number, int typeOid, int typeModifier, int targetNumber) {}

  SeenTable {
    columns = List.copyOf(columns);
    remade = List.copyOf(remade);
  }

  Optional<Column> column(String name) {
    return columns.stream().filter(c -> c.name().equals(name)).findFirst();
  }

  Optional<Column> column(int number) {
    return columns.stream().filter(c -> c.number() == number).findFirst();
  }
}
