package io.helios.repl.tests.simulation;

import io.helios.repl.relay.FrameHeader;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * Reads what the journal writes, as an eavesdropper would, and looks for two different frames under one key and nonce. A key
 * comes of a tenant, its key's generation and the segment's salt; the nonce is the index. All of them are in the clear.
 */
final class NonceWatch {

  private static final long SEGMENT_MAGIC = 0x48454C52454C4159L;
  private static final int SALT = 20;
  private static final int FRAME_PREFIX = 1 + 4;

  private record Use(long salt, UUID tenant, int generation, int index) {}

  private final Map<Long, Long> salts = new HashMap<>();
  private final Map<Use, Long> used = new HashMap<>();

  void written(long segment, byte[] bytes, long position) {
    if (position == 0 && bytes.length >= SALT + 32 && ByteBuffer.wrap(bytes).getLong() == SEGMENT_MAGIC) {
      ByteBuffer salt = ByteBuffer.wrap(bytes, SALT, 32);
      salts.put(segment, TenantRows.mix(TenantRows.mix(salt.getLong(), salt.getLong()), salt.getLong()));
      return;
    }
    if (bytes.length < FRAME_PREFIX + FrameHeader.BYTES || bytes[0] != 1) {
      return;
    }
    FrameHeader header = FrameHeader.decode(bytes, FRAME_PREFIX);
    Use use = new Use(salts.get(segment), header.tenant(), header.keyGeneration(), header.index());
    CRC32C content = new CRC32C();
    content.update(bytes, FRAME_PREFIX, bytes.length - FRAME_PREFIX);
    Long before = used.putIfAbsent(use, content.getValue());
    if (before != null && before != content.getValue()) {
      throw new Violation("two frames of one tenant are sealed with one key and one nonce, in segment " + segment
          + " at index " + header.index());
    }
  }
}
