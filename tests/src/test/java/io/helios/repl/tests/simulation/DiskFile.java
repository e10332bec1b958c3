package io.helios.repl.tests.simulation;

import java.util.Arrays;
import java.util.BitSet;

/**
 * A file as the page cache has it and as the platter has it. What was written and not forced may reach the platter or not,
 * block by block; after a force that failed, what it should have written is never written by a later one.
 */
final class DiskFile {

  private static final int BLOCK = 512;

  private byte[] cache = new byte[0];
  private byte[] platter = new byte[0];
  private final BitSet dirty = new BitSet();

  int size() {
    return cache.length;
  }

  byte[] bytes() {
    return cache;
  }

  void write(byte[] bytes, int length, int position) {
    if (position + length > cache.length) {
      cache = Arrays.copyOf(cache, position + length);
    }
    System.arraycopy(bytes, 0, cache, position, length);
    if (length > 0) {
      dirty.set(position / BLOCK, (position + length - 1) / BLOCK + 1);
    }
  }

  void truncate(int length) {
    if (length < cache.length) {
      cache = Arrays.copyOf(cache, length);
    }
  }

  void force() {
    platter = platter(null);
    dirty.clear();
  }

  /** Some of it is written, and the rest never will be. */
  void forceInVain(Chance chance) {
    platter = platter(chance);
    dirty.clear();
  }

  /** The process is gone, the machine is not: all that was written is still to be read, and to be forced. */
  void survive() {
    dirty.set(0, cache.length / BLOCK + 1);
  }

  void losePower(Chance chance) {
    platter = platter(chance);
    cache = platter.clone();
    dirty.clear();
  }

  /** @param chance which blocks get there; null: all that are dirty */
  private byte[] platter(Chance chance) {
    int length = chance == null || chance.coin()
        ? cache.length
        : Math.min(cache.length, platter.length) + chance.below(Math.abs(cache.length - platter.length) + 1);
    byte[] after = Arrays.copyOf(platter, length);
    for (int at = 0; at < length; at += BLOCK) {
      int end = Math.min(length, at + BLOCK);
      int written = !dirty.get(at / BLOCK) ? at : chance == null || chance.coin() ? end : at + tear(chance, end - at);
      int known = Math.min(end, Math.max(written, platter.length));
      copy(after, at, Math.min(written, cache.length));
      for (int i = Math.max(at, known); i < end; i++) {
        // Never by chance what should be there: what is recovered must not depend on what a cipher made of it.
        after[i] = i < cache.length && cache[i] == 0 ? (byte) 1 : 0;
      }
    }
    return after;
  }

  private static int tear(Chance chance, int length) {
    return chance.coin() ? 0 : chance.below(length);
  }

  private void copy(byte[] after, int from, int to) {
    if (to > from) {
      System.arraycopy(cache, from, after, from, to - from);
    }
  }

  DiskFile copy() {
    DiskFile copy = new DiskFile();
    copy.cache = cache.clone();
    copy.platter = cache.clone();
    return copy;
  }
}
