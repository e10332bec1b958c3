package io.helios.repl.tui.model;

import io.helios.repl.tui.fleet.Failover;
import io.helios.repl.tui.fleet.FailoverPhase;
import io.helios.repl.tui.fleet.Fleet;
import io.helios.repl.tui.fleet.Passages;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The failovers that are listed, and what is known of the chosen one beyond the fleet's news. Owned by the model. */
final class Successions {

  final Cursor cursor = new Cursor();
  private List<Failover> listed = List.of();
  private @Nullable Fleet seen;
  private Filter by = Filter.NONE;
  private @Nullable Passages passages;

  void relist(Fleet fleet, Filter filter) {
    boolean same = fleet.hasSameFailoversAs(seen) && filter.isNone() && by.isNone();
    seen = fleet;
    by = filter;
    if (same) {
      return;
    }
    listed = fleet.failovers().stream().filter(filter.failovers(fleet)).sorted(FailoverPhase.ORDER).toList();
    cursor.relist(keys());
  }

  List<Failover> listed() {
    return listed;
  }

  List<String> keys() {
    return listed.stream().map(Failover::tenant).toList();
  }

  /** The chosen one; null when none is listed. */
  @Nullable Failover selected() {
    return listed.isEmpty() ? null : listed.get(Math.min(cursor.index(), listed.size() - 1));
  }

  @Nullable Watched watched() {
    Failover f = selected();
    return f == null ? null : new Watched.Succession(f.tenant(), f.id(), f.since());
  }

  /** What comes too late is of no use any more. */
  void hear(Passages told) {
    Failover f = selected();
    if (f != null && f.id().equals(told.of())) {
      passages = told;
    }
  }

  /** The chosen one's, once it was told. */
  @Nullable Passages passages() {
    Failover f = selected();
    return f != null && passages != null && passages.of().equals(f.id()) ? passages : null;
  }
}
