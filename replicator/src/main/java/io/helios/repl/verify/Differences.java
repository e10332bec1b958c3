package io.helios.repl.verify;

import java.util.ArrayList;
import java.util.List;

/** The differences of one table, counted key by key, and the first of them by the hashes of their keys. One thread's only. */
final class Differences {

  private final int keysKept;
  private final List<String> keys = new ArrayList<>();
  private long altered;
  private long missing;
  private long extra;

  Differences(int keysKept) {
    this.keysKept = keysKept;
  }

  /** All rows of both sides with one key, each side's sorted; one of them may have none. */
  void add(List<Side.HashedRow> source, List<Side.HashedRow> target) {
    int s = 0;
    int t = 0;
    int equal = 0;
    while (s < source.size() && t < target.size()) {
      int order = source.get(s).compareRow(target.get(t));
      equal += order == 0 ? 1 : 0;
      s += order <= 0 ? 1 : 0;
      t += order >= 0 ? 1 : 0;
    }
    long here = source.size() - equal;
    long there = target.size() - equal;
    long both = Math.min(here, there);
    altered += both;
    missing += here - both;
    extra += there - both;
    if (here + there > 0 && keys.size() < keysKept) {
      Side.HashedRow any = source.isEmpty() ? target.getFirst() : source.getFirst();
      keys.add(new Digest(0, any.keyHigh(), any.keyLow()).hex());
    }
  }

  long count() {
    return altered + missing + extra;
  }

  long altered() {
    return altered;
  }

  long missing() {
    return missing;
  }

  long extra() {
    return extra;
  }

  /** 32 hexadecimal digits each. */
  List<String> keys() {
    return List.copyOf(keys);
  }
}
