package io.helios.repl.postgres;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a session begins, as PostgreSQL's side of it sees it: what a client may send first, and what it is answered when it is let in
 * without a question or not let in (PostgreSQL: {@code postmaster/postmaster.c}, ProcessStartupPacket; protocol, "Message Formats"). Pure.
 */
public sealed interface SessionStart {

  /** Longer ones are none (PostgreSQL: MAX_STARTUP_PACKET_LENGTH). */
  int LARGEST_BYTES = 10_000;

  /** A session is wanted, with these parameters. */
  record Session(Map<String, String> parameters) implements SessionStart {
    public boolean replication() {
      return "database".equals(parameters.get("replication"));
    }
  }

  /** What another session does is to be broken off. */
  record Cancel(int processId, int secret) implements SessionStart {}

  int CANCEL = 80877102;
  int VERSION_3 = 3;

  /**
   * What stands in these bytes; null while it is not whole.
   *
   * @throws IllegalArgumentException when it is neither, as a wish for TLS is
   */
  static @Nullable SessionStart read(ByteBuffer bytes) {
    ByteBuffer in = bytes.slice();
    if (in.remaining() < 4) {
      return null;
    }
    int length = in.getInt();
    if (length < 8 || length > LARGEST_BYTES) {
      throw new IllegalArgumentException("a packet of " + length + " bytes begins no session");
    }
    if (in.remaining() < length - 4) {
      return null;
    }
    in.limit(length);
    int code = in.getInt();
    if (code == CANCEL && in.remaining() == 8) {
      return new Cancel(in.getInt(), in.getInt());
    }
    if (code >>> 16 != VERSION_3) {
      throw new IllegalArgumentException("code " + code + " begins no session");
    }
    Map<String, String> parameters = new LinkedHashMap<>();
    for (String name = text(in); !name.isEmpty(); name = text(in)) {
      parameters.put(name, text(in));
    }
    return new Session(parameters);
  }

  private static String text(ByteBuffer in) {
    int from = in.position();
    while (in.hasRemaining()) {
      if (in.get() == 0) {
        byte[] bytes = new byte[in.position() - 1 - from];
        in.get(from, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
      }
    }
    throw new IllegalArgumentException("a parameter does not end");
  }

  /** AuthenticationOk, ParameterStatus of each, BackendKeyData, ReadyForQuery. */
  static byte[] welcome(Map<String, String> parameters, int processId, int secret) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    put(out, 'R', number(0));
    parameters.forEach((name, value) -> put(out, 'S', (name + "\0" + value + "\0").getBytes(StandardCharsets.UTF_8)));
    put(out, 'K', ByteBuffer.allocate(8).putInt(processId).putInt(secret).array());
    put(out, 'Z', new byte[] {'I'});
    return out.toByteArray();
  }

  /** ErrorResponse; the session is over with it. */
  static byte[] refusal(String sqlState, String message) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    put(out, 'E', ("SFATAL\0VFATAL\0C" + sqlState + "\0M" + message + "\0\0").getBytes(StandardCharsets.UTF_8));
    return out.toByteArray();
  }

  private static byte[] number(int value) {
    return ByteBuffer.allocate(4).putInt(value).array();
  }

  private static void put(ByteArrayOutputStream out, char type, byte[] body) {
    out.write(type);
    out.writeBytes(number(4 + body.length));
    out.writeBytes(body);
  }
}
