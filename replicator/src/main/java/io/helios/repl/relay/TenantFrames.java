package io.helios.repl.relay;

import java.util.Arrays;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a journal knows of one tenant: its frames that are not acknowledged, in blocks, and its count of frames.
 *
 * <pre>
 *   ... acknowledged | first() ...  visible ... synced | pending ... next |
 * </pre>
 *
 * Frames up to {@code synced} are durable; up to {@code visible} they also end on a transaction's boundary, and only
 * these are given out. Pending ones become synced by {@link #publish} or are taken back by {@link #rollback}.
 *
 * <p>Guarded by the index's lock. Idle, it is this object and nothing else.
 */
final class TenantFrames {

  /** Blocks at the front whose frames stay known, so that a tenant which keeps up never reads headers again. */
  private static final int KNOWN_AT_FRONT = 2;

  private static final FrameBlock[] NONE = {};

  final UUID tenant;
  final long born;

  long nextSequence = 1;

  /** Of the last frame, pending or not. */
  long lastPosition;

  /** Of the last frame that was trimmed: what comes up to here can no longer be had. */
  long trimmedPosition;

  boolean dropped;

  /** Of all frames here: on disk, and before sealing. */
  long bytes;

  long plainBytes;

  /** Of all frames appended since the journal was opened: sealed, and before sealing. */
  long sealedTaken;

  long plainTaken;

  // the index's own marks on it
  boolean pending;
  boolean inHeads;
  long headPosition;
  boolean acknowledgementQueued;
  long acknowledgedBytesUnwritten;
  long arrival;
  @Nullable TenantFrames older;
  @Nullable TenantFrames newer;

  private long syncedSequence;
  private long visibleSequence;
  private long lastComplete;
  private long syncedPosition;
  private @Nullable FrameBlock reloaded;
  private @Nullable Segment previousSegment;
  private int previousOffset;

  private @Nullable FrameBlock[] blocks = NONE;
  private int from;
  private int to;

  TenantFrames(UUID tenant, long born) {
    this.tenant = tenant;
    this.born = born;
  }

  /** As a segment's start tells it, with no frame. */
  TenantFrames(JournalRecord.TenantEntry entry) {
    this(entry.tenant(), entry.born());
    nextSequence = entry.nextSequence();
    lastPosition = entry.lastPosition();
    trimmedPosition = entry.lastPosition();
    dropped = entry.dropped();
    syncedSequence = visibleSequence = lastComplete = nextSequence - 1;
    syncedPosition = lastPosition;
  }

  JournalRecord.TenantEntry entry() {
    return new JournalRecord.TenantEntry(tenant, born, nextSequence, lastPosition, firstSequence() - 1, dropped);
  }

  boolean isEmpty() {
    return from == to;
  }

  /** Of the first frame that is not acknowledged: {@code nextSequence} when there is none. */
  long firstSequence() {
    return isEmpty() ? nextSequence : first().firstSequence + first().acknowledged;
  }

  long visibleSequence() {
    return visibleSequence;
  }

  /** Whether some durable frame is not acknowledged. */
  boolean held() {
    return firstSequence() <= syncedSequence;
  }

  FrameBlock first() {
    return block(from);
  }

  /** Where the tenant's last frame in this segment stands; 0 when it has none there. */
  int previousIn(Segment segment) {
    return previousSegment == segment ? previousOffset : 0;
  }

  void add(Segment segment, int offset, FrameHeader header) {
    if (isEmpty() || !block(to - 1).takes(segment)) {
      push(new FrameBlock(segment, nextSequence));
    }
    block(to - 1).add(offset, header);
    segment.live++;
    bytes += JournalRecord.FrameRecord.length(header.sealedLength());
    plainBytes += header.plainLength();
    nextSequence++;
    lastPosition = header.lastPosition();
    previousSegment = segment;
    previousOffset = offset;
    if (header.complete()) {
      lastComplete = header.sequence();
    }
  }

  /** Pending frames are durable. Returns whether more can be seen. */
  boolean publish() {
    syncedSequence = nextSequence - 1;
    syncedPosition = lastPosition;
    for (int i = to - 2; i >= from + KNOWN_AT_FRONT && block(i).known(); i--) {
      block(i).letGo();
    }
    boolean more = lastComplete > visibleSequence;
    visibleSequence = lastComplete;
    return more;
  }

  /** Pending frames are taken back. */
  void rollback() {
    while (nextSequence - 1 > syncedSequence) {
      FrameBlock last = block(to - 1);
      forgetBytes(last);
      last.removeLast();
      rememberBytes(last);
      last.segment.live--;
      nextSequence--;
      if (last.count == last.acknowledged) {
        to--;
        blocks[to] = null;
      }
    }
    lastPosition = syncedPosition;
    lastComplete = visibleSequence;
    previousSegment = null;
  }

  /** Frames that can be seen, up to this position, go. */
  void acknowledge(long position) {
    while (!isEmpty()) {
      FrameBlock first = first();
      if (first.lastSequence() <= visibleSequence && Long.compareUnsigned(first.lastPosition, position) <= 0) {
        removeFirstBlock();
      } else if (first.known()
          && firstSequence() <= visibleSequence
          && Long.compareUnsigned(first.lastPosition(first.acknowledged), position) <= 0) {
        removeFirstFrame(first);
      } else {
        return;
      }
    }
  }

  /** Frames up to this sequence were acknowledged in an earlier life: they go, as far as whole blocks allow. */
  void acknowledgeSequence(long sequence) {
    while (!isEmpty()) {
      FrameBlock first = first();
      if (first.lastSequence() <= sequence) {
        removeFirstBlock();
      } else if (first.known() && firstSequence() <= sequence) {
        removeFirstFrame(first);
      } else {
        return;
      }
    }
  }

  /** All frames go, pending ones too. */
  void clear() {
    for (int i = from; i < to; i++) {
      FrameBlock block = block(i);
      block.segment.live -= block.count - block.acknowledged;
    }
    blocks = NONE;
    from = to = 0;
    bytes = plainBytes = 0;
    reloaded = null;
    previousSegment = null;
    trimmedPosition = lastPosition;
    syncedSequence = visibleSequence = lastComplete = nextSequence - 1;
    syncedPosition = lastPosition;
  }

  /** The block of the first frame that can be seen, is not below this sequence, and ends after this position. */
  @Nullable FrameBlock find(long afterPosition, long fromSequence) {
    int low = from;
    int high = to;
    while (low < high) {
      int middle = (low + high) >>> 1;
      FrameBlock block = block(middle);
      if (block.lastSequence() >= fromSequence && Long.compareUnsigned(block.lastPosition, afterPosition) > 0) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low < to && block(low).firstSequence <= visibleSequence ? block(low) : null;
  }

  /** What was read again for this block is kept, in place of the one read before it. */
  void know(FrameBlock block, long[] read) {
    FrameBlock before = reloaded;
    if (before != null && before != block) {
      before.letGo();
    }
    reloaded = block;
    block.know(read);
  }

  private void removeFirstBlock() {
    FrameBlock first = first();
    first.segment.live -= first.count - first.acknowledged;
    trimmedPosition = first.lastPosition;
    forgetBytes(first);
    shift();
  }

  private void removeFirstFrame(FrameBlock first) {
    trimmedPosition = first.lastPosition(first.acknowledged);
    forgetBytes(first);
    first.acknowledgeFirst();
    rememberBytes(first);
    first.segment.live--;
    if (first.acknowledged == first.count) {
      shift();
    }
  }

  private void forgetBytes(FrameBlock block) {
    bytes -= block.bytes;
    plainBytes -= block.plainBytes;
  }

  private void rememberBytes(FrameBlock block) {
    bytes += block.bytes;
    plainBytes += block.plainBytes;
  }

  private FrameBlock block(int at) {
    FrameBlock block = blocks[at];
    if (block == null) {
      throw new IllegalStateException("no block at " + at);
    }
    return block;
  }

  private void push(FrameBlock block) {
    if (to == blocks.length) {
      int size = to - from;
      @Nullable FrameBlock[] larger = from > size ? blocks : Arrays.copyOf(blocks, Math.max(2, 2 * blocks.length));
      System.arraycopy(blocks, from, larger, 0, size);
      Arrays.fill(larger, size, larger.length, null);
      blocks = larger;
      from = 0;
      to = size;
    }
    blocks[to++] = block;
  }

  private void shift() {
    if (reloaded == blocks[from]) {
      reloaded = null;
    }
    blocks[from++] = null;
    if (from == to) {
      from = to = 0;
      if (blocks.length > 2) {
        blocks = NONE;
      }
    }
  }
}
