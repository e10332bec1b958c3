package io.helios.repl.relay;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Reads a segment's records one after another, from its header on, without what was sealed. Belongs to one thread.
 *
 * <p>It ends at the limit, or at the first place where no record stands: {@link #offset} says where.
 */
final class SegmentScan {

  private static final int WINDOW = 64 << 10;

  private final SegmentFile file;
  private final long segment;
  private final long limit;
  private long offset = Segment.HEADER_BYTES;
  private long recordOffset;
  private byte[] window = new byte[WINDOW];
  private long windowStart;
  private int windowLength;

  SegmentScan(SegmentFile file, long segment, long limit) {
    this.file = file;
    this.segment = segment;
    this.limit = limit;
  }

  /** Null at the end. */
  @Nullable JournalRecord next() throws IOException {
    if (!has(1)) {
      return null;
    }
    int have = 1;
    long length = RecordFormat.length(window, at(), have);
    while (length > have) {
      if (!has(length)) {
        return null;
      }
      have = (int) length;
      length = RecordFormat.length(window, at(), have);
    }
    if (length == 0) {
      return null;
    }
    JournalRecord record = RecordFormat.decode(window, at(), (int) length, segment, offset);
    if (record instanceof JournalRecord.FrameRecord frame) {
      if (frame.header().segment() != segment) {
        return null;
      }
      length = JournalRecord.FrameRecord.length(frame.header().sealedLength());
      if (length > limit - offset) {
        return null;
      }
    }
    if (record != null) {
      recordOffset = offset;
      offset += length;
    }
    return record;
  }

  /** Where the next record would start. */
  long offset() {
    return offset;
  }

  /** Where the record that {@link #next} returned last starts. */
  long recordOffset() {
    return recordOffset;
  }

  /** Whether what was sealed of this frame, the last that {@link #next} returned, is as it was written. */
  boolean intact(JournalRecord.FrameRecord frame) throws IOException {
    long position = recordOffset + RecordFormat.FRAME_PREFIX_BYTES;
    CRC32C crc = new CRC32C();
    byte[] piece = new byte[Math.min(WINDOW, frame.header().sealedLength())];
    for (int left = frame.header().sealedLength(); left > 0; ) {
      ByteBuffer into = ByteBuffer.wrap(piece, 0, Math.min(left, piece.length));
      int read = file.read(into, position);
      if (read <= 0) {
        return false;
      }
      crc.update(piece, 0, read);
      position += read;
      left -= read;
    }
    return (int) crc.getValue() == frame.sealedCrc();
  }

  /** The next mark after the end of this scan, looked for at every byte; the scan ends after it. Null when there is none. */
  JournalRecord.@Nullable Mark nextMark() throws IOException {
    for (; has(RecordFormat.MARK_BYTES); offset++) {
      if (window[at()] == RecordFormat.MARK
          && RecordFormat.decode(window, at(), RecordFormat.MARK_BYTES, segment, offset)
              instanceof JournalRecord.Mark mark) {
        offset += RecordFormat.MARK_BYTES;
        return mark;
      }
    }
    return null;
  }

  private int at() {
    return (int) (offset - windowStart);
  }

  /** Makes the window hold so many bytes from the offset on; false when the segment has fewer. */
  private boolean has(long length) throws IOException {
    if (length > limit - offset || length > Integer.MAX_VALUE - 64) {
      return false;
    }
    if (offset < windowStart || offset + length > windowStart + windowLength) {
      if (window.length < length) {
        window = new byte[(int) length];
      }
      windowStart = offset;
      windowLength = file.read(ByteBuffer.wrap(window, 0, (int) Math.min(window.length, limit - offset)), offset);
    }
    return length <= windowLength;
  }
}
