package io.helios.repl.postgres;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;

/**
 * How the bytes of a connection come to a database that is not reached from here: a seam. Whoever is at the other end logs in, so no
 * name or password of that database is needed here, nor TLS beyond that of the way. Any thread.
 */
public interface Way {

  /**
   * A new connection's bytes, there and back.
   *
   * @param patience how long this may take
   * @throws IOException when there is none to be had; its cause may be a {@link io.helios.repl.error.HeliosException} that says more
   */
  Link open(Duration patience) throws IOException;

  /** One connection. Each direction for one thread at a time; {@link #close} for any. */
  interface Link extends Closeable {

    /** Its end is the other side's end. Reading throws {@link java.net.SocketTimeoutException} after {@link #timeout}. */
    InputStream input() throws IOException;

    /** Waits while the other side takes nothing more. What was written is on its way after a flush. */
    OutputStream output() throws IOException;

    /** For each read that begins after; 0: none. */
    void timeout(int millis);

    /** Those who wait in it get an {@link IOException}. */
    @Override
    void close();
  }
}
