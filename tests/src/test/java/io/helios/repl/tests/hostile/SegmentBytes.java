package io.helios.repl.tests.hostile;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32C;

/** A segment's file, to be taken apart and forged by somebody who knows its format (class RecordFormat) but no key. */
final class SegmentBytes {

  private static final int FILE_HEADER = 56;
  private static final int SALT = 20;
  private static final int HEADER = 5;
  private static final int HEADER_BYTES = 108;
  private static final int PREFIX = 1 + 4 + HEADER_BYTES + 4 + 4;

  private final Path file;
  private final byte[] good;
  private final ByteBuffer bytes;
  private final List<FrameAt> frames = new ArrayList<>();
  private final List<Integer> marks = new ArrayList<>();

  /** Where a frame's record stands. */
  record FrameAt(int offset, UUID tenant, long sequence, int sealedLength) {
    int end() {
      return offset + PREFIX + sealedLength;
    }
  }

  SegmentBytes(Path file) throws IOException {
    this.file = file;
    this.good = Files.readAllBytes(file);
    this.bytes = ByteBuffer.wrap(good.clone());
    for (int at = FILE_HEADER; at < good.length; ) {
      switch (bytes.get(at)) {
        case 1 -> {
          int header = at + HEADER;
          FrameAt frame =
              new FrameAt(
                  at,
                  new UUID(bytes.getLong(header + 8), bytes.getLong(header + 16)),
                  bytes.getLong(header + 56),
                  bytes.getInt(header + 104));
          frames.add(frame);
          at = frame.end();
        }
        case 2 -> {
          marks.add(at);
          at += 69;
        }
        case 3 -> at += 1 + 4 + bytes.getInt(at + 1) * 49 + 4;
        case 4, 5 -> at += 21;
        case 6 -> at += 29;
        default -> throw new IOException("no record at " + at + " of " + file);
      }
    }
  }

  List<FrameAt> frames() {
    return frames;
  }

  FrameAt first(UUID tenant) {
    return frames.stream().filter(frame -> frame.tenant().equals(tenant)).findFirst().orElseThrow();
  }

  boolean has(UUID tenant) {
    return frames.stream().anyMatch(frame -> frame.tenant().equals(tenant));
  }

  void flip(int offset) {
    bytes.put(offset, (byte) (bytes.get(offset) ^ 0x10));
  }

  int sealed(FrameAt frame) {
    return frame.offset() + PREFIX + frame.sealedLength() / 2;
  }

  int firstMark() {
    return marks.getFirst();
  }

  void putEpoch(FrameAt frame, long epoch) {
    bytes.putLong(frame.offset() + HEADER + 24, epoch);
  }

  void putKeyGeneration(FrameAt frame, int generation) {
    bytes.putInt(frame.offset() + HEADER + 4, generation);
  }

  void putTenant(FrameAt frame, UUID tenant) {
    bytes.putLong(frame.offset() + HEADER + 8, tenant.getMostSignificantBits());
    bytes.putLong(frame.offset() + HEADER + 16, tenant.getLeastSignificantBits());
  }

  void putSource(FrameAt frame, long system) {
    bytes.putLong(frame.offset() + HEADER + 32, system);
  }

  /** Makes the checksums of a frame's record right again. */
  void forge(FrameAt frame) {
    int sealedCrc = frame.offset() + HEADER + HEADER_BYTES;
    bytes.putInt(sealedCrc, crc(frame.offset() + PREFIX, frame.sealedLength()));
    bytes.putInt(sealedCrc + 4, crc(frame.offset(), PREFIX - 4));
  }

  /** The file without this frame. */
  void cutOut(FrameAt frame) throws IOException {
    byte[] all = bytes.array();
    ByteBuffer without = ByteBuffer.allocate(all.length - (frame.end() - frame.offset()));
    without.put(all, 0, frame.offset()).put(all, frame.end(), all.length - frame.end());
    Files.write(file, without.array());
  }

  void flipSalt() {
    flip(SALT);
  }

  private int crc(int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.array(), from, length);
    return (int) crc.getValue();
  }

  /** Into the very file, which a server may have open. */
  void write() throws IOException {
    Files.write(file, bytes.array(), StandardOpenOption.WRITE);
  }

  void putBack() throws IOException {
    Files.write(file, good, StandardOpenOption.WRITE);
  }
}
