package io.helios.repl.peer;

import io.helios.repl.postgres.Way;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A WebSocket as a stream of bytes each way. Of what comes only a few messages are kept, and the next is asked for when one has been
 * read, so that a reader that is slow slows the sender. Reading and writing belong to one thread each; what the WebSocket calls,
 * its own.
 */
final class SessionLink implements Way.Link, WebSocket.Listener {

  /** Messages on their way here while one is read: what the peer sends at once is at most 32 KiB. */
  private static final int AHEAD = 16;

  private static final int PIECE = 32 << 10;

  private final Object lock = new Object();
  private final Deque<byte[]> come = new ArrayDeque<>();
  private final byte[] one = new byte[1];
  private byte[] current = {};
  private int at;
  private boolean ended;
  private @Nullable Throwable failure;
  private volatile int timeoutMillis;
  private volatile @Nullable WebSocket socket;

  void begin(WebSocket opened) {
    socket = opened;
  }

  private WebSocket socket() {
    return Objects.requireNonNull(socket, "not open");
  }

  @Override
  public void onOpen(WebSocket opened) {
    opened.request(AHEAD);
  }

  @Override
  public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
    byte[] bytes = new byte[data.remaining()];
    data.get(bytes);
    synchronized (lock) {
      come.add(bytes);
      lock.notifyAll();
    }
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onClose(WebSocket from, int status, String reason) {
    over(null);
    return null;
  }

  @Override
  public void onError(WebSocket from, Throwable error) {
    over(error);
  }

  private void over(@Nullable Throwable why) {
    synchronized (lock) {
      ended = true;
      failure = why;
      lock.notifyAll();
    }
  }

  @Override
  public InputStream input() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
      }

      @Override
      public int read(byte[] into, int offset, int length) throws IOException {
        if (length == 0) {
          return 0;
        }
        if (at == current.length && !next()) {
          return -1;
        }
        int count = Math.min(length, current.length - at);
        System.arraycopy(current, at, into, offset, count);
        at += count;
        return count;
      }

      @Override
      public int available() {
        synchronized (lock) {
          byte[] following = come.peek();
          return at < current.length ? current.length - at : following == null ? 0 : following.length;
        }
      }
    };
  }

  /** Waits for the next message that holds anything; false at the end. */
  private boolean next() throws IOException {
    long until = timeoutMillis == 0 ? Long.MAX_VALUE : System.nanoTime() + timeoutMillis * 1_000_000L;
    synchronized (lock) {
      while (true) {
        byte[] message = come.poll();
        if (message != null) {
          socket().request(1);
          if (message.length > 0) {
            current = message;
            at = 0;
            return true;
          }
        } else if (ended) {
          if (failure != null) {
            throw new IOException("the way through the peer has broken", failure);
          }
          return false;
        } else {
          await(until);
        }
      }
    }
  }

  private void await(long until) throws IOException {
    try {
      if (until == Long.MAX_VALUE) {
        lock.wait();
        return;
      }
      long left = until - System.nanoTime();
      if (left <= 0) {
        throw new SocketTimeoutException("nothing has come within " + timeoutMillis + " ms");
      }
      lock.wait(left / 1_000_000, (int) (left % 1_000_000));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  @Override
  public OutputStream output() {
    return new OutputStream() {
      @Override
      public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        for (int from = offset; from < offset + length; from += PIECE) {
          send(Arrays.copyOfRange(bytes, from, Math.min(from + PIECE, offset + length)));
        }
      }
    };
  }

  private void send(byte[] piece) throws IOException {
    try {
      socket().sendBinary(ByteBuffer.wrap(piece), true).join();
    } catch (CompletionException e) {
      throw new IOException("the way through the peer has broken", e.getCause());
    }
  }

  @Override
  public void timeout(int millis) {
    timeoutMillis = millis;
  }

  @Override
  public void close() {
    WebSocket opened = socket;
    if (opened != null) {
      opened.abort();
    }
    over(new IOException("closed"));
  }
}
