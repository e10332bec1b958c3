package io.helios.repl.relay;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A segment in a file system. One descriptor serves all threads; one that an interrupt closed is opened again. */
final class ChannelSegmentFile implements SegmentFile {

  /** The JDK copies heap buffers into direct ones that it keeps for each thread: pieces of this size bound them. */
  private static final int PIECE = 256 << 10;

  private final Path path;
  private volatile FileChannel channel;
  private volatile boolean closed;

  ChannelSegmentFile(Path path, boolean create) throws IOException {
    this.path = path;
    this.channel =
        create
            ? FileChannel.open(
                path,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE)
            : reopen();
  }

  @Override
  public void write(ByteBuffer bytes, long position) throws IOException {
    int start = bytes.position();
    int end = bytes.limit();
    onChannel(
        open -> {
          bytes.limit(end).position(start);
          while (bytes.position() < end) {
            bytes.limit(Math.min(end, bytes.position() + PIECE));
            open.write(bytes, position + bytes.position() - start);
          }
          return 0;
        });
  }

  @Override
  public int read(ByteBuffer into, long position) throws IOException {
    int start = into.position();
    int end = into.limit();
    return onChannel(
        open -> {
          into.limit(end).position(start);
          while (into.position() < end) {
            into.limit(Math.min(end, into.position() + PIECE));
            if (open.read(into, position + into.position() - start) < 0) {
              break;
            }
          }
          into.limit(end);
          return into.position() - start;
        });
  }

  @Override
  public void force() throws IOException {
    onChannel(
        open -> {
          open.force(false);
          return 0;
        });
  }

  @Override
  public void truncate(long length) throws IOException {
    onChannel(open -> open.truncate(length));
  }

  @Override
  public long size() throws IOException {
    return onChannel(FileChannel::size);
  }

  @Override
  public synchronized void close() throws IOException {
    closed = true;
    channel.close();
  }

  private interface ChannelOperation<T> {
    T on(FileChannel channel) throws IOException;
  }

  private <T> T onChannel(ChannelOperation<T> operation) throws IOException {
    return Interrupts.shield(
        () -> {
          while (true) {
            FileChannel open = openChannel();
            try {
              return operation.on(open);
            } catch (ClosedByInterruptException mine) {
              throw mine;
            } catch (ClosedChannelException another) { // another thread's interrupt closed it
              if (closed) {
                throw another;
              }
            }
          }
        });
  }

  private FileChannel openChannel() throws IOException {
    FileChannel open = channel;
    if (open.isOpen()) {
      return open;
    }
    synchronized (this) {
      if (closed) {
        throw new ClosedChannelException();
      }
      if (!channel.isOpen()) {
        channel = reopen();
      }
      return channel;
    }
  }

  private FileChannel reopen() throws IOException {
    return FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }
}
