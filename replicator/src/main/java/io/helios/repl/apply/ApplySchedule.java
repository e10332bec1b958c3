package io.helios.repl.apply;

import io.helios.repl.postgres.Lsn;
import io.helios.repl.status.StageTimes;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Which tenants of a target have work, and whose turn it is. Tiers share turns 9 : 3 : 1, so that a higher one goes first
 * and a lower one goes on; within a tier it is round-robin. A tenant is in one applier's hands at a time. Thread-safe.
 *
 * <p>No more turns run at once than there are processors, since the fewer share a backlog, the larger are the batches. One
 * that takes long does not count: its target makes it wait, and others need not wait with it.
 */
public final class ApplySchedule {

  /** What a tenant's applier says when it gives the tenant back. */
  enum Outcome {
    /** Nothing is left; the next signal brings it back. */
    IDLE,
    /** There is more: back in line. */
    MORE,
    /** Somebody must act; {@link #resume} brings it back. */
    STOPPED
  }

  private enum Place {
    IDLE,
    READY,
    LATER,
    CLAIMED,
    STOPPED
  }

  private static final class Entry {
    final ReplicaTenant tenant;
    Place place = Place.IDLE;
    boolean signalled;
    long dueNanos;
    long readyNanos;
    @Nullable Turn turn;
    @Nullable CompletableFuture<Void> removal;

    Entry(ReplicaTenant tenant) {
      this.tenant = tenant;
    }
  }

  /** What an applier has claimed and not yet given back. */
  private static final class Turn {
    final long since;
    int tenants;

    Turn(long since) {
      this.since = since;
    }
  }

  /** A tier's tenants that wait for their turn. */
  private static final class Line {
    final int share;
    final Deque<Entry> entries = new ArrayDeque<>();
    int credit;

    Line(int share) {
      this.share = share;
    }
  }

  /** A turn that has lasted so long waits for something. */
  private static final long LONG_TURN_NANOS = Duration.ofMillis(500).toNanos();

  private final LongSupplier nanos;
  private final int atOnce;
  private final List<Turn> turns = new ArrayList<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private final Map<UUID, Entry> entries = new HashMap<>();
  private final List<Line> lines = List.of(new Line(9), new Line(3), new Line(1));
  private final PriorityQueue<Entry> later;
  private final StageTimes shipping = new StageTimes();
  private final StageTimes applying = new StageTimes();

  /**
   * @param nanos a clock that only grows
   * @param atOnce how many turns run at once, but for those that take long
   */
  public ApplySchedule(LongSupplier nanos, int atOnce) {
    this.nanos = nanos;
    this.atOnce = atOnce;
    this.later = new PriorityQueue<>(Comparator.comparingLong(e -> e.dueNanos));
  }

  private Line line(Entry entry) {
    return lines.get(entry.tenant.tenant().tier().ordinal());
  }

  /** Takes a tenant in, with work at once. No tenant may be in twice. */
  public void add(ReplicaTenant tenant) {
    lock.lock();
    try {
      if (entries.putIfAbsent(tenant.id(), new Entry(tenant)) != null) {
        throw new IllegalStateException("tenant " + tenant.id() + " is scheduled already");
      }
    } finally {
      lock.unlock();
    }
    tenant.onWake(() -> signal(tenant.id()));
    signal(tenant.id());
  }

  /** Takes a tenant out. Completes once no applier works for it any more: then nothing is written for it. */
  public CompletableFuture<Void> remove(UUID id) {
    lock.lock();
    try {
      Entry entry = entries.get(id);
      if (entry == null) {
        return CompletableFuture.completedFuture(null);
      }
      if (entry.place == Place.CLAIMED) {
        CompletableFuture<Void> removal = entry.removal == null ? new CompletableFuture<>() : entry.removal;
        entry.removal = removal;
        return removal;
      }
      unlist(entry);
      entries.remove(id);
      return CompletableFuture.completedFuture(null);
    } finally {
      lock.unlock();
    }
  }

  /** The tenant may have frames. Cheap; does nothing for one that is not here or stopped. */
  public void signal(UUID id) {
    lock.lock();
    try {
      Entry entry = entries.get(id);
      if (entry == null) {
        return;
      }
      switch (entry.place) {
        case IDLE -> ready(entry, false);
        case CLAIMED -> entry.signalled = true;
        case READY, LATER, STOPPED -> { }
      }
    } finally {
      lock.unlock();
    }
  }

  /** What is known of the tenant's position may not be what the target has: it is asked, and the tenant gets a turn for it. */
  public void distrust(UUID id) {
    lock.lock();
    try {
      Entry entry = entries.get(id);
      if (entry != null) {
        entry.tenant.distrust();
      }
    } finally {
      lock.unlock();
    }
    signal(id);
  }

  /** As {@link #distrust}, of all: the target was away, and may have come back as another one. They get no turn for it. */
  void distrustAll() {
    lock.lock();
    try {
      entries.values().forEach(entry -> entry.tenant.distrust());
    } finally {
      lock.unlock();
    }
  }

  /** Tries a stopped tenant again: its cause is said to be mended. One that waits for its next attempt is tried at once. */
  public void resume(UUID id) {
    lock.lock();
    try {
      Entry entry = entries.get(id);
      if (entry != null && (entry.place == Place.STOPPED || entry.place == Place.LATER)) {
        unlist(entry);
        ready(entry, false);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Up to {@code most} tenants with work, highest tier first; none when enough turns run already. Give each back. */
  List<ReplicaTenant> claim(int most, int workers) {
    lock.lock();
    try {
      wakeDue();
      if (turnsToWaitFor() >= atOnce) {
        return List.of();
      }
      int waiting = lines.stream().mapToInt(line -> line.entries.size()).sum();
      long now = nanos.getAsLong();
      Turn turn = new Turn(now);
      int share = Math.min(most, (waiting + workers - 1) / workers);
      List<ReplicaTenant> claimed = new ArrayList<>(share);
      while (claimed.size() < share) {
        Entry entry = nextLine().entries.removeFirst();
        entry.place = Place.CLAIMED;
        entry.signalled = false;
        entry.turn = turn;
        turn.tenants++;
        shipping.record(now - entry.readyNanos, now);
        claimed.add(entry.tenant);
      }
      if (turn.tenants > 0) {
        turns.add(turn);
      }
      claimed.sort(Comparator.comparing(t -> t.tenant().tier()));
      return claimed;
    } finally {
      lock.unlock();
    }
  }

  /** How long tenants wait for their turn once there are frames for them. */
  public StageTimes shipping() {
    return shipping;
  }

  /** How long turns last: what is applied of some tenants together, up to its commit. */
  public StageTimes applying() {
    return applying;
  }

  /** Tenants that wait for their turn. */
  public int waiting() {
    lock.lock();
    try {
      return lines.stream().mapToInt(line -> line.entries.size()).sum();
    } finally {
      lock.unlock();
    }
  }

  /** Whether one of these has not come as far as {@code lsn}, or nobody here knows how far it has come. */
  boolean anyBehind(Set<UUID> tenants, Lsn lsn) {
    lock.lock();
    try {
      return tenants.stream().map(entries::get)
          .anyMatch(entry -> entry == null || !entry.tenant.status().caughtUpTo().isAfter(lsn));
    } finally {
      lock.unlock();
    }
  }

  /** Whether one of these has not come as far as {@code lsn}, and nothing is known to keep it from coming. */
  boolean anyComing(Set<UUID> tenants, Lsn lsn) {
    lock.lock();
    try {
      return tenants.stream().map(entries::get).anyMatch(entry -> entry != null && entry.place != Place.STOPPED
          && entry.tenant.status().failures() == 0 && !entry.tenant.status().caughtUpTo().isAfter(lsn));
    } finally {
      lock.unlock();
    }
  }

  /**
   * Into the turn of one that is claimed: those of these, and those who wait for one of these, that nobody has in hand, and
   * that are not stopped. Give each back.
   */
  List<ReplicaTenant> claimToo(ReplicaTenant claimed, Set<UUID> wanted, int most) {
    lock.lock();
    try {
      Entry first = entries.get(claimed.id());
      Turn turn = first == null ? null : first.turn;
      List<ReplicaTenant> more = new ArrayList<>();
      for (Entry entry : entries.values()) {
        if (turn != null && more.size() < most
            && entry.place != Place.CLAIMED && entry.place != Place.STOPPED
            && entry.tenant.isInCircleWith(wanted)) {
          unlist(entry);
          entry.place = Place.CLAIMED;
          entry.signalled = false;
          entry.turn = turn;
          turn.tenants++;
          more.add(entry.tenant);
        }
      }
      return more;
    } finally {
      lock.unlock();
    }
  }

  private int turnsToWaitFor() {
    long now = nanos.getAsLong();
    int count = 0;
    for (Turn turn : turns) {
      count += now - turn.since < LONG_TURN_NANOS ? 1 : 0;
    }
    return count;
  }

  private void leaveTurn(Entry entry) {
    Turn turn = entry.turn;
    entry.turn = null;
    if (turn != null && --turn.tenants == 0) {
      turns.remove(turn);
      long now = nanos.getAsLong();
      applying.record(now - turn.since, now);
      work.signal();
    }
  }

  /** Smooth weighted round-robin over the tiers that have somebody waiting. */
  private Line nextLine() {
    Line next = null;
    int total = 0;
    for (Line line : lines) {
      if (!line.entries.isEmpty()) {
        total += line.share;
        line.credit += line.share;
        if (next == null || line.credit > next.credit) {
          next = line;
        }
      }
    }
    if (next == null) {
      throw new IllegalStateException("nobody is waiting");
    }
    next.credit -= total;
    return next;
  }

  void giveBack(ReplicaTenant tenant, Outcome outcome) {
    giveBack(tenant, entry -> {
      switch (outcome) {
        case IDLE -> {
          if (entry.signalled) {
            ready(entry, false);
          } else {
            entry.place = Place.IDLE;
          }
        }
        case MORE -> ready(entry, false);
        case STOPPED -> entry.place = Place.STOPPED;
      }
    });
  }

  /** Not tried: it keeps its turn. */
  void giveBackUntouched(ReplicaTenant tenant) {
    giveBack(tenant, entry -> ready(entry, true));
  }

  void giveBackLater(ReplicaTenant tenant, long delayNanos) {
    giveBack(tenant, entry -> {
      entry.place = Place.LATER;
      entry.dueNanos = nanos.getAsLong() + delayNanos;
      later.add(entry);
      work.signalAll();
    });
  }

  private void giveBack(ReplicaTenant tenant, java.util.function.Consumer<Entry> then) {
    CompletableFuture<Void> removal = null;
    lock.lock();
    try {
      Entry entry = entries.get(tenant.id());
      if (entry == null || entry.place != Place.CLAIMED) {
        throw new IllegalStateException("tenant " + tenant.id() + " is not claimed");
      }
      leaveTurn(entry);
      if (entry.removal != null) {
        removal = entry.removal;
        entries.remove(tenant.id());
      } else {
        then.accept(entry);
      }
    } finally {
      lock.unlock();
    }
    if (removal != null) {
      removal.complete(null);
    }
  }

  /** Waits until some tenant has work and a turn may begin, or the time is over. */
  void await(long timeoutNanos) throws InterruptedException {
    long end = nanos.getAsLong() + timeoutNanos;
    lock.lockInterruptibly();
    try {
      while (true) {
        wakeDue();
        long left = end - nanos.getAsLong();
        boolean waiting = lines.stream().anyMatch(line -> !line.entries.isEmpty());
        if (left <= 0 || waiting && turnsToWaitFor() < atOnce) {
          return;
        }
        long now = nanos.getAsLong();
        Entry next = later.peek();
        if (next != null) {
          left = Math.min(left, next.dueNanos - now);
        }
        if (waiting) {
          for (Turn turn : turns) {
            long untilLong = turn.since + LONG_TURN_NANOS - now;
            left = untilLong > 0 ? Math.min(left, untilLong) : left;
          }
        }
        work.awaitNanos(Math.max(1, left));
      }
    } finally {
      lock.unlock();
    }
  }

  private void wakeDue() {
    long now = nanos.getAsLong();
    for (Entry next = later.peek(); next != null && next.dueNanos <= now; next = later.peek()) {
      later.remove();
      ready(next, false);
    }
  }

  private void ready(Entry entry, boolean first) {
    entry.place = Place.READY;
    entry.readyNanos = nanos.getAsLong();
    if (first) {
      line(entry).entries.addFirst(entry);
    } else {
      line(entry).entries.addLast(entry);
    }
    work.signal();
  }

  private void unlist(Entry entry) {
    line(entry).entries.remove(entry);
    later.remove(entry);
  }
}
