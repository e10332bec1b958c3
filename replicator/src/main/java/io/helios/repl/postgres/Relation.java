package io.helios.repl.postgres;

import java.util.List;

/**
 * A table as pgoutput described it at one point of the stream (PostgreSQL: protocol message {@code Relation}).
 *
 * @param oid its OID at the source; means nothing at the target
 * @param replicaIdentity {@code d}efault, {@code n}othing, {@code f}ull, {@code i}ndex ({@code pg_class.relreplident})
 * @param columns the published columns in the order of tuples
 */
public record Relation(int oid, String schema, String name, char replicaIdentity, List<Column> columns) {

  /**
   * One published column.
   *
   * @param typeOid the type at the source; OIDs below 16384 mean the same everywhere, others do not
   * @param key whether it is part of the replica identity (true for all columns when that is full)
   */
  public record Column(String name, int typeOid, int typeModifier, boolean key) {}

  public Relation {
    columns = List.copyOf(columns);
  }

  /** {@code schema.table} for people; not SQL. */
  public String qualifiedName() {
    return schema + "." + name;
  }

  /** The place of the named column, or -1. */
  public int indexOf(String column) {
    for (int i = 0; i < columns.size(); i++) {
      if (columns.get(i).name().equals(column)) {
        return i;
      }
    }
    return -1;
  }
}
