package io.helios.repl.tests.simulation;

import io.helios.repl.apply.ReplicaState;
import io.helios.repl.postgres.Lsn;
import java.util.HashMap;
import java.util.Map;

/** What the target has of one tenant: its rows, and what stands of it in schema helios. */
final class SimulatedReplica {

  final int tenant;
  long epoch;
  long position;
  long through;
  TenantRows rows = new TenantRows();

  /** Consistent point of each table; one that is not here has no complete copy. */
  final Map<SimulatedTable, Long> copiedAt = new HashMap<>();

  SimulatedReplica(int tenant, long epoch) {
    this.tenant = tenant;
    this.epoch = epoch;
  }

  boolean isCopied() {
    return copiedAt.size() == SimulatedTable.values().length;
  }

  long copiedAt() {
    return copiedAt.values().stream().mapToLong(Long::longValue).max().orElse(0);
  }

  ReplicaState state() {
    Map<String, Lsn> points = new HashMap<>();
    copiedAt.forEach((table, point) -> points.put(table.quoted(), new Lsn(point)));
    return new ReplicaState(epoch, SimulatedSource.SYSTEM, new Lsn(position), points);
  }

  /**
   * The rows are those of the source at the position, but for tables whose copy is of a later point. While it is being copied
   * nobody is shown it.
   *
   * @param upTo which position they are held against
   */
  void check(Lineage lineage, long upTo, String when) {
    if (!isCopied()) {
      return;
    }
    for (SimulatedTable table : SimulatedTable.values()) {
      long point = Math.max(upTo, copiedAt.get(table) - 1);
      if (rows.digest(table) != lineage.digest(table, point)) {
        throw new Violation(when + ": " + table + " of tenant " + tenant + " at position " + position
            + " is not what the source had at " + point);
      }
    }
  }
}
