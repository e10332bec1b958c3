package io.helios.repl.relay;

import java.util.Arrays;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The index of up to {@value #FRAMES} consecutive frames of one tenant in one segment. What is known of each frame
 * takes 40 bytes and is kept only where it is needed soon; the rest of a backlog costs about a byte per frame, and
 * what was let go is read again from the segment, along the frames' {@code previous} offsets.
 *
 * <p>Guarded by the index's lock.
 */
final class FrameBlock {

  static final int FRAMES = 64;

  private static final int STRIDE = 5;
  private static final int FIRST_POSITION = 0;
  private static final int LAST_POSITION = 1;
  private static final int FIRST_COMMIT = 2;
  private static final int PLACE = 3; // offset << 32 | sealed length
  private static final int PLAIN_LENGTH = 4;

  final Segment segment;
  final long firstSequence;

  /** Frames in it, and how many of them, from the first, are acknowledged. */
  int count;

  int acknowledged;

  /** Of its last frame. */
  int lastOffset;

  long lastPosition;

  /** Of its first frame that is not acknowledged. */
  long firstPosition;

  long firstCommitMicros;

  /** Of the frames that are not acknowledged: on disk, and before sealing. */
  long bytes;

  long plainBytes;

  private long @Nullable [] details = new long[4 * STRIDE];

  FrameBlock(Segment segment, long firstSequence) {
    this.segment = segment;
    this.firstSequence = firstSequence;
  }

  boolean takes(Segment next) {
    return segment == next && count < FRAMES && details != null;
  }

  long lastSequence() {
    return firstSequence + count - 1;
  }

  void add(int offset, FrameHeader header) {
    long[] into = details;
    if (into == null) {
      throw new IllegalStateException("a block that was let go cannot grow");
    }
    if (into.length == count * STRIDE) {
      into = Arrays.copyOf(into, Math.min(FRAMES, count * 2) * STRIDE);
      details = into;
    }
    fill(into, count, offset, header);
    if (count == acknowledged) {
      firstPosition = header.firstPosition();
      firstCommitMicros = header.firstCommitMicros();
    }
    count++;
    lastOffset = offset;
    lastPosition = header.lastPosition();
    bytes += JournalRecord.FrameRecord.length(header.sealedLength());
    plainBytes += header.plainLength();
  }

  private static void fill(long[] into, int frame, int offset, FrameHeader header) {
    int at = frame * STRIDE;
    into[at + FIRST_POSITION] = header.firstPosition();
    into[at + LAST_POSITION] = header.lastPosition();
    into[at + FIRST_COMMIT] = header.firstCommitMicros();
    into[at + PLACE] = (long) offset << 32 | header.sealedLength();
    into[at + PLAIN_LENGTH] = header.plainLength();
  }

  boolean known() {
    return details != null;
  }

  /** Lets what is known of each frame go. */
  void letGo() {
    details = null;
  }

  void know(long[] read) {
    details = read;
  }

  /** What {@link #know} wants, read from the segment. Needs no lock: what it uses of a complete block never changes. */
  long[] read(UUID tenant) {
    long[] read = new long[count * STRIDE];
    int offset = lastOffset;
    for (int i = count - 1; i >= 0; i--) {
      JournalRecord.FrameRecord record = segment.readPrefix(offset);
      if (!record.header().tenant().equals(tenant) || record.header().sequence() != firstSequence + i) {
        throw JournalErrors.corrupt(segment.name(), offset, "another frame than the one written");
      }
      fill(read, i, offset, record.header());
      offset = record.previous();
    }
    return read;
  }

  /** Acknowledges its first frame that is not. Only where {@link #known}. */
  void acknowledgeFirst() {
    int sealedLength = sealedLength(acknowledged);
    bytes -= JournalRecord.FrameRecord.length(sealedLength);
    plainBytes -= detail(acknowledged, PLAIN_LENGTH);
    acknowledged++;
    if (acknowledged < count) {
      firstPosition = detail(acknowledged, FIRST_POSITION);
      firstCommitMicros = detail(acknowledged, FIRST_COMMIT);
    }
  }

  /** Takes its last frame back. Only where {@link #known}. */
  void removeLast() {
    count--;
    bytes -= JournalRecord.FrameRecord.length(sealedLength(count));
    plainBytes -= detail(count, PLAIN_LENGTH);
    if (count > 0) {
      lastOffset = offset(count - 1);
      lastPosition = lastPosition(count - 1);
    }
  }

  long lastPosition(int frame) {
    return detail(frame, LAST_POSITION);
  }

  int offset(int frame) {
    return (int) (detail(frame, PLACE) >>> 32);
  }

  int sealedLength(int frame) {
    return (int) detail(frame, PLACE);
  }

  private long detail(int frame, int which) {
    long[] from = details;
    if (from == null) {
      throw new IllegalStateException("what is known of this block's frames was let go");
    }
    return from[frame * STRIDE + which];
  }
}
