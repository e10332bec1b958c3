package io.helios.repl.migration;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One of the two databases, as far as one tenant is concerned. */
final class SimulatedHome {

  /** What is in its WAL for this tenant. */
  sealed interface Entry {
    record Write(long number) implements Entry {}

    record Marker(long epoch) implements Entry {}
  }

  /** A session that holds the tenant's lock exclusively; of a process that is dead it ends a while later. */
  static final class Session {
    long endsAtNanos = Long.MAX_VALUE;
    long commitsAtItsEnd;
  }

  final String name;
  final List<Entry> wal = new ArrayList<>();
  final Set<Long> rows = new HashSet<>();
  long epoch = 1;
  boolean primary;
  long refused;
  long closedFor;
  @Nullable Session lock;
  long writerUntilNanos;

  /** How far it has come in the other's WAL; -1 when it does not follow. */
  int followed = -1;

  /** Where its own WAL begins to be news for the other. */
  int homeSince;

  SimulatedHome(String name) {
    this.name = name;
  }

  boolean writable() {
    return primary && closedFor == 0;
  }

  boolean write(long number) {
    if (!writable() || lock != null) {
      return false;
    }
    wal.add(new Entry.Write(number));
    rows.add(number);
    return true;
  }

  /** Its fence's transaction. */
  void close(long toEpoch) {
    closedFor = toEpoch;
    wal.add(new Entry.Marker(toEpoch));
  }

  /** Applies what comes next; false when there is nothing. */
  boolean follow(SimulatedHome other) {
    if (followed < 0 || followed >= other.wal.size()) {
      return false;
    }
    switch (other.wal.get(followed++)) {
      case Entry.Write write -> rows.add(write.number());
      case Entry.Marker marker -> {
        if (marker.epoch() > epoch && marker.epoch() > refused) {
          epoch = marker.epoch();
          primary = true;
          followed = -1;
          homeSince = wal.size();
        }
      }
    }
    return true;
  }
}
