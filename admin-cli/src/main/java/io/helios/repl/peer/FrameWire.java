package io.helios.repl.peer;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameHeader;
import io.helios.repl.relay.FrameSource;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * What two servers send each other of a source's journal, as bytes, big-endian. Frames go as they are in the journal, sealed; nothing
 * here has a key. Pure.
 *
 * <pre>
 * frames:   "HELFRM" 0 1 | count (4) | count × ( salt (32) | header (108) | sealed (header's sealed length) )
 * news:     "HELNEW" 0 2 | captured up to (8) | mark (8) | count (4) | count × tenant (16)
 *           | count (4) | count × ( tenant (16) | whether there is more (1) | bytes (4) | frames )
 * applied:  "HELAPP" 0 1 | count (4) | count × ( tenant (16) | position (8) )
 * </pre>
 */
public final class FrameWire {

  /** Of any of them. A frame of one large row may be long; the rest is bounded by what is asked for. */
  public static final int LARGEST_BYTES = 1 << 30;

  /** As many as fit into a request's address. */
  public static final int MOST_FOLLOWED = 32;

  /** Of what is asked for at once. */
  public static final int LARGEST_FETCH = 8 << 20;

  private static final byte[] FRAMES = {'H', 'E', 'L', 'F', 'R', 'M', 0, 1};
  private static final byte[] NEWS = {'H', 'E', 'L', 'N', 'E', 'W', 0, 2};
  private static final byte[] APPLIED = {'H', 'E', 'L', 'A', 'P', 'P', 0, 1};
  private static final int SALT_BYTES = 32;

  private FrameWire() {}

  /**
   * @param capturedUpTo which was so before the news was looked for
   * @param enclosed frames of some of those that have any, from where they were {@link Followed} on
   */
  public record News(long capturedUpTo, FrameSource.Arrivals arrivals, List<Enclosed> enclosed) {}

  /** @param more whether there are others behind these; without any of them when false and empty, there is none */
  public record Enclosed(UUID tenant, boolean more, List<Frame> frames) {}

  /**
   * A tenant whose next frames are wanted with the news of them: half the way, and no second one. In a request's address {@code
   * TENANT:POSITION:SEQUENCE}.
   *
   * @param position everything up to it is there
   * @param sequence the next one
   */
  public record Followed(UUID tenant, long position, long sequence) {
    @Override
    public String toString() {
      return tenant + ":" + Long.toUnsignedString(position) + ":" + sequence;
    }

    /** Throws {@link IllegalArgumentException} when it is none. */
    public static Followed parse(String text) {
      String[] parts = text.split(":", -1);
      if (parts.length != 3 || !parts[2].matches("[1-9]\\d{0,18}")) {
        throw new IllegalArgumentException("not followed");
      }
      return new Followed(UUID.fromString(parts[0]), Long.parseUnsignedLong(parts[1]), Long.parseLong(parts[2]));
    }
  }

  public static byte[] encode(List<Frame> frames) {
    long bytes = FRAMES.length + 4L;
    for (Frame frame : frames) {
      bytes += SALT_BYTES + FrameHeader.BYTES + frame.sealed().length;
    }
    ByteBuffer out = ByteBuffer.allocate(Math.toIntExact(bytes));
    out.put(FRAMES).putInt(frames.size());
    for (Frame frame : frames) {
      out.put(frame.salt(), 0, SALT_BYTES).put(frame.header().encode()).put(frame.sealed());
    }
    return out.array();
  }

  /** Throws {@link CorruptionException} (HR-4305, HR-4001) when it is anything else than whole frames. */
  public static List<Frame> decodeFrames(byte[] body) {
    try {
      ByteBuffer in = begun(body, FRAMES);
      int count = in.getInt();
      List<Frame> frames = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        byte[] salt = new byte[SALT_BYTES];
        in.get(salt);
        FrameHeader header = FrameHeader.decode(body, in.position());
        in.position(in.position() + FrameHeader.BYTES);
        if (header.sealedLength() > in.remaining()) {
          throw malformed("a frame is cut off");
        }
        byte[] sealed = new byte[header.sealedLength()];
        in.get(sealed);
        frames.add(new Frame(header, salt, sealed));
      }
      requireEnd(in);
      return frames;
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      throw malformed("it is cut off");
    }
  }

  public static byte[] encode(News news) {
    List<UUID> tenants = news.arrivals().tenants();
    List<byte[]> frames = news.enclosed().stream().map(enclosed -> encode(enclosed.frames())).toList();
    int bytes = frames.stream().mapToInt(f -> 16 + 1 + 4 + f.length).sum();
    ByteBuffer out = ByteBuffer.allocate(NEWS.length + 24 + tenants.size() * 16 + bytes);
    out.put(NEWS).putLong(news.capturedUpTo()).putLong(news.arrivals().mark()).putInt(tenants.size());
    tenants.forEach(tenant -> put(out, tenant));
    out.putInt(frames.size());
    for (int i = 0; i < frames.size(); i++) {
      put(out, news.enclosed().get(i).tenant());
      out.put((byte) (news.enclosed().get(i).more() ? 1 : 0)).putInt(frames.get(i).length).put(frames.get(i));
    }
    return out.array();
  }

  /** Throws {@link CorruptionException} when it is none. */
  public static News decodeNews(byte[] body) {
    try {
      ByteBuffer in = begun(body, NEWS);
      long captured = in.getLong();
      long mark = in.getLong();
      int count = in.getInt();
      List<UUID> tenants = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        tenants.add(new UUID(in.getLong(), in.getLong()));
      }
      int parts = in.getInt();
      List<Enclosed> enclosed = new ArrayList<>();
      for (int i = 0; i < parts; i++) {
        UUID tenant = new UUID(in.getLong(), in.getLong());
        boolean more = in.get() != 0;
        int length = in.getInt();
        if (length < 0 || length > in.remaining()) {
          throw malformed("it is cut off");
        }
        byte[] frames = new byte[length];
        in.get(frames);
        enclosed.add(new Enclosed(tenant, more, decodeFrames(frames)));
      }
      requireEnd(in);
      return new News(captured, new FrameSource.Arrivals(mark, List.copyOf(tenants)), List.copyOf(enclosed));
    } catch (BufferUnderflowException e) {
      throw malformed("it is cut off");
    }
  }

  public static byte[] encode(Map<UUID, Long> applied) {
    ByteBuffer out = ByteBuffer.allocate(APPLIED.length + 4 + applied.size() * 24);
    out.put(APPLIED).putInt(applied.size());
    applied.forEach(
        (tenant, position) -> {
          put(out, tenant);
          out.putLong(position);
        });
    return out.array();
  }

  /** Throws {@link CorruptionException} when it is none. */
  public static Map<UUID, Long> decodeApplied(byte[] body) {
    try {
      ByteBuffer in = begun(body, APPLIED);
      int count = in.getInt();
      Map<UUID, Long> applied = new LinkedHashMap<>();
      for (int i = 0; i < count; i++) {
        applied.put(new UUID(in.getLong(), in.getLong()), in.getLong());
      }
      requireEnd(in);
      return applied;
    } catch (BufferUnderflowException e) {
      throw malformed("it is cut off");
    }
  }

  private static ByteBuffer begun(byte[] body, byte[] magic) {
    ByteBuffer in = ByteBuffer.wrap(body);
    byte[] begin = new byte[magic.length];
    in.get(begin);
    if (!Arrays.equals(begin, magic)) {
      throw malformed("it does not begin as it should");
    }
    return in;
  }

  private static void requireEnd(ByteBuffer in) {
    if (in.hasRemaining()) {
      throw malformed("it goes on after its end");
    }
  }

  private static void put(ByteBuffer out, UUID tenant) {
    out.putLong(tenant.getMostSignificantBits()).putLong(tenant.getLeastSignificantBits());
  }

  static CorruptionException malformed(String how) {
    return new CorruptionException(
        new Problem(
            ErrorCode.PEER_FRAMES_MALFORMED,
            "what came from a peer is not what servers send each other: " + how,
            "it is of another version, or was damaged on its way",
            "helios-repl doctor"));
  }
}
