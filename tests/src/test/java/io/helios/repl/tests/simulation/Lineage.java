package io.helios.repl.tests.simulation;

import java.util.ArrayList;
import java.util.List;

/** What each table of one tenant was after each commit of the source that changed anything of it. */
final class Lineage {

  private record Point(long commitLsn, long[] digests) {}

  private final List<Point> points = new ArrayList<>();

  Lineage(TenantRows empty) {
    points.add(new Point(0, empty.digests()));
  }

  void add(long commitLsn, TenantRows rows) {
    points.add(new Point(commitLsn, rows.digests()));
  }

  long last() {
    return points.getLast().commitLsn();
  }

  /** Whether the tenant has a commit exactly there. */
  boolean has(long commitLsn) {
    return at(commitLsn).commitLsn() == commitLsn;
  }

  /** The table once everything up to this commit LSN, it included, had committed. */
  long digest(SimulatedTable table, long upTo) {
    return at(upTo).digests()[table.ordinal()];
  }

  private Point at(long upTo) {
    int low = 0;
    int high = points.size() - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (points.get(middle).commitLsn() <= upTo) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return points.get(low);
  }
}
