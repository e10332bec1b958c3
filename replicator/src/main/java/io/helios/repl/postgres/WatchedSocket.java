package io.helios.repl.postgres;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A socket that says how long somebody has been waiting in it, and that {@link SilenceWatch} can close with a reason. One
 * that streams is read in large pieces: pgjdbc asks for 8 KiB at a time. One to a database that is reached by a {@link Way}
 * carries that way's bytes.
 */
final class WatchedSocket extends Socket {

  private static final int STREAM_BUFFER = 128 << 10;

  final SocketWatch watch;
  private @Nullable InputStream input;
  private @Nullable OutputStream output;
  private volatile Way.@Nullable Link link;
  private volatile long readingSince;
  private volatile long writingSince;
  private volatile long unanswered;
  private volatile @Nullable String givenUp;

  WatchedSocket(SocketWatch watch) {
    this.watch = watch;
  }

  /** When the wait began that somebody is in, in {@link System#nanoTime} (never 0); 0 when nobody is. */
  long waitingSince() {
    long writing = writingSince;
    return writing != 0 ? writing : readingSince;
  }

  /** Bytes that were sent since the last one came: some may still be on their way, and the answer behind them. */
  long unanswered() {
    return unanswered;
  }

  /** Closes it: who waits in it fails with this. */
  void giveUp(String why) {
    givenUp = why;
    try {
      close();
    } catch (IOException e) {
      // Closed it is.
    }
  }

  @Override
  public void connect(SocketAddress address, int timeout) throws IOException {
    Way way = watch.settings.way();
    int most = watch.left(timeout);
    if (way == null) {
      super.connect(address, most);
    } else {
      link = way.open(Duration.ofMillis(most));
    }
    SilenceWatch.add(this);
  }

  @Override
  public void setSoTimeout(int timeout) throws SocketException {
    int millis = timeout == SocketWatch.PEEK_MILLIS ? watch.peekMillis() : watch.left(timeout);
    super.setSoTimeout(millis);
    Way.Link through = link;
    if (through != null) {
      through.timeout(millis);
    }
  }

  @Override
  public synchronized InputStream getInputStream() throws IOException {
    InputStream made = input;
    if (made == null) {
      Way.Link through = link;
      made = new Input(through == null ? super.getInputStream() : through.input(), watch.streams() ? STREAM_BUFFER : 0);
      input = made;
    }
    return made;
  }

  @Override
  public synchronized OutputStream getOutputStream() throws IOException {
    OutputStream made = output;
    if (made == null) {
      Way.Link through = link;
      made = new Output(through == null ? super.getOutputStream() : through.output());
      output = made;
    }
    return made;
  }

  @Override
  public void close() throws IOException {
    SilenceWatch.remove(this);
    Way.Link through = link;
    if (through != null) {
      through.close();
    }
    super.close();
  }

  private IOException told(IOException e) {
    String why = givenUp;
    return why == null ? e : new IOException(why, e);
  }

  private static long now() {
    return System.nanoTime() | 1;
  }

  private final class Input extends InputStream {

    private final InputStream in;
    private final byte[] buffer;
    private int from;
    private int to;

    Input(InputStream in, int bufferBytes) {
      this.in = in;
      this.buffer = new byte[bufferBytes];
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
          return receive(target, offset, length);
        }
        int count = receive(buffer, 0, buffer.length);
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

    private int receive(byte[] target, int offset, int length) throws IOException {
      readingSince = now();
      try {
        if (watch.isLimited()) {
          setSoTimeout(0);
        }
        int count = in.read(target, offset, length);
        watch.read(count);
        unanswered = 0;
        return count;
      } catch (IOException e) {
        throw told(e);
      } finally {
        readingSince = 0;
      }
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

  private final class Output extends OutputStream {

    private final OutputStream out;

    Output(OutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // an estimate
    public void write(byte[] bytes, int offset, int length) throws IOException {
      writingSince = now();
      try {
        out.write(bytes, offset, length);
        unanswered += length;
      } catch (IOException e) {
        throw told(e);
      } finally {
        writingSince = 0;
      }
    }

    @Override
    public void flush() throws IOException {
      out.flush();
    }

    @Override
    public void close() throws IOException {
      out.close();
    }
  }
}
