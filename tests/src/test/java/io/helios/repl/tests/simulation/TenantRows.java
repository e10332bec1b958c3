package io.helios.repl.tests.simulation;

import io.helios.repl.change.Change;
import io.helios.repl.postgres.Tuple;
import java.util.Map;
import java.util.TreeMap;

/**
 * One tenant's rows, with a digest of each table that changes with them. It takes a change only if that meets exactly what it
 * expects: so what comes twice, or too late, is noticed at once.
 */
final class TenantRows {

  /** What a row holds besides its key; a visit, which has no key, holds nothing else and is counted. */
  record Row(long version, String body) {}

  private final Map<Long, Row> orders = new TreeMap<>();
  private final Map<Long, Row> notes = new TreeMap<>();
  private final Map<Long, Integer> visits = new TreeMap<>();
  private final long[] digests = new long[SimulatedTable.values().length];

  TenantRows copy() {
    TenantRows copy = new TenantRows();
    copy.orders.putAll(orders);
    copy.notes.putAll(notes);
    copy.visits.putAll(visits);
    System.arraycopy(digests, 0, copy.digests, 0, digests.length);
    return copy;
  }

  long[] digests() {
    return digests.clone();
  }

  long digest(SimulatedTable table) {
    return digests[table.ordinal()];
  }

  /** The rows of a table that has a key. */
  Map<Long, Row> keyed(SimulatedTable table) {
    return table == SimulatedTable.ORDERS ? orders : notes;
  }

  Map<Long, Integer> visits() {
    return visits;
  }

  /** Takes one table's rows over from somebody else. */
  void replace(SimulatedTable table, TenantRows from) {
    if (table == SimulatedTable.VISITS) {
      visits.clear();
      visits.putAll(from.visits);
    } else {
      keyed(table).clear();
      keyed(table).putAll(from.keyed(table));
    }
    digests[table.ordinal()] = from.digests[table.ordinal()];
  }

  void put(SimulatedTable table, long id, Row row) {
    Row before = keyed(table).put(id, row);
    digests[table.ordinal()] += digest(table, id, row) - (before == null ? 0 : digest(table, id, before));
  }

  void remove(SimulatedTable table, long id) {
    Row before = keyed(table).remove(id);
    digests[table.ordinal()] -= before == null ? 0 : digest(table, id, before);
  }

  void visit(long page, int more) {
    visits.merge(page, more, Integer::sum);
    visits.values().removeIf(count -> count == 0);
    digests[SimulatedTable.VISITS.ordinal()] += more * mix(page, 77);
  }

  void clear(SimulatedTable table) {
    if (table == SimulatedTable.VISITS) {
      visits.clear();
    } else {
      keyed(table).clear();
    }
    digests[table.ordinal()] = 0;
  }

  /** Returns what does not fit, or null. */
  String apply(Change change) {
    SimulatedTable table = SimulatedTable.of(change.relation());
    return switch (change) {
      case Change.Truncate _ -> {
        clear(table);
        yield null;
      }
      case Change.Insert(var _, Tuple row) -> insert(table, row, null);
      case Change.Delete(var _, Tuple old, boolean oldIsKey) -> delete(table, old, oldIsKey);
      case Change.Upsert _ -> "the WAL has no upserts";
      case Change.Update(var _, Tuple old, boolean oldIsKey, Tuple row) -> {
        Tuple from = old == null ? row : old;
        if (table == SimulatedTable.VISITS) {
          String wrong = delete(table, from, oldIsKey);
          yield wrong == null ? insert(table, row, null) : wrong;
        }
        Row before = keyed(table).get(table.id(from));
        String wrong = delete(table, from, oldIsKey || old == null);
        yield wrong == null ? insert(table, row, before) : wrong;
      }
    };
  }

  private String insert(SimulatedTable table, Tuple row, Row before) {
    long id = table.id(row);
    if (table == SimulatedTable.VISITS) {
      visit(id, 1);
      return null;
    }
    if (keyed(table).containsKey(id)) {
      return "row " + id + " of " + table + " is there already";
    }
    put(table, id, table.row(row, before));
    return null;
  }

  private String delete(SimulatedTable table, Tuple old, boolean keyOnly) {
    long id = table.id(old);
    if (table == SimulatedTable.VISITS) {
      if (!visits.containsKey(id)) {
        return "visit " + id + " is not there";
      }
      visit(id, -1);
      return null;
    }
    Row before = keyed(table).get(id);
    if (before == null) {
      return "row " + id + " of " + table + " is not there";
    }
    if (!keyOnly && !before.equals(table.row(old, before))) {
      return "row " + id + " of " + table + " is not as it was at the source";
    }
    remove(table, id);
    return null;
  }

  private static long digest(SimulatedTable table, long id, Row row) {
    return mix(mix(table.ordinal() + 1, id), mix(row.version(), row.body().hashCode()));
  }

  static long mix(long a, long b) {
    long z = a * 0x9E3779B97F4A7C15L + b + 0x632BE59BD9B4E019L;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }
}
