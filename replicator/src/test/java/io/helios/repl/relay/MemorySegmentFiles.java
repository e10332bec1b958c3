package io.helios.repl.relay;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * Segments in memory, on a disk that can be full, can refuse to confirm, and can lose power: then of each file what
 * was forced is there, and of what was not, any of its 512-byte blocks may be, in any combination.
 */
final class MemorySegmentFiles implements SegmentFiles {

  private static final int BLOCK = 512;

  final Map<Long, Content> contents = new TreeMap<>();

  /** Bytes that can still be written before the disk is full. */
  long room = Long.MAX_VALUE;

  /** Forces that fail from now on. */
  int failingForces;

  int forces;
  private boolean powerless;

  static final class Content {
    byte[] bytes = new byte[0];
    byte[] durable = new byte[0];
  }

  @Override
  public synchronized List<Long> list() {
    return new ArrayList<>(contents.keySet());
  }

  @Override
  public synchronized SegmentFile create(long segment) throws IOException {
    requireRoom(1);
    Content content = new Content();
    contents.put(segment, content);
    return new File(content);
  }

  @Override
  public synchronized SegmentFile open(long segment) throws IOException {
    Content content = contents.get(segment);
    if (content == null) {
      throw new IOException("no such segment");
    }
    return new File(content);
  }

  @Override
  public synchronized void delete(long segment) {
    if (!powerless) {
      contents.remove(segment);
    }
  }

  @Override
  public String name(long segment) {
    return "memory-" + segment;
  }

  @Override
  public void close() {}

  /** What a disk holds after power was lost at this moment. Who still has this one open can no longer change anything. */
  synchronized MemorySegmentFiles losePower(RandomGenerator random) {
    powerless = true;
    MemorySegmentFiles after = new MemorySegmentFiles();
    contents.forEach((id, content) -> after.contents.put(id, torn(content, random)));
    return after;
  }

  /** The same bytes, forced or not, on a disk of their own. */
  synchronized MemorySegmentFiles copy() {
    MemorySegmentFiles copy = new MemorySegmentFiles();
    contents.forEach(
        (id, content) -> {
          Content same = new Content();
          same.bytes = content.bytes.clone();
          same.durable = same.bytes;
          copy.contents.put(id, same);
        });
    return copy;
  }

  Content content(long segment) {
    return Objects.requireNonNull(contents.get(segment));
  }

  private static Content torn(Content content, RandomGenerator random) {
    int shorter = Math.min(content.durable.length, content.bytes.length);
    int longer = Math.max(content.durable.length, content.bytes.length);
    int length = random.nextInt(3) == 0 ? random.nextInt(shorter, longer + 1) : longer;
    byte[] bytes = new byte[length];
    for (int at = 0; at < length; at += BLOCK) {
      byte[] from = random.nextBoolean() ? content.durable : content.bytes;
      int end = Math.min(length, Math.min(at + BLOCK, from.length));
      if (end > at) {
        System.arraycopy(from, at, bytes, at, end - at);
      }
    }
    Content torn = new Content();
    torn.bytes = bytes;
    torn.durable = bytes.clone();
    return torn;
  }

  private void requireRoom(long bytes) throws IOException {
    if (powerless) {
      throw new IOException("no power");
    }
    if (room < bytes) {
      throw new IOException("No space left on device");
    }
  }

  private final class File implements SegmentFile {
    private final Content content;

    File(Content content) {
      this.content = content;
    }

    @Override
    public void write(ByteBuffer bytes, long position) throws IOException {
      synchronized (MemorySegmentFiles.this) {
        requireRoom(0);
        int wanted = bytes.remaining();
        int written = (int) Math.min(wanted, room);
        int end = (int) position + written;
        if (end > content.bytes.length) {
          content.bytes = Arrays.copyOf(content.bytes, end);
        }
        bytes.get(content.bytes, (int) position, written);
        if (room != Long.MAX_VALUE) {
          room -= written;
        }
        if (written < wanted) {
          throw new IOException("No space left on device");
        }
      }
    }

    @Override
    public int read(ByteBuffer into, long position) {
      synchronized (MemorySegmentFiles.this) {
        int length = (int) Math.max(0, Math.min(into.remaining(), content.bytes.length - position));
        into.put(content.bytes, (int) position, length);
        return length;
      }
    }

    @Override
    public void force() throws IOException {
      synchronized (MemorySegmentFiles.this) {
        requireRoom(0);
        forces++;
        if (failingForces > 0) {
          failingForces--;
          throw new IOException("Input/output error");
        }
        content.durable = content.bytes.clone();
      }
    }

    @Override
    public void truncate(long length) throws IOException {
      synchronized (MemorySegmentFiles.this) {
        requireRoom(0);
        if (length < content.bytes.length) {
          content.bytes = Arrays.copyOf(content.bytes, (int) length);
        }
      }
    }

    @Override
    public long size() {
      return content.bytes.length;
    }

    @Override
    public void close() {}
  }
}
