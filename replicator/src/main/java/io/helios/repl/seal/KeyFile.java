package io.helios.repl.seal;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a tenant's key file holds. Each key is wrapped by the master key with AES-256-GCM and bound to its tenant and
 * generation, so files cannot change places, nor keys within one. No I/O.
 *
 * <pre>
 * file:  magic "HELKEY" and version 1 (8 bytes) | count (4) | count × ( generation (4) | wrapped (60) )
 * wrapped:  nonce (12) | AES-256-GCM of the 32 bytes (32) | tag (16);
 *           authenticated with it: "helios-repl/tenant-key/1" 0 | tenant (16) | generation (4)
 * </pre>
 */
final class KeyFile {

  /** What follows the tenant's UUID in the name of the file. */
  static final String SUFFIX = ".key";

  private static final byte[] MAGIC = {'H', 'E', 'L', 'K', 'E', 'Y', 0, 1};
  private static final byte[] PURPOSE = "helios-repl/tenant-key/1\0".getBytes(StandardCharsets.US_ASCII);
  private static final int WRAPPED = Gcm.NONCE_BYTES + TenantKey.BYTES + Gcm.TAG_BYTES;

  private KeyFile() {}

  /** The tenant whose file has this name; null when it is no key file's name. */
  static @Nullable UUID tenant(String fileName) {
    if (fileName.length() != 36 + SUFFIX.length() || !fileName.endsWith(SUFFIX)) {
      return null;
    }
    try {
      return UUID.fromString(fileName.substring(0, 36));
    } catch (IllegalArgumentException another) {
      return null;
    }
  }

  /** The keys, generation 1 first, wrapped. The caller zeroes what it gave. */
  static byte[] encode(UUID tenant, List<byte[]> keys, MasterKey master) {
    ByteBuffer out = ByteBuffer.allocate(MAGIC.length + 4 + keys.size() * (4 + WRAPPED));
    out.put(MAGIC).putInt(keys.size());
    for (int generation = 1; generation <= keys.size(); generation++) {
      out.putInt(generation).put(master.wrap(keys.get(generation - 1), bound(tenant, generation)));
    }
    return out.array();
  }

  /**
   * The keys, generation 1 first; none when the file is all zeroes: its shredding was cut short after the overwriting.
   *
   * @throws CorruptionException ({@link ErrorCode#KEYRING_CORRUPT}) when it is anything else than a whole file of this
   *     tenant, wrapped by this master key
   */
  static List<byte[]> decode(UUID tenant, byte[] content, MasterKey master) {
    if (Arrays.equals(content, new byte[content.length])) {
      return List.of();
    }
    List<byte[]> keys = new ArrayList<>();
    try {
      ByteBuffer in = ByteBuffer.wrap(content);
      byte[] magic = new byte[MAGIC.length];
      in.get(magic);
      int count = in.getInt();
      if (!Arrays.equals(magic, MAGIC) || count < 1 || in.remaining() != (long) count * (4 + WRAPPED)) {
        throw corrupt(tenant, "it is not a key file of this version");
      }
      for (int generation = 1; generation <= count; generation++) {
        byte[] wrapped = new byte[WRAPPED];
        int said = in.getInt();
        in.get(wrapped);
        byte[] bytes = said == generation ? master.unwrap(wrapped, bound(tenant, generation)) : null;
        if (bytes == null) {
          throw corrupt(tenant, "its generation " + generation + " was not wrapped here for this tenant");
        }
        keys.add(bytes);
      }
    } catch (BufferUnderflowException e) {
      throw corrupt(tenant, "it is cut off");
    }
    return keys;
  }

  private static byte[] bound(UUID tenant, int generation) {
    return ByteBuffer.allocate(PURPOSE.length + 20)
        .put(PURPOSE)
        .putLong(tenant.getMostSignificantBits())
        .putLong(tenant.getLeastSignificantBits())
        .putInt(generation)
        .array();
  }

  private static CorruptionException corrupt(UUID tenant, String why) {
    return new CorruptionException(
        new Problem(
            ErrorCode.KEYRING_CORRUPT,
            "the key file of tenant " + tenant + " is damaged",
            why,
            "restore " + tenant + SUFFIX + " in the keyring directory from its backup; without one, remove it, restart the"
                + " server, then: helios-repl tenant resync NAME"));
  }
}
