package io.helios.repl.capture;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * From a key's bytes to the tenants that have it, without allocating: open addressing over slices. Immutable once made.
 */
final class KeyIndex {

  /** Nobody's: always this very array. */
  static final int[] NOBODY = {};

  private final byte[] @Nullable [] keys;
  private final int[][] tenants;
  private final int mask;

  /** @param entries key bytes (wrapped) to tenants; the arrays are kept and returned as they are */
  KeyIndex(List<Map.Entry<byte[], int[]>> entries) {
    int capacity = Math.max(4, Integer.highestOneBit(Math.max(1, entries.size())) << 2);
    this.keys = new byte[capacity][];
    this.tenants = new int[capacity][];
    this.mask = capacity - 1;
    Arrays.fill(tenants, NOBODY);
    for (Map.Entry<byte[], int[]> entry : entries) {
      byte[] key = entry.getKey();
      int at = hash(key, 0, key.length) & mask;
      while (keys[at] != null) {
        at = at + 1 & mask;
      }
      keys[at] = key;
      tenants[at] = entry.getValue();
    }
  }

  /** The tenants of the key in {@code bytes[offset .. offset+length)}; {@link #NOBODY} when there are none. */
  int[] find(byte[] bytes, int offset, int length) {
    int at = hash(bytes, offset, length) & mask;
    while (true) {
      byte[] key = keys[at];
      if (key == null) {
        return NOBODY;
      }
      if (key.length == length && Arrays.equals(key, 0, length, bytes, offset, offset + length)) {
        return tenants[at];
      }
      at = at + 1 & mask;
    }
  }

  private static int hash(byte[] bytes, int offset, int length) {
    int hash = 1;
    for (int i = offset; i < offset + length; i++) {
      hash = 31 * hash + bytes[i];
    }
    hash *= 0x9E3779B9;
    return hash ^ hash >>> 15;
  }
}
