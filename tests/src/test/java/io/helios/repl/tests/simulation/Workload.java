package io.helios.repl.tests.simulation;

import io.helios.repl.tests.simulation.SourceTransaction.Change;
import io.helios.repl.tests.simulation.TenantRows.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the source's users do: rows of several tenants in one transaction, new keys, moves from one tenant to another, tables
 * emptied, transactions with nothing in them, and now and then one with very much.
 */
final class Workload {

  private static final int IDS = 12;

  private final Chance chance;
  private final List<TenantRows> rows;
  private final Set<Integer> touched = new TreeSet<>();
  private List<Change> changes = new ArrayList<>();
  private long versions;

  Workload(Chance chance, List<TenantRows> rows) {
    this.chance = chance;
    this.rows = rows;
  }

  /** Whose rows the last transaction changed, or might have. */
  Set<Integer> touched() {
    return touched;
  }

  List<Change> transaction() {
    touched.clear();
    changes = new ArrayList<>();
    int most = chance.below(12) == 0 ? 70 : 6;
    int count = chance.below(10) == 0 ? 0 : chance.between(1, most);
    int first = chance.below(rows.size());
    int others = chance.below(3);
    for (int i = 0; i < count; i++) {
      change((first + chance.below(1 + others)) % rows.size());
    }
    return changes;
  }

  private void change(int tenant) {
    switch (chance.below(24)) {
      case 0 -> truncate();
      case 1, 2, 3, 4 -> visit(tenant);
      case 5, 6, 7 -> move(tenant);
      default -> keyed(tenant, chance.coin() ? SimulatedTable.ORDERS : SimulatedTable.NOTES);
    }
  }

  private void keyed(int tenant, SimulatedTable table) {
    long id = table == SimulatedTable.NOTES ? note(tenant) : 1 + chance.below(IDS);
    Row before = rows.get(tenant).keyed(table).get(id);
    if (before == null) {
      Row row = row(null);
      say(table, WalBytes.insert(table, values(table, tenant, id, row)));
      put(tenant, table, id, row);
      return;
    }
    switch (chance.below(4)) {
      case 0 -> {
        say(table, WalBytes.delete(table, old(table, tenant, id, before)));
        remove(tenant, table, id);
      }
      case 1 -> rename(tenant, table, id, before);
      default -> {
        boolean full = table.relation().replicaIdentity() == 'f';
        Row row = row(before);
        say(table, WalBytes.update(
            table, full ? old(table, tenant, id, before) : null, sent(table, tenant, id, row, before)));
        put(tenant, table, id, row);
      }
    }
  }

  /** The key changes. */
  private void rename(int tenant, SimulatedTable table, long id, Row before) {
    long next = table == SimulatedTable.NOTES ? 1 + chance.below(IDS * 3) : 1 + chance.below(IDS);
    if (table == SimulatedTable.NOTES ? holder(next) >= 0 : rows.get(tenant).keyed(table).containsKey(next)) {
      return;
    }
    Row row = row(before);
    say(table, WalBytes.update(table, old(table, tenant, id, before), sent(table, tenant, next, row, before)));
    remove(tenant, table, id);
    put(tenant, table, next, row);
  }

  /** A row becomes another tenant's. */
  private void move(int from) {
    SimulatedTable table = chance.coin() ? SimulatedTable.ORDERS : SimulatedTable.NOTES;
    int to = chance.below(rows.size());
    List<Long> ids = List.copyOf(rows.get(from).keyed(table).keySet());
    if (to == from || ids.isEmpty()) {
      return;
    }
    long id = ids.get(chance.below(ids.size()));
    if (rows.get(to).keyed(table).containsKey(id)) {
      return;
    }
    Row before = rows.get(from).keyed(table).get(id);
    Row row = row(before);
    boolean full = table.relation().replicaIdentity() == 'f';
    Object[] after = full ? sent(table, to, id, row, before) : values(table, to, id, row);
    say(table, WalBytes.update(table, old(table, from, id, before), after));
    remove(from, table, id);
    put(to, table, id, row);
  }

  private void visit(int tenant) {
    SimulatedTable table = SimulatedTable.VISITS;
    List<Long> pages = List.copyOf(rows.get(tenant).visits().keySet());
    touched.add(tenant);
    if (pages.isEmpty() || chance.below(3) > 0) {
      long page = 1 + chance.below(4);
      say(table, WalBytes.insert(table, new Object[] {tenant, page}));
      rows.get(tenant).visit(page, 1);
      return;
    }
    long page = pages.get(chance.below(pages.size()));
    rows.get(tenant).visit(page, -1);
    if (chance.coin()) {
      say(table, WalBytes.delete(table, new Object[] {tenant, page}));
    } else {
      say(table, WalBytes.update(table, new Object[] {tenant, page}, new Object[] {tenant, page + 1}));
      rows.get(tenant).visit(page + 1, 1);
    }
  }

  private void truncate() {
    SimulatedTable table = SimulatedTable.values()[chance.below(SimulatedTable.values().length)];
    say(table, WalBytes.truncate(table));
    for (int tenant = 0; tenant < rows.size(); tenant++) {
      rows.get(tenant).clear(table);
      touched.add(tenant);
    }
  }

  /** The note's key does not say whose it is, so no two tenants have the same. */
  private long note(int tenant) {
    long id = 1 + chance.below(IDS * 3);
    int holder = holder(id);
    if (holder < 0 || holder == tenant) {
      return id;
    }
    List<Long> own = List.copyOf(rows.get(tenant).keyed(SimulatedTable.NOTES).keySet());
    return own.isEmpty() ? IDS * 3 + 1 + ++versions : own.get(chance.below(own.size()));
  }

  private int holder(long id) {
    for (int tenant = 0; tenant < rows.size(); tenant++) {
      if (rows.get(tenant).keyed(SimulatedTable.NOTES).containsKey(id)) {
        return tenant;
      }
    }
    return -1;
  }

  private Row row(Row before) {
    boolean sameBody = before != null && chance.coin();
    String body = sameBody ? before.body() : "x".repeat(chance.below(8) == 0 ? 120 : chance.below(20)) + versions % 1000;
    return new Row(++versions, body);
  }

  private static Object[] values(SimulatedTable table, int tenant, long id, Row row) {
    return table == SimulatedTable.ORDERS
        ? new Object[] {tenant, id, row.version(), row.body()}
        : new Object[] {id, tenant, row.version(), row.body()};
  }

  /** The row as it is sent: a large body that did not change is not. */
  private static Object[] sent(SimulatedTable table, int tenant, long id, Row row, Row before) {
    Object[] values = values(table, tenant, id, row);
    if (row.body().length() > 100 && row.body().equals(before.body())) {
      values[3] = WalBytes.UNCHANGED;
    }
    return values;
  }

  private static Object[] old(SimulatedTable table, int tenant, long id, Row before) {
    return table == SimulatedTable.ORDERS
        ? new Object[] {tenant, id, null, null}
        : values(table, tenant, id, before);
  }

  private void say(SimulatedTable table, byte[] message) {
    changes.add(new Change(table, message));
  }

  private void put(int tenant, SimulatedTable table, long id, Row row) {
    rows.get(tenant).put(table, id, row);
    touched.add(tenant);
  }

  private void remove(int tenant, SimulatedTable table, long id) {
    rows.get(tenant).remove(table, id);
    touched.add(tenant);
  }
}
