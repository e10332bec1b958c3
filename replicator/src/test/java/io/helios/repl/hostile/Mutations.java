package io.helios.repl.hostile;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Damages bytes as disks, wires and enemies do: a seed always gives the same damage. */
final class Mutations {

  private static final int[] LENGTHS = {0, 1, -1, 0x7f, 0xff, 0x7fff, 0xffff, 0x10000, Integer.MAX_VALUE, Integer.MIN_VALUE};

  private final Random random;

  Mutations(long seed) {
    this.random = new Random(seed);
  }

  byte[] of(List<byte[]> samples) {
    byte[] bytes = any(samples).clone();
    for (int i = 1 + random.nextInt(4); i > 0; i--) {
      bytes = damage(bytes, samples);
    }
    return bytes;
  }

  private byte[] any(List<byte[]> samples) {
    return samples.get(random.nextInt(samples.size()));
  }

  private byte[] damage(byte[] bytes, List<byte[]> samples) {
    if (bytes.length == 0) {
      return new byte[] {(byte) random.nextInt()};
    }
    int at = random.nextInt(bytes.length);
    switch (random.nextInt(7)) {
      case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> bytes[at] = (byte) random.nextInt();
      case 2 -> {
        return Arrays.copyOf(bytes, at);
      }
      case 3 -> put(bytes, at, LENGTHS[random.nextInt(LENGTHS.length)], 1 << random.nextInt(3));
      case 4 -> put(bytes, at, bytes.length - at + random.nextInt(5) - 2, 1 << random.nextInt(3));
      case 5 -> {
        byte[] other = any(samples);
        int length = random.nextInt(other.length + 1);
        byte[] joined = Arrays.copyOf(bytes, at + length);
        System.arraycopy(other, other.length - length, joined, at, length);
        return joined;
      }
      default -> {
        byte[] longer = Arrays.copyOf(bytes, bytes.length + 1);
        System.arraycopy(bytes, at, longer, at + 1, bytes.length - at);
        return longer;
      }
    }
    return bytes;
  }

  /** As a big-endian number of so many bytes, as far as there is room. */
  private static void put(byte[] bytes, int at, int value, int size) {
    for (int i = 0; i < size && at + i < bytes.length; i++) {
      bytes[at + i] = (byte) (value >>> 8 * (size - 1 - i));
    }
  }
}
