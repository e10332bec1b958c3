package io.helios.repl.client;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Reads server-sent events (WHATWG HTML, section 9.2) from an open answer. One thread; {@link #close} and {@link #quietNanos}
 * any.
 */
final class ServerSentEvents implements Closeable {

  /**
   * @param lastId the last id that was sent, with this event or before it; empty when none was
   * @param event its name
   */
  record Message(String lastId, String event, String data) {}

  private final InputStream in;
  private final BufferedReader lines;
  private volatile long heardAt = System.nanoTime();
  private String lastId = "";

  ServerSentEvents(InputStream in) {
    this.in = in;
    this.lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
  }

  /** The next event, or null when the stream has ended. An event that was cut off is none. */
  @Nullable Message next() throws IOException {
    String event = "";
    StringBuilder data = new StringBuilder();
    boolean any = false;
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      heardAt = System.nanoTime();
      if (line.isEmpty()) {
        if (any) {
          return new Message(lastId, event.isEmpty() ? "message" : event, data.toString());
        }
        event = "";
        continue;
      }
      int colon = line.indexOf(':');
      String value = colon < 0 ? "" : line.substring(line.startsWith(" ", colon + 1) ? colon + 2 : colon + 1);
      switch (colon < 0 ? line : line.substring(0, colon)) {
        case "event" -> event = value;
        case "data" -> {
          data.append(any ? "\n" : "").append(value);
          any = true;
        }
        case "id" -> lastId = value;
        default -> {} // comments, and what we do not know
      }
    }
    return null;
  }

  /** For how long nothing has come, not even a comment. */
  long quietNanos() {
    return System.nanoTime() - heardAt;
  }

  /** Ends also a {@link #next} that waits. */
  @Override
  public void close() throws IOException {
    in.close();
  }
}
