package io.helios.repl.relay;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes records to the end of the newest segment and begins a new one when that is full, or when a write to it
 * failed. A record is there whole or not at all: what a failed write left is cut away, and until it is, nothing else
 * is written. Belongs to the journal's writer.
 *
 * <p>The file before is forced when a new one is begun: see {@link JournalRecovery} for what depends on it.
 */
final class SegmentWriter {

  private static final int BUFFER = 256 << 10;

  private final SegmentFiles files;
  private final JournalIndex index;
  private final long segmentBytes;
  private final SecureRandom random = new SecureRandom();
  private ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
  private @Nullable Segment current;
  private long nextId;
  private int nextIndex;
  private long bodyStart;
  private long lastMarkEnd;
  private boolean torn;

  SegmentWriter(SegmentFiles files, JournalIndex index, long segmentBytes, long nextId) {
    this.files = files;
    this.index = index;
    this.segmentBytes = segmentBytes;
    this.nextId = nextId;
  }

  /** The segment that is being written, if it still can be. */
  @Nullable Segment current() {
    return torn ? null : current;
  }

  /** The segment that the next record goes to: a new one where there is none, or the last is full or torn. */
  Segment segment() throws IOException, SyncFailedException {
    Segment segment = current();
    return segment == null || segment.size - bodyStart >= segmentBytes || nextIndex == Integer.MAX_VALUE
        ? begin()
        : segment;
  }

  /** The next index of the current segment; no two calls return the same for a segment. */
  int takeIndex() {
    return nextIndex++;
  }

  /** Appends what was put into {@link #records}. */
  void write(Segment segment) throws IOException {
    write(segment, buffer.flip(), null);
  }

  /** An empty buffer with room for so many bytes. */
  ByteBuffer records(int bytes) {
    if (bytes > buffer.capacity()) {
      buffer = ByteBuffer.allocateDirect(bytes);
    }
    return buffer.clear();
  }

  /** Appends a mark after what was put into {@link #records}, which must have room for it, and that before it. */
  void writeWithMark(Segment segment, long capturedUpTo, Provenance provenance) throws IOException {
    RecordFormat.putMark(
        buffer, segment.id, segment.size + buffer.position(), lastMarkEnd, capturedUpTo, provenance);
    write(segment);
    lastMarkEnd = segment.size;
  }

  /** Appends a frame; returns its offset. */
  int write(Segment segment, int previous, Frame frame) throws IOException {
    int offset = Math.toIntExact(segment.size);
    int sealedLength = frame.sealed().length;
    ByteBuffer out = records(BUFFER);
    RecordFormat.putFramePrefix(out, previous, frame);
    if (sealedLength <= out.remaining()) {
      write(segment, out.put(frame.sealed()).flip(), null);
    } else {
      write(segment, out.flip(), ByteBuffer.wrap(frame.sealed()));
    }
    return offset;
  }

  /** What was written is durable when this returns. */
  void force(Segment segment) throws SyncFailedException {
    try {
      segment.file.force();
    } catch (IOException e) {
      throw new SyncFailedException(e);
    }
  }

  /** The next record begins a new segment. What the current one holds is durable, or is deleted. */
  void abandon() {
    current = null;
    torn = false;
  }

  private void write(Segment segment, ByteBuffer first, @Nullable ByteBuffer second) throws IOException {
    long end = segment.size;
    try {
      int length = first.remaining();
      segment.file.write(first, end);
      end += length;
      if (second != null) {
        length = second.remaining();
        segment.file.write(second, end);
        end += length;
      }
    } catch (IOException e) {
      torn = true;
      throw e;
    }
    index.resize(segment, end);
  }

  /** Begins a new segment. */
  Segment begin() throws IOException, SyncFailedException {
    Segment before = current;
    if (before != null) {
      if (torn) {
        before.file.truncate(before.size);
      }
      force(before);
      current = null;
      torn = false;
    }
    long id = nextId;
    byte[] salt = new byte[Segment.SALT_BYTES];
    random.nextBytes(salt);
    List<JournalRecord.TenantEntry> tenants = index.entries();
    ByteBuffer start = records(Segment.HEADER_BYTES + RecordFormat.tenantsBytes(tenants.size()));
    start.put(Segment.header(id, salt));
    RecordFormat.putTenants(start, tenants);
    long size = start.flip().remaining();
    SegmentFile file = files.create(id);
    try {
      file.write(start, 0);
    } catch (IOException e) {
      discard(file, id, e);
      throw e;
    }
    Segment segment = new Segment(files, file, id, salt, size);
    index.addSegment(segment);
    nextId = id + 1;
    nextIndex = 0;
    bodyStart = size;
    lastMarkEnd = 0;
    current = segment;
    return segment;
  }

  /** A file that could not be begun is made anew under the same id next time; recovery takes it for a torn end. */
  private void discard(SegmentFile file, long id, IOException cause) {
    try {
      file.close();
      files.delete(id);
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  /** The disk did not confirm: nothing is known of what was written since the last sync. */
  static final class SyncFailedException extends Exception {

    private final IOException reason;

    SyncFailedException(IOException reason) {
      super(reason);
      this.reason = reason;
    }

    IOException reason() {
      return reason;
    }
  }
}
