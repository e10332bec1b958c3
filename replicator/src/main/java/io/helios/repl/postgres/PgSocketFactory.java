package io.helios.repl.postgres;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketOption;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.SocketFactory;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/**
 * The sockets of all connections: TCP keepalives that find a dead peer in a minute instead of two hours, and, for a
 * replication stream, a {@link Watch} that knows when the server was last heard. pgjdbc tells neither that a peer went
 * silent nor, when polled, that it closed the connection. pgjdbc makes this class by its name; the argument is a watch's id.
 */
public final class PgSocketFactory extends SocketFactory {

  private static final Map<String, Watch> WATCHES = new ConcurrentHashMap<>();

  private final @Nullable Watch watch;

  public PgSocketFactory(String watchId) {
    this.watch = WATCHES.get(watchId);
  }

  /** pgjdbc looks whether a message is waiting by reading with this timeout, in milliseconds. */
  private static final int PEEK_MILLIS = 1;

  /** When bytes last came from the server, and whether it has closed. Written by the reading thread. */
  static final class Watch implements AutoCloseable {

    final String id = UUID.randomUUID().toString();
    private volatile long lastReadNanos = System.nanoTime();
    private volatile boolean ended;
    private volatile int peekMillis = PEEK_MILLIS;

    Watch() {
      WATCHES.put(id, this);
    }

    long lastReadNanos() {
      return lastReadNanos;
    }

    boolean ended() {
      return ended;
    }

    /** How long a look for a message may wait for one: a thousand looks a second cost an idle source some CPU. */
    void peekFor(int millis) {
      peekMillis = millis;
    }

    private void read(int count) {
      if (count < 0) {
        ended = true;
      } else {
        lastReadNanos = System.nanoTime();
      }
    }

    /** No further socket will join it; those that did go on. */
    @Override
    public void close() {
      WATCHES.remove(id);
    }
  }

  @Override
  public Socket createSocket() throws IOException {
    Watch joined = watch;
    Socket socket = joined == null ? new Socket() : new WatchedSocket(joined);
    try {
      socket.setKeepAlive(true);
      set(socket, ExtendedSocketOptions.TCP_KEEPIDLE, 30);
      set(socket, ExtendedSocketOptions.TCP_KEEPINTERVAL, 10);
      set(socket, ExtendedSocketOptions.TCP_KEEPCOUNT, 3);
      return socket;
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  private static void set(Socket socket, SocketOption<Integer> option, int value) throws IOException {
    if (socket.supportedOptions().contains(option)) {
      socket.setOption(option, value);
    }
  }

  // pgjdbc uses the factory's plain method only (PGStream.createSocket).

  @Override
  public Socket createSocket(String host, int port) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress localHost, int localPort) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Socket createSocket(InetAddress host, int port) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Socket createSocket(InetAddress address, int port, InetAddress localAddress, int localPort) {
    throw new UnsupportedOperationException();
  }

  /** Reads in large pieces: pgjdbc asks for 8 KiB at a time. */
  private static final class WatchedSocket extends Socket {

    private final Watch watch;
    private @Nullable WatchedInput input;

    WatchedSocket(Watch watch) {
      this.watch = watch;
    }

    @Override
    public void setSoTimeout(int timeout) throws SocketException {
      super.setSoTimeout(timeout == PEEK_MILLIS ? watch.peekMillis : timeout);
    }

    @Override
    public synchronized InputStream getInputStream() throws IOException {
      WatchedInput made = input;
      if (made == null) {
        made = new WatchedInput(super.getInputStream(), watch);
        input = made;
      }
      return made;
    }
  }

  private static final class WatchedInput extends InputStream {

    private final InputStream in;
    private final Watch watch;
    private final byte[] buffer = new byte[128 << 10];
    private int from;
    private int to;

    WatchedInput(InputStream in, Watch watch) {
      this.in = in;
      this.watch = watch;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      if (length == 0) {
        return 0;
      }
      if (from == to) {
        if (length >= buffer.length) {
          int count = in.read(target, offset, length);
          watch.read(count);
          return count;
        }
        int count = in.read(buffer, 0, buffer.length);
        watch.read(count);
        if (count < 0) {
          return -1;
        }
        from = 0;
        to = count;
      }
      int count = Math.min(length, to - from);
      System.arraycopy(buffer, from, target, offset, count);
      from += count;
      return count;
    }

    @Override
    public int available() throws IOException {
      return from < to ? to - from : in.available();
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
