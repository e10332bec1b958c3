package io.helios.repl.apply;

import io.helios.repl.change.Change;
import io.helios.repl.postgres.Relation;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;

/** Counts changes by table and kind, at the cost of an increment each. Owned by one thread. */
final class RowTally {

  private final Map<Relation, Count> counts = new IdentityHashMap<>();

  private static final class Count {
    long inserts;
    long updates;
    long deletes;
    long truncates;
  }

  void count(Change change) {
    Count count = counts.get(change.relation());
    if (count == null) {
      count = new Count();
      counts.put(change.relation(), count);
    }
    switch (change) {
      case Change.Insert _ -> count.inserts++;
      // Most rows that a poll finds are there already; nobody knows which.
      case Change.Update _, Change.Upsert _ -> count.updates++;
      case Change.Delete _ -> count.deletes++;
      case Change.Truncate _ -> count.truncates++;
    }
  }

  /** By {@code schema.table}. */
  Map<String, AppliedStatus.Rows> byTable() {
    Map<String, AppliedStatus.Rows> tables = new HashMap<>();
    counts.forEach((relation, count) -> tables.merge(
        relation.qualifiedName(),
        new AppliedStatus.Rows(count.inserts, count.updates, count.deletes, count.truncates),
        AppliedStatus.Rows::plus));
    return tables;
  }
}
