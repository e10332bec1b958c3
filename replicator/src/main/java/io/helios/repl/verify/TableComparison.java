package io.helios.repl.verify;

import io.helios.repl.postgres.ConnectionScope;
import io.helios.repl.postgres.ParallelWork;
import io.helios.repl.postgres.TableName;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Counts the keys of one table in which the sides differ, once their digests do: by buckets of keys first, so that only
 * rows of buckets that differ are looked at one by one; those as sorted hashes side by side, in constant memory.
 */
final class TableComparison {

  private static final int ROWS_PER_BUCKET = 256;
  private static final int MOST_BUCKETS = 1 << 16;

  private final ConnectionScope scope;
  private final Side source;
  private final Side target;
  private final TableName table;
  private final RowHash hash;

  TableComparison(ConnectionScope scope, Side source, Side target, TableName table, RowHash hash) {
    this.scope = scope;
    this.source = source;
    this.target = target;
    this.table = table;
    this.hash = hash;
  }

  /** Altered, missing and extra keys together. For a table without a key: missing and extra rows. */
  long differing(long rows) {
    return compare(rows, 0).count();
  }

  /**
   * Tells the differences apart.
   *
   * @param rows about how many the larger side has
   * @param keysKept of so many differing rows the keys' hashes are kept
   */
  Differences compare(long rows, int keysKept) {
    int buckets = Math.clamp(Long.highestOneBit(Math.max(1, rows / ROWS_PER_BUCKET)), 1, MOST_BUCKETS);
    Connection atSource = source.open();
    Connection atTarget = target.open();
    try {
      List<Integer> wanted = differingBuckets(atSource, atTarget, buckets);
      List<HashedRows> sides = ParallelWork.run(
          scope,
          "verify-rows",
          List.<Supplier<HashedRows>>of(
              () -> source.rows(atSource, table, hash, buckets, wanted),
              () -> target.rows(atTarget, table, hash, buckets, wanted)));
      try (HashedRows left = sides.get(0);
          HashedRows right = sides.get(1)) {
        return merge(left, right, keysKept);
      }
    } finally {
      scope.close(atSource);
      scope.close(atTarget);
    }
  }

  private List<Integer> differingBuckets(Connection atSource, Connection atTarget, int buckets) {
    List<Map<Integer, Digest>> sides = ParallelWork.run(
        scope,
        "verify-buckets",
        List.<Supplier<Map<Integer, Digest>>>of(
            () -> source.buckets(atSource, table, hash, buckets),
            () -> target.buckets(atTarget, table, hash, buckets)));
    Set<Integer> all = new HashSet<>(sides.get(0).keySet());
    all.addAll(sides.get(1).keySet());
    List<Integer> differing = new ArrayList<>();
    for (int bucket : all) {
      if (!sides.get(0).getOrDefault(bucket, Digest.EMPTY).equals(sides.get(1).getOrDefault(bucket, Digest.EMPTY))) {
        differing.add(bucket);
      }
    }
    return differing;
  }

  private static Differences merge(HashedRows left, HashedRows right, int keysKept) {
    Differences differences = new Differences(keysKept);
    while (true) {
      Side.HashedRow l = left.peek();
      Side.HashedRow r = right.peek();
      if (l == null && r == null) {
        return differences;
      }
      int order = l == null ? 1 : r == null ? -1 : l.compareKey(r);
      List<Side.HashedRow> here = order <= 0 ? left.nextKey() : List.of();
      List<Side.HashedRow> there = order >= 0 ? right.nextKey() : List.of();
      differences.add(here, there);
    }
  }
}
