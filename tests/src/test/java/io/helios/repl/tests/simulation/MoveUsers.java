package io.helios.repl.tests.simulation;

import io.helios.repl.tests.simulation.SourceTransaction.Change;
import io.helios.repl.tests.simulation.TenantRows.Row;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The users of both tenants. They try either home, and write where they are let; each row says which write it was. What they
 * were told is what the tenant is: its home has exactly that, at every moment, and never are there two.
 */
final class MoveUsers {

  private static final int PAGES = 4;

  private final MoveWorld world;
  private final Chance chance;

  /** What the moved tenant is by the word that its users were given. */
  private final TenantRows told = new TenantRows();

  private long number;
  private int writes;
  private @Nullable MoveHome holding;

  MoveUsers(MoveWorld world) {
    this.world = world;
    this.chance = world.chance;
  }

  int writes() {
    return writes;
  }

  void write() {
    if (chance.below(3) == 0) {
      List<Change> changes = changes(world.home(0).replica(world.other.id).rows, null, 1);
      world.home(0).write(world.other.id, changes);
    } else {
      write(world.home(chance.below(2)));
    }
  }

  private void write(MoveHome home) {
    if (home.isOpen() && home.lock == null) {
      commit(home);
    }
  }

  private void commit(MoveHome home) {
    writes++;
    home.write(world.declared.id, changes(home.moved().rows, told, 0));
  }

  /** Somebody writes, and takes his time to commit: until then nobody closes the tenant. */
  void hold() {
    MoveHome home = world.home(chance.below(2));
    if (holding == null && home.isOpen() && home.lock == null) {
      holding = home;
      home.writerUntil = world.nanos() + chance.between(1, 300) * 1_000_000L;
    }
  }

  /** Who held on commits; he was let in before anybody closed the door. */
  void end() {
    MoveHome home = holding;
    if (home != null && home.writerUntil <= world.nanos()) {
      holding = null;
      if (home.writerUntil > 0) {
        commit(home);
      }
      home.writerUntil = 0;
    }
  }

  /** @param also takes the same changes, where it is not null */
  private List<Change> changes(TenantRows rows, @Nullable TenantRows also, int tenant) {
    List<Change> changes = new ArrayList<>();
    int count = chance.between(1, chance.below(8) == 0 ? 30 : 3);
    for (int i = 0; i < count; i++) {
      changes.add(chance.below(3) == 0 ? visit(rows, also, tenant) : order(rows, also, tenant));
    }
    return changes;
  }

  /** No key tells whether it is there twice: only that they are counted. */
  private Change visit(TenantRows rows, @Nullable TenantRows also, int tenant) {
    long page = 1 + chance.below(PAGES);
    rows.visit(page, 1);
    if (also != null) {
      also.visit(page, 1);
    }
    return new Change(SimulatedTable.VISITS, WalBytes.insert(SimulatedTable.VISITS, new Object[] {tenant, page}));
  }

  private Change order(TenantRows rows, @Nullable TenantRows also, int tenant) {
    SimulatedTable table = SimulatedTable.ORDERS;
    List<Long> ids = List.copyOf(rows.keyed(table).keySet());
    boolean changes = !ids.isEmpty() && (ids.size() > 20 || chance.coin());
    long id = changes ? chance.of(ids) : ++number;
    if (changes && ids.size() > 20) {
      rows.remove(table, id);
      if (also != null) {
        also.remove(table, id);
      }
      return new Change(table, WalBytes.delete(table, new Object[] {tenant, id, null, null}));
    }
    Row row = new Row(++number, "x".repeat(chance.below(40)));
    rows.put(table, id, row);
    if (also != null) {
      also.put(table, id, row);
    }
    Object[] values = {tenant, id, row.version(), row.body()};
    return new Change(table, changes ? WalBytes.update(table, null, values) : WalBytes.insert(table, values));
  }

  // --- what always holds

  /** Whenever a database has changed. */
  void look() {
    MoveHome one = world.home(0);
    MoveHome two = world.home(1);
    if (one.isOpen() && two.isOpen()) {
      throw new Violation("both homes are writable");
    }
    for (MoveHome home : List.of(one, two)) {
      if (home.isOpen()) {
        requireTold(home);
      }
    }
  }

  private void requireTold(MoveHome home) {
    for (SimulatedTable table : SimulatedTable.values()) {
      if (home.moved().rows.digest(table) != told.digest(table)) {
        throw new Violation("home " + home.side + " is open, and its " + table + " are not what the users were told");
      }
    }
  }

  /** With everything quiet: one home, which the store knows, and a follower that is as far. */
  boolean isSettled() {
    return unsettled().isEmpty();
  }

  /** What is not as it must be in the end; empty when all is. */
  String unsettled() {
    MoveHome home = world.home(world.side(world.stored().source()));
    MoveHome follower = world.home(1 - home.side);
    if (!home.isOpen() || follower.isOpen()) {
      return home.isOpen() ? "both homes are open" : "its home is closed";
    }
    for (SimulatedTable table : SimulatedTable.values()) {
      boolean follows = world.isGone() || follower.moved().rows.digest(table) == told.digest(table);
      long others = world.home(0).replica(world.other.id).rows.digest(table);
      if (!follows) {
        return table + " at its follower " + follower.side + " is not what was told";
      }
      if (world.home(1).replica(world.other.id).rows.digest(table) != others) {
        return table + " of the other tenant differs";
      }
    }
    return "";
  }
}
