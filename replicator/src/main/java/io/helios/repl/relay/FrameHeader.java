package io.helios.repl.relay;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a frame without its key. All of it is authenticated with the payload: {@link #encode} is the
 * additional authenticated data.
 *
 * <p>A position is what orders a tenant's transactions: 64 bits, unsigned; for WAL capture the commit LSN.
 *
 * <pre>
 * offset  bytes                       {@value #BYTES} in all, big-endian
 *      0      1  format version, {@value #VERSION}
 *      1      1  lane
 *      2      1  flags: 1 = complete, others 0
 *      3      1  0
 *      4      4  key generation
 *      8     16  tenant
 *     24      8  epoch
 *     32      8  system identifier
 *     40      4  timeline
 *     44      4  index in the segment
 *     48      8  segment
 *     56      8  sequence
 *     64      8  first position
 *     72      8  last position
 *     80      8  first commit, microseconds since 2000-01-01 UTC
 *     88      8  last commit
 *     96      4  changes
 *    100      4  plain length
 *    104      4  sealed length
 * </pre>
 *
 * @param lane {@link #STREAM} for changes; others are free
 * @param epoch the tenant's epoch under which it was captured
 * @param systemIdentifier the source's, from {@code IDENTIFY_SYSTEM}
 * @param segment the id of the journal segment it was sealed for
 * @param index which of the slots given out for that segment it took: the nonce
 * @param sequence the tenant's own count of frames, from 1, without holes
 * @param firstPosition position of its first transaction
 * @param lastPosition position of its last transaction, complete or not
 * @param firstCommitMicros commit time of its first transaction, microseconds since 2000-01-01 UTC
 * @param lastCommitMicros commit time of its last transaction
 * @param complete whether it ends on a transaction's boundary
 * @param keyGeneration which of the tenant's keys sealed it
 * @param changes how many rows it changes
 * @param plainLength bytes before compression: the bound of decompression
 * @param sealedLength bytes as stored, the authentication tag included
 */
public record FrameHeader(
    UUID tenant,
    byte lane,
    long epoch,
    long systemIdentifier,
    int timeline,
    long segment,
    int index,
    long sequence,
    long firstPosition,
    long lastPosition,
    long firstCommitMicros,
    long lastCommitMicros,
    boolean complete,
    int keyGeneration,
    int changes,
    int plainLength,
    int sealedLength) {

  public static final byte STREAM = 1;

  /** Frames hold at most this many bytes before compression (a GCM decryption is buffered whole), but for a single larger row. */
  public static final int MAX_PLAIN = 8 << 20;

  /** The length of {@link #encode}. */
  public static final int BYTES = 108;

  /** The authentication tag at the end of what is sealed. */
  public static final int TAG_BYTES = 16;

  static final byte VERSION = 1;

  private static final int COMPLETE = 1;

  /** The layout above; a new array at each call. */
  public byte[] encode() {
    return ByteBuffer.allocate(BYTES)
        .put(VERSION)
        .put(lane)
        .put((byte) (complete ? COMPLETE : 0))
        .put((byte) 0)
        .putInt(keyGeneration)
        .putLong(tenant.getMostSignificantBits())
        .putLong(tenant.getLeastSignificantBits())
        .putLong(epoch)
        .putLong(systemIdentifier)
        .putInt(timeline)
        .putInt(index)
        .putLong(segment)
        .putLong(sequence)
        .putLong(firstPosition)
        .putLong(lastPosition)
        .putLong(firstCommitMicros)
        .putLong(lastCommitMicros)
        .putInt(changes)
        .putInt(plainLength)
        .putInt(sealedLength)
        .array();
  }

  /**
   * Reads {@value #BYTES} bytes.
   *
   * @throws CorruptionException when they are not a header that this version could have written
   */
  public static FrameHeader decode(byte[] bytes, int offset) {
    if (offset < 0 || bytes.length - offset < BYTES) {
      throw malformed("it is cut off");
    }
    ByteBuffer in = ByteBuffer.wrap(bytes, offset, BYTES);
    byte version = in.get();
    if (version != VERSION) {
      throw malformed("its format version is " + Byte.toUnsignedInt(version) + ", known is " + VERSION);
    }
    byte lane = in.get();
    int flags = in.get();
    if ((flags & ~COMPLETE) != 0 || in.get() != 0) {
      throw malformed("it has unknown flags");
    }
    int keyGeneration = in.getInt();
    UUID tenant = new UUID(in.getLong(), in.getLong());
    long epoch = in.getLong();
    long systemIdentifier = in.getLong();
    int timeline = in.getInt();
    int index = in.getInt();
    FrameHeader header =
        new FrameHeader(
            tenant,
            lane,
            epoch,
            systemIdentifier,
            timeline,
            in.getLong(),
            index,
            in.getLong(),
            in.getLong(),
            in.getLong(),
            in.getLong(),
            in.getLong(),
            flags == COMPLETE,
            keyGeneration,
            in.getInt(),
            in.getInt(),
            in.getInt());
    String fault = header.fault();
    if (fault != null) {
      throw malformed(fault);
    }
    return header;
  }

  /** What breaks the rules of a header, or null. Also bounds what a reader allocates for a frame. */
  @Nullable String fault() {
    if (keyGeneration < 1 || segment < 1 || index < 0 || sequence < 1 || changes < 0 || plainLength < 0) {
      return "a count is out of range";
    }
    if (Long.compareUnsigned(firstPosition, lastPosition) > 0) {
      return "it ends before it begins";
    }
    if (sealedLength < TAG_BYTES || sealedLength > maxSealed(plainLength)) {
      return "its lengths do not fit together";
    }
    return null;
  }

  /** The most that sealing can make of so many bytes: zstd's own bound ({@code ZSTD_COMPRESSBOUND}) and the tag. */
  private static long maxSealed(int plainLength) {
    return plainLength + (plainLength >>> 8) + 256L + TAG_BYTES;
  }

  private static CorruptionException malformed(String how) {
    return new CorruptionException(
        new Problem(
            ErrorCode.FRAME_MALFORMED,
            "a frame's header is malformed: " + how,
            "it was damaged, or written by another version",
            "helios-repl doctor"));
  }
}
