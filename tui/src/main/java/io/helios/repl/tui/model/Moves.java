package io.helios.repl.tui.model;

import io.helios.repl.tui.fleet.Fleet;
import io.helios.repl.tui.fleet.Gates;
import io.helios.repl.tui.fleet.Migration;
import io.helios.repl.tui.fleet.Passages;
import io.helios.repl.tui.fleet.Phase;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The migrations that are listed, and what is known of the chosen one beyond the fleet's news. Owned by the model. */
final class Moves {

  final Cursor cursor = new Cursor();
  private List<Migration> listed = List.of();
  private @Nullable Fleet seen;
  private Filter by = Filter.NONE;
  private @Nullable Passages passages;
  private @Nullable Gates gates;

  void relist(Fleet fleet, Filter filter) {
    boolean same = fleet.hasSameMigrationsAs(seen) && filter.isNone() && by.isNone();
    seen = fleet;
    by = filter;
    if (same) {
      return;
    }
    listed = fleet.migrations().stream().filter(filter.moves(fleet)).sorted(Phase.ORDER).toList();
    cursor.relist(keys());
  }

  List<Migration> listed() {
    return listed;
  }

  List<String> keys() {
    return listed.stream().map(Migration::tenant).toList();
  }

  /** The chosen one; null when none is listed. */
  @Nullable Migration selected() {
    return listed.isEmpty() ? null : listed.get(Math.min(cursor.index(), listed.size() - 1));
  }

  @Nullable Watched watched() {
    Migration m = selected();
    return m == null ? null : new Watched.Move(m.tenant(), m.id(), m.since(), hasCutoverAhead(m));
  }

  private static boolean hasCutoverAhead(Migration m) {
    return m.state().equals("READY") || m.state().equals("SWITCHED");
  }

  /** What comes too late is of no use any more. */
  void hear(Passages told) {
    Migration m = selected();
    if (m != null && m.id().equals(told.of())) {
      passages = told;
    }
  }

  void hear(Gates seen) {
    Migration m = selected();
    if (m != null && m.id().equals(seen.migration())) {
      gates = seen;
    }
  }

  /** The chosen one's, once it was told. */
  @Nullable Passages passages() {
    Migration m = selected();
    return m != null && passages != null && passages.of().equals(m.id()) ? passages : null;
  }

  @Nullable Gates gates() {
    Migration m = selected();
    return m != null && gates != null && gates.migration().equals(m.id()) ? gates : null;
  }
}
