package io.helios.repl.relay;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;

/** Appends made-up frames: nothing in the journal looks into what was sealed. */
final class JournalDriver {

  static final RelayLimits ROOMY = new RelayLimits(1L << 40, 1L << 40, 1 << 20);

  final RelayJournal journal;

  JournalDriver(RelayJournal journal) {
    this.journal = journal;
  }

  static JournalDriver open(SegmentFiles files, RelayLimits limits) {
    JournalDriver driver = new JournalDriver(RelayJournal.open(files, limits));
    driver.journal.rewind();
    return driver;
  }

  static UUID tenant(int number) {
    return new UUID(0x7e4a47, number);
  }

  /** Appends one complete transaction in one frame of so many sealed bytes. */
  boolean append(UUID tenant, long position, int sealedBytes) {
    return append(tenant, position, position, true, sealedBytes);
  }

  boolean append(UUID tenant, long first, long last, boolean complete, int sealedBytes) {
    return journal.append(frame(journal.reserve(tenant), tenant, first, last, complete, sealedBytes));
  }

  static Frame frame(FrameSlot slot, UUID tenant, long first, long last, boolean complete, int sealedBytes) {
    byte[] sealed = new byte[sealedBytes];
    new Random(last * 31 + slot.sequence()).nextBytes(sealed);
    FrameHeader header =
        new FrameHeader(
            tenant, FrameHeader.STREAM, 1, 42, 1, slot.segment(), slot.index(), slot.sequence(), first, last,
            first * 10, last * 10, complete, 1, 1, sealedBytes * 2, sealedBytes);
    return new Frame(header, slot.salt(), sealed);
  }

  List<Long> positions(UUID tenant) {
    return positions(tenant, 0);
  }

  /** Last positions of everything after a position, fetched piece by piece. */
  List<Long> positions(UUID tenant, long after) {
    List<Long> positions = new ArrayList<>();
    long from = 0;
    while (true) {
      List<Frame> frames = journal.fetch(tenant, after, from, 1000);
      if (frames.isEmpty()) {
        return positions;
      }
      for (Frame frame : frames) {
        if (from != 0 && frame.header().sequence() != from) {
          throw new AssertionError("a hole before " + frame.header());
        }
        positions.add(frame.header().lastPosition());
        from = frame.header().sequence() + 1;
      }
    }
  }
}
