package io.helios.repl.relay;

import io.helios.repl.relay.FrameSource.Arrivals;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What stands where in a journal: segments, tenants, their frames. No I/O under its lock, which is held for
 * microseconds, so the writer, readers and acknowledging threads meet here. All methods are thread-safe unless they
 * say otherwise; {@link TenantFrames} that they return belong to the lock, except for what the writer alone changes.
 */
final class JournalIndex {

  /** How much a tenant acknowledges before that is written down; see {@link JournalRecord.Acknowledged}. */
  private static final long ACKNOWLEDGED_BYTES_WORTH_WRITING = 64 << 10;

  private static final Comparator<TenantFrames> BY_HEAD =
      (a, b) -> {
        int order = Long.compareUnsigned(a.headPosition, b.headPosition);
        return order != 0 ? order : a.tenant.compareTo(b.tenant);
      };

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final TreeMap<Long, Segment> segments = new TreeMap<>();
  private final Map<UUID, TenantFrames> tenants = new HashMap<>();
  private final List<TenantFrames> pending = new ArrayList<>();
  private final TreeSet<TenantFrames> heads = new TreeSet<>(BY_HEAD);
  private final ArrivalList arrivals = new ArrivalList();
  private final ArrayDeque<TenantFrames> acknowledgements = new ArrayDeque<>();

  /** Below these bits a mark counts; above, it says which life of the journal gave it out. */
  private static final int LIFE_SHIFT = 40;

  private long mark = ThreadLocalRandom.current().nextLong(1, 1L << (63 - LIFE_SHIFT)) << LIFE_SHIFT;

  private long markedSegment;
  private long markedEnd;
  private long bytes;
  private boolean closed;
  private volatile long capturedUpTo;
  private volatile Provenance provenance = Provenance.UNKNOWN;
  private volatile Set<UUID> overflowed = Set.of();

  // --- the writer's side

  void addSegment(Segment segment) {
    locked(
        () -> {
          segments.put(segment.id, segment);
          bytes += segment.size;
        });
  }

  /** The segment grew, or was cut. */
  void resize(Segment segment, long size) {
    locked(
        () -> {
          bytes += size - segment.size;
          segment.size = size;
        });
  }

  /** The tenant's state, made if there is none. */
  TenantFrames tenant(UUID tenant, long born) {
    lock.lock();
    try {
      return tenants.computeIfAbsent(tenant, id -> new TenantFrames(id, born));
    } finally {
      lock.unlock();
    }
  }

  @Nullable TenantFrames find(UUID tenant) {
    lock.lock();
    try {
      return tenants.get(tenant);
    } finally {
      lock.unlock();
    }
  }

  void add(TenantFrames tenant, Segment segment, int offset, FrameHeader header) {
    locked(
        () -> {
          tenant.add(segment, offset, header);
          tenant.sealedTaken += header.sealedLength();
          tenant.plainTaken += header.plainLength();
          if (!tenant.pending) {
            tenant.pending = true;
            pending.add(tenant);
          }
        });
  }

  boolean hasPending() {
    lock.lock();
    try {
      return !pending.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** What is pending is durable, up to a mark that ends here. Returns segments that are of no use any more. */
  List<Segment> publish(long upTo, Provenance origin, long segment, long end) {
    lock.lock();
    try {
      long next = mark + 1;
      boolean news = false;
      for (TenantFrames tenant : pending) {
        tenant.pending = false;
        if (tenants.get(tenant.tenant) == tenant) {
          if (tenant.publish()) {
            arrivals.touch(tenant, next);
            news = true;
          }
          reposition(tenant);
        }
      }
      pending.clear();
      capturedUpTo = upTo;
      provenance = origin;
      boolean moved = segment != markedSegment;
      markedSegment = segment;
      markedEnd = end;
      if (news) {
        mark = next;
        arrived.signalAll();
      }
      return moved ? unused() : List.of();
    } finally {
      lock.unlock();
    }
  }

  /** What is pending is taken back. Returns the segments begun after the last mark's. */
  List<Segment> rollback() {
    lock.lock();
    try {
      for (TenantFrames tenant : pending) {
        tenant.pending = false;
        if (tenants.get(tenant.tenant) == tenant) {
          tenant.rollback();
          reposition(tenant);
        }
      }
      pending.clear();
      return new ArrayList<>(segments.tailMap(markedSegment, false).values());
    } finally {
      lock.unlock();
    }
  }

  void removeSegment(Segment segment) {
    locked(
        () -> {
          if (segments.remove(segment.id, segment)) {
            bytes -= segment.size;
          }
        });
  }

  @Nullable Segment markedSegment() {
    lock.lock();
    try {
      return segments.get(markedSegment);
    } finally {
      lock.unlock();
    }
  }

  long markedEnd() {
    lock.lock();
    try {
      return markedEnd;
    } finally {
      lock.unlock();
    }
  }

  /** Gives the tenant's frames up, for good until it is forgotten. Who waits for its frames is told. */
  List<Segment> drop(TenantFrames tenant) {
    lock.lock();
    try {
      tenant.clear();
      tenant.dropped = true;
      reposition(tenant);
      tellDropped(tenant);
      return unused();
    } finally {
      lock.unlock();
    }
  }

  List<Segment> forget(TenantFrames tenant) {
    lock.lock();
    try {
      remove(tenant);
      tenants.remove(tenant.tenant, tenant);
      return unused();
    } finally {
      lock.unlock();
    }
  }

  /** What the start of a segment says of all tenants is what holds, whatever was gathered before it. */
  void reconcile(JournalRecord.Tenants start) {
    lock.lock();
    try {
      Map<UUID, TenantFrames> before = new HashMap<>(tenants);
      for (JournalRecord.TenantEntry entry : start.tenants()) {
        TenantFrames known = before.remove(entry.tenant());
        if (known == null || known.born != entry.born() || known.nextSequence != entry.nextSequence()) {
          if (known != null) {
            remove(known);
          }
          known = new TenantFrames(entry);
          tenants.put(entry.tenant(), known);
        } else {
          known.acknowledgeSequence(entry.acknowledgedSequence());
          if (entry.dropped() && !known.dropped) {
            known.clear();
            known.dropped = true;
          }
          reposition(known);
        }
        if (known.dropped && !overflowed.contains(known.tenant)) {
          tellDropped(known);
        }
      }
      for (TenantFrames gone : before.values()) {
        remove(gone);
        tenants.remove(gone.tenant);
      }
    } finally {
      lock.unlock();
    }
  }

  private void tellDropped(TenantFrames tenant) {
    Set<UUID> all = new HashSet<>(overflowed);
    all.add(tenant.tenant);
    overflowed = Set.copyOf(all);
    arrivals.touch(tenant, ++mark);
    arrived.signalAll();
  }

  private void remove(TenantFrames tenant) {
    tenant.clear();
    reposition(tenant);
    arrivals.remove(tenant);
    if (overflowed.contains(tenant.tenant)) {
      Set<UUID> all = new HashSet<>(overflowed);
      all.remove(tenant.tenant);
      overflowed = Set.copyOf(all);
    }
  }

  /** Whose fall would do most to free the oldest segment that could go; null when none could. */
  @Nullable TenantFrames heaviestOfOldest() {
    lock.lock();
    try {
      Segment oldest = null;
      for (Segment segment : segments.headMap(markedSegment, false).values()) {
        if (segment.live > 0) {
          oldest = segment;
          break;
        }
      }
      TenantFrames heaviest = null;
      if (oldest != null) {
        for (TenantFrames tenant : tenants.values()) {
          if (!tenant.isEmpty()
              && tenant.first().segment == oldest
              && (heaviest == null || tenant.bytes > heaviest.bytes)) {
            heaviest = tenant;
          }
        }
      }
      return heaviest;
    } finally {
      lock.unlock();
    }
  }

  List<JournalRecord.TenantEntry> entries() {
    lock.lock();
    try {
      List<JournalRecord.TenantEntry> entries = new ArrayList<>(tenants.size());
      for (TenantFrames tenant : tenants.values()) {
        entries.add(tenant.entry());
      }
      return entries;
    } finally {
      lock.unlock();
    }
  }

  /** Acknowledgements worth writing down since last asked; all there are when {@code all}. */
  List<JournalRecord.Acknowledged> acknowledgements(boolean all) {
    lock.lock();
    try {
      List<JournalRecord.Acknowledged> taken = new ArrayList<>();
      Collection<TenantFrames> candidates = all ? tenants.values() : acknowledgements;
      for (TenantFrames tenant : candidates) {
        if (tenant.acknowledgedBytesUnwritten > 0 && tenants.get(tenant.tenant) == tenant) {
          taken.add(new JournalRecord.Acknowledged(tenant.tenant, tenant.firstSequence() - 1));
        }
        tenant.acknowledgedBytesUnwritten = 0;
        tenant.acknowledgementQueued = false;
      }
      acknowledgements.clear();
      return taken;
    } finally {
      lock.unlock();
    }
  }

  // --- everybody's side

  /** Trims. Returns segments that are of no use any more. */
  List<Segment> acknowledge(UUID tenant, long position) {
    lock.lock();
    try {
      TenantFrames frames = tenants.get(tenant);
      if (frames == null || frames.isEmpty()) {
        return List.of();
      }
      long before = frames.bytes;
      long oldest = frames.first().segment.id;
      frames.acknowledge(position);
      if (frames.bytes == before) {
        return List.of();
      }
      reposition(frames);
      frames.acknowledgedBytesUnwritten += before - frames.bytes;
      if (frames.acknowledgedBytesUnwritten >= ACKNOWLEDGED_BYTES_WORTH_WRITING && !frames.acknowledgementQueued) {
        frames.acknowledgementQueued = true;
        acknowledgements.add(frames);
      }
      boolean leftSegment = frames.isEmpty() || frames.first().segment.id != oldest;
      return leftSegment ? unused() : List.of();
    } finally {
      lock.unlock();
    }
  }

  /** Trims what an earlier life of the journal wrote down as acknowledged. */
  void acknowledgeSequence(TenantFrames tenant, long sequence) {
    locked(
        () -> {
          tenant.acknowledgeSequence(sequence);
          reposition(tenant);
        });
  }

  long capturedUpTo() {
    return capturedUpTo;
  }

  Provenance provenance() {
    return provenance;
  }

  long oldestUnacknowledged() {
    lock.lock();
    try {
      if (heads.isEmpty()) {
        return capturedUpTo;
      }
      long oldest = heads.first().headPosition;
      return Long.compareUnsigned(oldest, capturedUpTo) < 0 ? oldest : capturedUpTo;
    } finally {
      lock.unlock();
    }
  }

  long oldestUnacknowledged(UUID tenant) {
    lock.lock();
    try {
      TenantFrames frames = tenants.get(tenant);
      if (frames == null || !frames.dropped && !frames.held()) {
        return capturedUpTo;
      }
      return frames.dropped ? 0 : frames.first().firstPosition;
    } finally {
      lock.unlock();
    }
  }

  Set<UUID> overflowed() {
    return overflowed;
  }

  Set<UUID> tenants() {
    lock.lock();
    try {
      return Set.copyOf(tenants.keySet());
    } finally {
      lock.unlock();
    }
  }

  /** Of the tenant's frames that are not acknowledged. */
  long bytes(TenantFrames tenant) {
    lock.lock();
    try {
      return tenant.bytes;
    } finally {
      lock.unlock();
    }
  }

  /** Of all segments. */
  long bytes() {
    lock.lock();
    try {
      return bytes;
    } finally {
      lock.unlock();
    }
  }

  boolean isAcknowledged(UUID tenant) {
    lock.lock();
    try {
      TenantFrames frames = tenants.get(tenant);
      return frames != null && frames.trimmedPosition != 0;
    } finally {
      lock.unlock();
    }
  }

  Backlog backlog(UUID tenant) {
    lock.lock();
    try {
      TenantFrames frames = tenants.get(tenant);
      if (frames == null) {
        return Backlog.NONE;
      }
      return new Backlog(
          frames.nextSequence - frames.firstSequence(),
          frames.bytes,
          frames.plainBytes,
          frames.isEmpty() ? null : (Long) frames.first().firstCommitMicros,
          frames.lastPosition);
    } finally {
      lock.unlock();
    }
  }

  Volume volume(UUID tenant) {
    lock.lock();
    try {
      TenantFrames frames = tenants.get(tenant);
      return frames == null ? Volume.NONE : new Volume(frames.sealedTaken, frames.plainTaken);
    } finally {
      lock.unlock();
    }
  }

  Arrivals arrivals(long since, Duration timeout) throws InterruptedException {
    long nanos = timeout.toNanos();
    lock.lockInterruptibly();
    try {
      long asked = since >> LIFE_SHIFT == mark >> LIFE_SHIFT ? since : 0; // another life's mark misses nothing
      List<UUID> found = arrivals.since(asked);
      while (found.isEmpty() && nanos > 0 && !closed) {
        nanos = arrived.awaitNanos(nanos);
        found = arrivals.since(asked);
      }
      return new Arrivals(mark, found);
    } finally {
      lock.unlock();
    }
  }

  /** See {@link FrameLookup}. */
  FrameLookup lookup(UUID tenant, long afterPosition, long fromSequence, long room, boolean first) {
    lock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("the journal is closed");
      }
      return FrameLookup.of(tenant, tenants.get(tenant), afterPosition, fromSequence, room, first);
    } finally {
      lock.unlock();
    }
  }

  /** What was read of a block that had been let go. */
  void know(TenantFrames tenant, FrameBlock block, long[] read) {
    locked(
        () -> {
          if (!block.known()) {
            tenant.know(block, read);
          }
        });
  }

  /** Wakes who waits; returns all segments. */
  List<Segment> close() {
    lock.lock();
    try {
      closed = true;
      arrived.signalAll();
      List<Segment> all = new ArrayList<>(segments.values());
      segments.clear();
      return all;
    } finally {
      lock.unlock();
    }
  }

  /** What was added so far is what an earlier life of the journal took. */
  void forgetVolumes() {
    locked(() -> tenants.values().forEach(tenant -> tenant.sealedTaken = tenant.plainTaken = 0));
  }

  /** Takes out, and returns, the segments that are of no use any more. */
  List<Segment> unusedSegments() {
    lock.lock();
    try {
      return unused();
    } finally {
      lock.unlock();
    }
  }

  /** Takes out the segments that hold nothing unacknowledged and are older than the last mark's. */
  private List<Segment> unused() {
    List<Segment> unused = List.of();
    Iterator<Segment> older = segments.headMap(markedSegment, false).values().iterator();
    while (older.hasNext()) {
      Segment segment = older.next();
      if (segment.live == 0) {
        if (unused.isEmpty()) {
          unused = new ArrayList<>();
        }
        unused.add(segment);
        bytes -= segment.size;
        older.remove();
      }
    }
    return unused;
  }

  private void reposition(TenantFrames tenant) {
    boolean held = tenant.held();
    if (tenant.inHeads && (!held || tenant.headPosition != tenant.first().firstPosition)) {
      heads.remove(tenant);
      tenant.inHeads = false;
    }
    if (held && !tenant.inHeads) {
      tenant.headPosition = tenant.first().firstPosition;
      tenant.inHeads = true;
      heads.add(tenant);
    }
  }

  private void locked(Runnable change) {
    lock.lock();
    try {
      change.run();
    } finally {
      lock.unlock();
    }
  }
}
