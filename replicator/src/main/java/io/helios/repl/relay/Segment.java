package io.helios.repl.relay;

import io.helios.repl.error.HeliosException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One segment: a header, then records ({@link RecordFormat}).
 *
 * <pre>
 * header:  magic "HELRELAY" (8) | format version (4) | segment id (8) | salt (32) | CRC-32C of these (4)
 * </pre>
 *
 * <p>The salt is random and the segment's own: it makes the keys of its frames. Reads may come from any thread that
 * has {@link #retain}ed it; the file of a doomed segment is closed and deleted when the last of them releases it.
 * {@code size} is the writer's, {@code live} is guarded by the index's lock.
 */
final class Segment {

  static final int SALT_BYTES = 32;
  static final int HEADER_BYTES = 8 + 4 + 8 + SALT_BYTES + RecordFormat.CRC_BYTES;
  static final int VERSION = 2;

  private static final long MAGIC = 0x48454C52454C4159L; // HELRELAY
  private static final int SMALL = 16 << 10;

  final long id;
  final byte[] salt;
  final SegmentFile file;

  /** Where the next record goes. The writer's. */
  long size;

  /** Frames in it that are not acknowledged, the ones not yet durable included. Guarded by the index's lock. */
  int live;

  private final SegmentFiles files;
  private final AtomicInteger users = new AtomicInteger(1);
  private volatile boolean doomed;

  Segment(SegmentFiles files, SegmentFile file, long id, byte[] salt, long size) {
    this.files = files;
    this.file = file;
    this.id = id;
    this.salt = salt;
    this.size = size;
  }

  String name() {
    return files.name(id);
  }

  static ByteBuffer header(long id, byte[] salt) {
    ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).putLong(MAGIC).putInt(VERSION).putLong(id).put(salt);
    return header.putInt(RecordFormat.crc(header.array(), 0, HEADER_BYTES - RecordFormat.CRC_BYTES)).flip();
  }

  /** The version in what may be a header; -1 when it is none, or damaged. */
  static int version(byte[] header, long id) {
    ByteBuffer in = ByteBuffer.wrap(header);
    boolean intact =
        header.length == HEADER_BYTES
            && in.getInt(HEADER_BYTES - RecordFormat.CRC_BYTES)
                == RecordFormat.crc(header, 0, HEADER_BYTES - RecordFormat.CRC_BYTES)
            && in.getLong(0) == MAGIC
            && in.getLong(12) == id;
    return intact ? in.getInt(8) : -1;
  }

  static byte[] salt(byte[] header) {
    return Arrays.copyOfRange(header, 20, 20 + SALT_BYTES);
  }

  /** Only while the index holds it: its own reference keeps the count above zero. */
  void retain() {
    users.incrementAndGet();
  }

  /** Lets go; the last one closes the file. */
  void release() throws IOException {
    if (users.decrementAndGet() == 0) {
      file.close();
      if (doomed) {
        files.delete(id);
      }
    }
  }

  /** Deletes it as soon as nobody reads it. Takes the index's reference. */
  void doom() throws IOException {
    doomed = true;
    release();
  }

  /** The frame's record at this offset, without what was sealed. */
  JournalRecord.FrameRecord readPrefix(int offset) {
    byte[] prefix = new byte[RecordFormat.FRAME_PREFIX_BYTES];
    readFully(prefix, offset, offset);
    return decode(prefix, offset);
  }

  /** The frame at this offset, whose sealed length the index knows; checked against both checksums. */
  Frame readFrame(int offset, int sealedLength) {
    byte[] prefix;
    byte[] sealed;
    if (sealedLength <= SMALL) {
      byte[] whole = new byte[RecordFormat.FRAME_PREFIX_BYTES + sealedLength];
      readFully(whole, offset, offset);
      prefix = whole;
      sealed = Arrays.copyOfRange(whole, RecordFormat.FRAME_PREFIX_BYTES, whole.length);
    } else {
      prefix = new byte[RecordFormat.FRAME_PREFIX_BYTES];
      sealed = new byte[sealedLength];
      readFully(prefix, offset, offset);
      readFully(sealed, offset + (long) RecordFormat.FRAME_PREFIX_BYTES, offset);
    }
    JournalRecord.FrameRecord record = decode(prefix, offset);
    if (record.header().sealedLength() != sealedLength) {
      throw JournalErrors.corrupt(name(), offset, "another frame than the one written");
    }
    if (RecordFormat.crc(sealed, 0, sealedLength) != record.sealedCrc()) {
      throw JournalErrors.corrupt(name(), offset, "a frame's checksum");
    }
    return new Frame(record.header(), salt, sealed);
  }

  private JournalRecord.FrameRecord decode(byte[] prefix, int offset) throws HeliosException {
    if (prefix[0] == RecordFormat.FRAME
        && RecordFormat.decode(prefix, 0, RecordFormat.FRAME_PREFIX_BYTES, id, offset)
            instanceof JournalRecord.FrameRecord record
        && record.header().segment() == id) {
      return record;
    }
    throw JournalErrors.corrupt(name(), offset, "a frame's header");
  }

  private void readFully(byte[] into, long position, long record) {
    int read;
    try {
      read = file.read(ByteBuffer.wrap(into), position);
    } catch (IOException e) {
      throw JournalErrors.readFailed(name(), e);
    }
    if (read < into.length) {
      throw JournalErrors.corrupt(name(), record, "the file ends in the middle of a frame");
    }
  }
}
