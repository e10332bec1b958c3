package io.helios.repl.relay;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.TransientException;
import io.helios.repl.relay.SegmentWriter.SyncFailedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The relay journal of one source: sealed frames of all its tenants, in segments, durable and in order.
 *
 * <p><b>Writing</b> belongs to one thread, the source's capture: {@link #rewind} once before it starts to stream, then
 * again and again {@link #reserve}, seal, {@link #append}, and {@link #sync} at a transaction's boundary. Everything
 * else may be called by any thread at any time.
 *
 * <pre>
 *   reserve ─ seal ─ append ─ reserve ─ seal ─ append ─ sync(capturedUpTo) ─ ...
 *                                                        one mark, one fsync; now readers see the frames
 * </pre>
 *
 * <p><b>After a crash</b> the journal is what it was at its last mark. A slot is given out once, each start begins a
 * new segment with a new salt, and so does a write that failed: no nonce is ever used twice.
 *
 * <p><b>When the disk refuses</b> ({@link TransientException}, {@link ErrorCode#JOURNAL_WRITE_FAILED}) what was being
 * written is not in the journal, and what was appended before still is: reserve, seal and append that frame again. Only
 * when a sync was not confirmed ({@link ErrorCode#JOURNAL_SYNC_FAILED}) everything since the last one is lost: every
 * further call of the writer fails until {@link #rewind}.
 *
 * <p><b>Quotas.</b> A tenant that exceeds its share, or pins the oldest segments when all together exceed theirs, is
 * dropped: its frames are given up and refused from then on, {@link #fetch} says so, and {@link #forget} ends it. The
 * total may be exceeded by what one transaction brings.
 */
public final class RelayJournal implements FrameSource, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(RelayJournal.class);

  private final SegmentFiles files;
  private final RelayLimits limits;
  private final JournalIndex index;
  private final SegmentWriter writer;

  /** Held by whoever writes: capture, and now and then {@link #forget} and {@link #close}. Taken before the index's lock. */
  private final ReentrantLock writing = new ReentrantLock();

  private @Nullable Reserved reserved;

  /** Whether something was written, or must be, since the last mark. */
  private boolean dirty;

  private boolean marked;
  private boolean lost;
  private boolean closed;

  /** Whether a tenant was dropped or forgotten and that is not durable yet: a crash would bring it back. */
  private volatile boolean unsettled;

  private volatile FrameWatch watch = FrameWatch.NONE;

  /** Of no use to anybody once that is durable. */
  private final Queue<Segment> unneeded = new ConcurrentLinkedQueue<>();

  private record Reserved(FrameSlot slot, TenantFrames tenant, Segment segment) {}

  private RelayJournal(SegmentFiles files, RelayLimits limits, JournalIndex index, long nextSegment) {
    this.files = files;
    this.limits = limits;
    this.index = index;
    this.writer = new SegmentWriter(files, index, limits.segmentBytes(), nextSegment);
  }

  /**
   * Opens the journal as of its last mark, empty if there is none. Owns {@code files} from now on.
   *
   * @throws CorruptionException when something before the last mark is damaged; the message names segment and offset
   * @throws OperatorException when it was written by another version
   * @throws TransientException when it cannot be read
   */
  public static RelayJournal open(SegmentFiles files, RelayLimits limits) {
    JournalIndex index = new JournalIndex();
    boolean opened = false;
    try {
      RelayJournal journal = new RelayJournal(files, limits, index, new JournalRecovery(files, index).run());
      opened = true;
      return journal;
    } catch (IOException e) {
      throw JournalErrors.readFailed("directory", e);
    } finally {
      if (!opened) {
        close(files);
      }
    }
  }

  /** Tells it of all frames from now on, in the place of the one before. */
  public void watch(FrameWatch frames) {
    watch = frames;
  }

  // --- writing

  /**
   * Gives up whatever was appended since the last sync. To be called before streaming starts: a stream that broke off
   * leaves the beginning of a transaction behind, and the next stream brings that transaction again.
   *
   * @return {@link #capturedUpTo}: from where to stream
   * @throws TransientException when the disk refuses; call it again
   */
  public long rewind() {
    writing.lock();
    try {
      refuseClosed();
      reserved = null;
      if (lost || index.hasPending()) {
        lost = true;
        List<Segment> after = index.rollback();
        for (Segment segment : after.reversed()) {
          segment.file.close(); // nobody reads what was never synced
          files.delete(segment.id);
          index.removeSegment(segment);
        }
        Segment last = index.markedSegment();
        if (last != null) {
          last.file.truncate(index.markedEnd());
          last.file.force();
          index.resize(last, index.markedEnd());
        }
        writer.abandon();
        lost = false;
        watch.rewound();
      }
      return index.capturedUpTo();
    } catch (IOException e) {
      throw JournalErrors.writeFailed(e);
    } finally {
      writing.unlock();
    }
  }

  /**
   * Where the tenant's next frame will stand. Good for the next append only; asked for again, it gives another one.
   *
   * @throws TransientException when a new segment is due and cannot be begun
   */
  public FrameSlot reserve(UUID tenant) {
    writing.lock();
    try {
      refuseUnusable();
      Segment segment = writer.segment();
      TenantFrames frames = index.tenant(tenant, segment.id);
      FrameSlot slot = new FrameSlot(segment.id, segment.salt, writer.takeIndex(), frames.nextSequence);
      reserved = new Reserved(slot, frames, segment);
      return slot;
    } catch (IOException e) {
      throw JournalErrors.writeFailed(e);
    } catch (SyncFailedException e) {
      throw lost(e);
    } finally {
      writing.unlock();
    }
  }

  /**
   * Appends the frame that was sealed for the slot reserved last. Nobody sees it before the next {@link #sync}.
   *
   * @return false when the tenant is not to have it: it has outgrown its share (now or before), or was forgotten meanwhile
   * @throws TransientException when the disk refuses; the frame is not in, reserve and seal again
   */
  public boolean append(Frame frame) {
    writing.lock();
    try {
      refuseUnusable();
      Reserved slot = reserved;
      reserved = null;
      if (slot == null || !fits(frame.header(), slot.slot)) {
        throw new IllegalStateException("a frame must be appended to the slot that was reserved last");
      }
      TenantFrames tenant = slot.tenant;
      if (tenant.dropped || index.find(frame.header().tenant()) != tenant) {
        return false;
      }
      refuseDisorder(frame, tenant);
      makeRoom(tenant, JournalRecord.FrameRecord.length(frame.sealed().length));
      if (tenant.dropped) {
        return false;
      }
      if (writer.current() != slot.segment) {
        throw JournalErrors.resealed();
      }
      int offset = writer.write(slot.segment, tenant.previousIn(slot.segment), frame);
      index.add(tenant, slot.segment, offset, frame.header());
      dirty = true;
      watch.appended(frame.header());
      return true;
    } catch (IOException e) {
      throw JournalErrors.writeFailed(e);
    } finally {
      writing.unlock();
    }
  }

  /**
   * Makes all that was appended durable, and visible. To be called at transaction boundaries only.
   *
   * @param capturedUpTo everything of every tenant that committed before this has been appended, unsigned; never less
   *     than before
   * @throws TransientException JOURNAL_WRITE_FAILED: call it again; JOURNAL_SYNC_FAILED: {@link #rewind}
   */
  public void sync(long capturedUpTo) {
    sync(capturedUpTo, index.provenance());
  }

  /**
   * As {@link #sync(long)}.
   *
   * @param provenance of everything up to here, kept with the mark
   */
  public void sync(long capturedUpTo, Provenance provenance) {
    writing.lock();
    try {
      refuseUnusable();
      if (Long.compareUnsigned(capturedUpTo, index.capturedUpTo()) < 0) {
        throw new IllegalStateException("a journal that has captured more cannot be synced to less");
      }
      if (dirty || capturedUpTo != index.capturedUpTo() || !provenance.equals(index.provenance())) {
        mark(capturedUpTo, provenance, false);
      }
    } finally {
      writing.unlock();
    }
  }

  /**
   * Forgets every tenant and starts anew at a position that may be less than before: for a source that is not the one
   * it was. Who was dropped stays dropped. Durable on return.
   */
  public void restart(long capturedUpTo, Provenance provenance) {
    writing.lock();
    try {
      rewind();
      Set<UUID> dropped = index.overflowed();
      for (UUID tenant : index.tenants()) {
        forgetInMemory(tenant);
      }
      long born = writer.begin().id; // it starts with what is known of all tenants: nothing
      for (UUID tenant : dropped) {
        drop(index.tenant(tenant, born));
      }
      mark(capturedUpTo, provenance, false);
    } catch (IOException e) {
      throw JournalErrors.writeFailed(e);
    } catch (SyncFailedException e) {
      throw lost(e);
    } finally {
      writing.unlock();
    }
  }

  // --- anybody

  /**
   * Drops what the journal holds of the tenant and all it knows of it: its frames count from 1 again.
   *
   * @return whether that is durable: until it is, a crash brings back what was known of the tenant. It is with the next sync,
   *     for which capture may have to end a transaction or to {@link #rewind}; call this again to know
   * @throws TransientException when the disk refuses; it is forgotten all the same, but not durably
   */
  public boolean forget(UUID tenant) {
    writing.lock();
    try {
      refuseClosed();
      boolean known = forgetInMemory(tenant);
      if (known && !lost) { // the start of the next segment says it, too
        Segment segment = writer.segment();
        RecordFormat.putForgotten(writer.records(RecordFormat.TENANT_BYTES), tenant);
        writer.write(segment);
      }
      if (unsettled && !lost && !index.hasPending()) {
        mark(index.capturedUpTo(), index.provenance(), false);
      }
      return !unsettled;
    } catch (IOException e) {
      throw JournalErrors.writeFailed(e);
    } catch (SyncFailedException e) {
      throw lost(e);
    } finally {
      writing.unlock();
    }
  }

  /**
   * Gives up a tenant whose changes cannot be complete any more: as if it had outgrown its share, it is in {@link
   * #overflowed} until {@link #forget}. Durable on return, or, while capture is in the middle of a transaction, with its
   * next sync.
   */
  public void drop(UUID tenant) {
    writing.lock();
    try {
      refuseUnusable();
      TenantFrames frames = index.tenant(tenant, writer.segment().id);
      if (!frames.dropped) {
        drop(frames);
        if (!index.hasPending()) {
          mark(index.capturedUpTo(), index.provenance(), false);
        }
      }
    } catch (IOException e) {
      throw JournalErrors.writeFailed(e);
    } catch (SyncFailedException e) {
      throw lost(e);
    } finally {
      writing.unlock();
    }
  }

  @Override
  public List<Frame> fetch(UUID tenant, long afterPosition, long fromSequence, int maxBytes) {
    List<Frame> frames = new ArrayList<>();
    long from = fromSequence;
    long room = maxBytes;
    while (room > 0 || frames.isEmpty()) {
      FrameLookup found = index.lookup(tenant, afterPosition, from, room, frames.isEmpty());
      Segment segment = found.segment();
      if (segment == null) {
        return frames;
      }
      try {
        FrameBlock load = found.load();
        if (load != null && found.tenant() != null) {
          index.know(found.tenant(), load, load.read(tenant));
        }
        for (FrameLookup.Place place : found.frames()) {
          Frame frame = read(segment, tenant, place);
          watch.fetched(frame.header());
          frames.add(frame);
          room -= place.sealedLength();
          from = place.sequence() + 1;
        }
      } finally {
        released(segment);
      }
    }
    return frames;
  }

  @Override
  public void acknowledge(UUID tenant, long position) {
    watch.acknowledged(tenant, position);
    List<Segment> unused = index.acknowledge(tenant, position);
    if (unsettled) {
      unneeded.addAll(unused);
    } else {
      doom(unused);
    }
  }

  @Override
  public Arrivals arrivals(long mark, Duration timeout) throws InterruptedException {
    return index.arrivals(mark, timeout);
  }

  @Override
  public long capturedUpTo() {
    return index.capturedUpTo();
  }

  /** Where everything up to {@link #capturedUpTo} comes from. */
  public Provenance provenance() {
    return index.provenance();
  }

  /** First position of the oldest durable frame that is not acknowledged; {@link #capturedUpTo} when all are. */
  public long oldestUnacknowledged() {
    return index.oldestUnacknowledged();
  }

  /**
   * First position of the tenant's oldest durable frame that is not acknowledged; {@link #capturedUpTo} when all are, 0 for
   * a tenant that was dropped.
   */
  public long oldestUnacknowledged(UUID tenant) {
    return index.oldestUnacknowledged(tenant);
  }

  /** Tenants that have outgrown their share and are refused until {@link #forget}. Immutable. */
  public Set<UUID> overflowed() {
    return index.overflowed();
  }

  /** Every tenant that the journal knows of. Who no longer exists should be forgotten: its frames hold the slot back. */
  public Set<UUID> tenants() {
    return index.tenants();
  }

  /** Whether it knows of no tenant, and no crash brings one back. */
  public boolean isEmpty() {
    return !unsettled && index.tenants().isEmpty();
  }

  /**
   * Whether capture is to go on though nobody is routed: everybody that the journal knows of was dropped and waits to begin anew,
   * or what was forgotten is not durable yet. Not while somebody is known who goes on: what is found missing when capture
   * begins is lost to those who are routed by then, and would be skipped for the others.
   */
  public boolean holdsOnlyDropped() {
    return !isEmpty() && index.overflowed().containsAll(index.tenants());
  }

  /** Whether frames of the tenant were acknowledged: something of it has been applied. */
  public boolean isAcknowledged(UUID tenant) {
    return index.isAcknowledged(tenant);
  }

  public Backlog backlog(UUID tenant) {
    return index.backlog(tenant);
  }

  /** What was taken of the tenant since the journal was opened, acknowledged or not. */
  public Volume volume(UUID tenant) {
    return index.volume(tenant);
  }

  /** What the journal takes on disk. */
  public long bytes() {
    return index.bytes();
  }

  /** Writes down what is acknowledged, and closes the files. What was appended since the last sync is gone. Idempotent. */
  @Override
  public void close() {
    writing.lock();
    try {
      if (closed) {
        return;
      }
      if (!lost && !index.hasPending() && (dirty || marked)) {
        mark(index.capturedUpTo(), index.provenance(), true); // a second mark: damage of what stands before it cannot pass for a torn end
      }
    } catch (TransientException e) {
      LOG.warn("the relay journal was closed without a last mark: {}", e.getMessage());
    } finally {
      closed = true;
      index.close().forEach(this::released);
      unneeded.forEach(this::released);
      close(files);
      writing.unlock();
    }
  }

  private static void close(SegmentFiles files) {
    try {
      files.close();
    } catch (IOException e) {
      LOG.warn("the relay journal's directory was not closed: {}", e.getClass().getSimpleName());
    }
  }

  // --- with the writing lock

  private void mark(long capturedUpTo, Provenance provenance, boolean closing) {
    try {
      Segment segment = writer.segment();
      List<JournalRecord.Acknowledged> acknowledged = index.acknowledgements(closing);
      ByteBuffer out =
          writer.records(acknowledged.size() * RecordFormat.ACKNOWLEDGED_BYTES + RecordFormat.MARK_BYTES);
      for (JournalRecord.Acknowledged one : acknowledged) {
        RecordFormat.putAcknowledged(out, one.tenant(), one.sequence());
      }
      writer.writeWithMark(segment, capturedUpTo, provenance);
      writer.force(segment);
      dirty = false;
      marked = true;
      watch.durable();
      doom(index.publish(capturedUpTo, provenance, segment.id, segment.size));
      unsettled = false;
      for (Segment done = unneeded.poll(); done != null; done = unneeded.poll()) {
        doom(List.of(done));
      }
    } catch (IOException e) {
      throw JournalErrors.writeFailed(e);
    } catch (SyncFailedException e) {
      throw lost(e);
    }
  }

  private void makeRoom(TenantFrames tenant, long bytes) {
    if (index.bytes(tenant) + bytes > limits.maxBytesPerTenant()) {
      drop(tenant);
      return;
    }
    while (index.bytes() + bytes > limits.maxBytes()) {
      TenantFrames heaviest = index.heaviestOfOldest();
      if (heaviest == null) {
        return;
      }
      drop(heaviest);
    }
  }

  private void drop(TenantFrames tenant) {
    LOG.warn("tenant {} is dropped from the relay journal", tenant.tenant);
    dirty = true;
    unsettled = true;
    watch.dropped(tenant.tenant);
    List<Segment> unused = index.drop(tenant);
    Segment segment = writer.current();
    if (segment != null) { // the start of the next segment says it, too
      RecordFormat.putDropped(writer.records(RecordFormat.TENANT_BYTES), tenant.tenant);
      try {
        writer.write(segment);
      } catch (IOException e) {
        LOG.warn("the relay journal could not write a drop down yet: {}", e.getClass().getSimpleName());
      }
    }
    unneeded.addAll(unused);
  }

  private boolean forgetInMemory(UUID tenant) {
    TenantFrames frames = index.find(tenant);
    if (frames == null) {
      return false;
    }
    dirty = true;
    unsettled = true;
    watch.dropped(tenant);
    unneeded.addAll(index.forget(frames));
    return true;
  }

  private TransientException lost(SyncFailedException e) {
    lost = true;
    return JournalErrors.syncFailed(e.reason());
  }

  private void refuseUnusable() {
    refuseClosed();
    if (lost) {
      throw JournalErrors.notRewound();
    }
  }

  private void refuseClosed() {
    if (closed) {
      throw new IllegalStateException("the journal is closed");
    }
  }

  private static boolean fits(FrameHeader header, FrameSlot slot) {
    return header.segment() == slot.segment()
        && header.index() == slot.index()
        && header.sequence() == slot.sequence();
  }

  private static void refuseDisorder(Frame frame, TenantFrames tenant) {
    FrameHeader header = frame.header();
    String fault = header.fault();
    if (fault != null || frame.sealed().length != header.sealedLength()) {
      throw new IllegalStateException("a frame's header does not fit: " + (fault == null ? "its length" : fault));
    }
    if (!header.tenant().equals(tenant.tenant) || Long.compareUnsigned(header.firstPosition(), tenant.lastPosition) < 0) {
      throw new IllegalStateException("a tenant's frames must be appended in the order of their positions");
    }
  }

  // --- any thread

  private static Frame read(Segment segment, UUID tenant, FrameLookup.Place place) {
    Frame frame = segment.readFrame(place.offset(), place.sealedLength());
    if (!frame.header().tenant().equals(tenant) || frame.header().sequence() != place.sequence()) {
      throw JournalErrors.corrupt(segment.name(), place.offset(), "another frame than the one written");
    }
    return frame;
  }

  private void doom(List<Segment> segments) {
    for (Segment segment : segments) {
      try {
        segment.doom();
      } catch (IOException e) { // it comes back at the next start, and goes again
        LOG.warn("segment {} could not be deleted: {}", segment.name(), e.getClass().getSimpleName());
      }
    }
  }

  private void released(Segment segment) {
    try {
      segment.release();
    } catch (IOException e) {
      LOG.warn("segment {} could not be closed: {}", segment.name(), e.getClass().getSimpleName());
    }
  }
}
