package io.helios.repl.relay;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Brings a journal back to its last durable mark. What stands after it was never promised to anybody and is cut off;
 * what stands before it must be whole, else this is corruption.
 *
 * <p>What is known to be durable: a file is forced before the next one is created, and a mark is written only after
 * the sync before it has returned. So a damaged record in the last file may be the torn end of a crash, also when the
 * mark of the sync that was under way stands after it; but not when a mark says that all was synced there before.
 */
final class JournalRecovery {

  private static final int REWRITTEN_AT_ONCE = 1 << 20;

  private final SegmentFiles files;
  private final JournalIndex index;
  private final List<Segment> segments = new ArrayList<>();
  private final List<Segment> unused = new ArrayList<>();

  JournalRecovery(SegmentFiles files, JournalIndex index) {
    this.files = files;
    this.index = index;
  }

  /** The end of the last mark in a segment of the list; {@code at} -1 when there is no mark at all. */
  private record Cut(int at, long end) {}

  /** Fills the index; returns the id of the next segment. */
  long run() throws IOException {
    List<Long> ids = files.list();
    try {
      Cut cut = lastMark(ids);
      for (int i = ids.size() - 1; i > cut.at; i--) {
        files.delete(ids.get(i));
      }
      for (int i = 0; i <= cut.at; i++) {
        replay(ids.get(i), i == cut.at ? cut.end : Long.MAX_VALUE);
      }
      index.forgetVolumes();
      unused.addAll(index.unusedSegments());
      for (Segment segment : unused) {
        segment.doom();
      }
      return ids.isEmpty() ? 1 : ids.getLast() + 1;
    } catch (IOException | RuntimeException e) {
      for (Segment segment : segments) {
        segment.file.close();
      }
      throw e;
    }
  }

  private Cut lastMark(List<Long> ids) throws IOException {
    for (int i = ids.size() - 1; i >= 0; i--) {
      long end = lastMark(ids.get(i), i == ids.size() - 1);
      if (end > 0) {
        return new Cut(i, end);
      }
    }
    return new Cut(-1, 0);
  }

  /** Where the last mark of this segment ends; 0 when it has none. Of the last file, what was sealed is checked too. */
  private long lastMark(long id, boolean lastFile) throws IOException {
    try (SegmentFile file = files.open(id)) {
      long size = file.size();
      SegmentScan scan = new SegmentScan(file, id, size);
      long end = 0;
      long damage = 0;
      if (readSalt(file, id) != null) {
        JournalRecord record;
        while ((record = scan.next()) != null) {
          if (record instanceof JournalRecord.Mark) {
            end = scan.offset();
          } else if (lastFile && record instanceof JournalRecord.FrameRecord frame && !scan.intact(frame)) {
            break;
          }
        }
        damage = record == null ? scan.offset() : scan.recordOffset();
      }
      JournalRecord.Mark mark;
      while (damage < size && (mark = scan.nextMark()) != null) {
        if (!lastFile || mark.previousEnd() > damage) {
          throw JournalErrors.corrupt(files.name(id), damage, "what stands there is not what was written");
        }
      }
      return end;
    }
  }

  private void replay(long id, long cutAt) throws IOException {
    SegmentFile file = files.open(id);
    long size = Math.min(file.size(), cutAt);
    byte[] salt = readSalt(file, id);
    if (salt == null) {
      file.close();
      throw JournalErrors.corrupt(files.name(id), 0, "its header");
    }
    Segment segment = new Segment(files, file, id, salt, size);
    segments.add(segment);
    index.addSegment(segment);
    SegmentScan scan = new SegmentScan(file, id, size);
    JournalRecord record;
    while ((record = scan.next()) != null) {
      replay(segment, record, scan);
    }
    if (scan.offset() < size) {
      throw JournalErrors.corrupt(files.name(id), scan.offset(), "what stands there is not what was written");
    }
    if (cutAt != Long.MAX_VALUE) {
      file.truncate(size);
      rewrite(file, size);
      file.force(); // what a killed process left unforced was read from memory: the next file relies on it
    }
  }

  /**
   * Writes what stands there once more. After a force that failed the system may read from memory what it has given up
   * writing, and the next force would say that all is well: only what is written anew is forced.
   */
  private static void rewrite(SegmentFile file, long size) throws IOException {
    ByteBuffer piece = ByteBuffer.allocate((int) Math.min(size, REWRITTEN_AT_ONCE));
    for (long position = 0; position < size; ) {
      piece.clear().limit((int) Math.min(piece.capacity(), size - position));
      int read = file.read(piece, position);
      if (read <= 0) {
        throw new IOException("a segment is shorter than it was");
      }
      file.write(piece.flip(), position);
      position += read;
    }
  }

  private void replay(Segment segment, JournalRecord record, SegmentScan scan) {
    switch (record) {
      case JournalRecord.FrameRecord frame -> {
        FrameHeader header = frame.header();
        TenantFrames tenant = index.tenant(header.tenant(), segment.id);
        if (header.sequence() != tenant.nextSequence) {
          throw JournalErrors.corrupt(
              segment.name(), scan.recordOffset(), "frame " + tenant.nextSequence + " of its tenant is missing before it");
        }
        index.add(tenant, segment, (int) scan.recordOffset(), header);
      }
      case JournalRecord.Mark mark -> unused.addAll(
          index.publish(mark.capturedUpTo(), mark.provenance(), segment.id, scan.offset()));
      case JournalRecord.Tenants start -> index.reconcile(start);
      case JournalRecord.Dropped dropped -> unused.addAll(index.drop(index.tenant(dropped.tenant(), segment.id)));
      case JournalRecord.Forgotten forgotten -> {
        TenantFrames tenant = index.find(forgotten.tenant());
        if (tenant != null) {
          unused.addAll(index.forget(tenant));
        }
      }
      case JournalRecord.Acknowledged acknowledged -> {
        TenantFrames tenant = index.find(acknowledged.tenant());
        if (tenant != null) {
          index.acknowledgeSequence(tenant, acknowledged.sequence());
        }
      }
    }
  }

  /** Null when the header is not whole. */
  private byte @Nullable [] readSalt(SegmentFile file, long id) throws IOException {
    byte[] header = new byte[Segment.HEADER_BYTES];
    if (file.read(ByteBuffer.wrap(header), 0) < header.length) {
      return null;
    }
    int version = Segment.version(header, id);
    if (version >= 0 && version != Segment.VERSION) {
      throw JournalErrors.otherVersion(files.name(id), version);
    }
    return version < 0 ? null : Segment.salt(header);
  }
}
