package io.helios.repl.capture;

import java.util.HashSet;
import java.util.Set;

/**
 * Whom a horizon waits for: everybody who may have taken a value of the column before a moment, and may still commit it. See
 * {@link Horizon} for the proof. Immutable.
 */
public sealed interface Fence {

  /** Nobody is left. */
  boolean isPassed();

  /** Who of them is left, by what the source shows now. */
  Fence seen(RunningTransactions now);

  /**
   * At a primary: transactions by name.
   *
   * @param virtual virtual transaction ids, {@code pg_locks.virtualxid}
   * @param prepared ids of prepared transactions
   */
  record Running(Set<String> virtual, Set<String> prepared) implements Fence {

    public Running {
      virtual = Set.copyOf(virtual);
      prepared = Set.copyOf(prepared);
    }

    @Override
    public boolean isPassed() {
      return virtual.isEmpty() && prepared.isEmpty();
    }

    /** Who is gone from the virtual ids may have become any of those that are prepared now. */
    @Override
    public Fence seen(RunningTransactions now) {
      Set<String> still = new HashSet<>(virtual);
      still.retainAll(now.virtual());
      Set<String> waiting = new HashSet<>(prepared);
      if (still.size() < virtual.size()) {
        waiting.addAll(now.prepared());
      }
      waiting.retainAll(now.prepared());
      return new Running(still, waiting);
    }
  }

  /**
   * At a standby, where the primary's transactions do not show.
   *
   * @param untilMicros the primary's clock, as its replayed commits tell it, must have come to this, microseconds since 2000
   * @param xid no transaction with a lower id may be in progress
   */
  record Replay(long untilMicros, long xid, boolean isPassed) implements Fence {

    @Override
    public Fence seen(RunningTransactions now) {
      return new Replay(untilMicros, xid, isPassed || now.replayedMicros() >= untilMicros && now.oldestXid() >= xid);
    }
  }
}
