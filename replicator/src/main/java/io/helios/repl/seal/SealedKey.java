package io.helios.repl.seal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * One generation of a tenant's key on its way to another region. All that is said of it beside the sealed bytes is bound into
 * the seal, so a key opens as nothing else than what it was given as, nor in another region, nor on its way back:
 *
 * <pre>
 * info:  "helios-repl/key-transfer/1" 0 | tenant (16) | generation (4) | length (2) and UTF-8 of from | likewise of to
 * </pre>
 *
 * @param from the region whose server gives it
 * @param to the region whose server takes it
 */
@SuppressWarnings("ArrayRecordComponent") // passed on, never compared
public record SealedKey(UUID tenant, int generation, String from, String to, byte[] sealed) {

  private static final byte[] PURPOSE = "helios-repl/key-transfer/1\0".getBytes(StandardCharsets.US_ASCII);

  static byte[] info(UUID tenant, int generation, String from, String to) {
    byte[] giver = from.getBytes(StandardCharsets.UTF_8);
    byte[] taker = to.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(PURPOSE.length + 20 + 2 + giver.length + 2 + taker.length)
        .put(PURPOSE)
        .putLong(tenant.getMostSignificantBits())
        .putLong(tenant.getLeastSignificantBits())
        .putInt(generation)
        .putShort((short) giver.length)
        .put(giver)
        .putShort((short) taker.length)
        .put(taker)
        .array();
  }
}
