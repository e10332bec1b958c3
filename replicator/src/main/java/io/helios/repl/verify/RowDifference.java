package io.helios.repl.verify;

import io.helios.repl.error.OperatorException;
import io.helios.repl.postgres.BlockRange;
import io.helios.repl.postgres.ConnectionScope;
import io.helios.repl.postgres.ParallelWork;
import io.helios.repl.postgres.RowPlaces;
import io.helios.repl.postgres.TableName;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongUnaryOperator;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the rows of a table that only one side has. A row is its content: an altered row is one row that the target lacks
 * and one that it has too many, a row that is there twice counts twice, and a table needs no key.
 *
 * <p>Each side adds its rows up in buckets of their hash, in one scan; of buckets that differ the rows' hashes and places
 * are laid side by side. With about as many buckets as the root of the rows, both steps move about the same when some rows
 * differ, and both together little.
 */
final class RowDifference {

  private static final Logger LOG = LoggerFactory.getLogger(RowDifference.class);
  private static final int MOST_BUCKETS = 1 << 16;
  private static final int BUCKETS_PER_ROOT = 8;

  /**
   * @param missing rows that the target lacks, by their places at the source
   * @param surplus rows that only the target has, by their places there
   * @param complete whether these are all; else there are more than the caller has a use for
   */
  record Found(long sourceRows, long targetRows, RowPlaces missing, RowPlaces surplus, boolean complete) {}

  private final ConnectionScope scope;
  private final RowSums source;
  private final RowSums target;
  private final List<Connection> atSource;
  private final List<Connection> atTarget;
  private final LongAdder bytes;

  /**
   * @param rows about how many there are
   * @param atSource sessions under the source's snapshot, one at least; the same for the target
   * @param bytes is told what is moved
   */
  RowDifference(
      ConnectionScope scope,
      Side source,
      Side target,
      TableName table,
      RowHash hash,
      long rows,
      List<Connection> atSource,
      List<Connection> atTarget,
      LongAdder bytes) {
    int buckets = buckets(rows);
    this.scope = scope;
    this.source = new RowSums(source, table, hash, buckets);
    this.target = new RowSums(target, table, hash, buckets);
    this.atSource = atSource;
    this.atTarget = atTarget;
    this.bytes = bytes;
  }

  /** The power of two nearest to eight times the root. */
  static int buckets(long rows) {
    double wanted = BUCKETS_PER_ROOT * Math.sqrt(rows);
    return rows <= BUCKETS_PER_ROOT * BUCKETS_PER_ROOT
        ? 1
        : (int) Math.min(MOST_BUCKETS, Math.scalb(1.0, (int) Math.round(Math.log(wanted) / Math.log(2))));
  }

  /**
   * Compares.
   *
   * @param most how many rows may differ, of that many altogether, for the search to go to its end
   * @return empty when a server refuses to compare the rows, because a value is too large to be hashed say: the sessions
   *     are of no use then
   */
  Optional<Found> find(LongUnaryOperator most) {
    Map<Integer, Digest> here = new ConcurrentHashMap<>();
    Map<Integer, Digest> there = new ConcurrentHashMap<>();
    List<Supplier<Boolean>> adding = new ArrayList<>(adding(source, atSource, here));
    adding.addAll(adding(target, atTarget, there));
    if (ParallelWork.run(scope, "difference-sums", adding).contains(false)) {
      return Optional.empty();
    }
    long sourceRows = here.values().stream().mapToLong(Digest::rows).sum();
    long targetRows = there.values().stream().mapToLong(Digest::rows).sum();
    long limit = most.applyAsLong(Math.max(sourceRows, targetRows));
    List<Integer> differing = differing(here, there);
    RowPlaces missing = new RowPlaces();
    RowPlaces surplus = new RowPlaces();
    boolean complete = Math.abs(sourceRows - targetRows) <= limit
        && (differing.isEmpty() || merge(differing, missing, surplus, limit));
    return Optional.of(new Found(sourceRows, targetRows, missing, surplus, complete));
  }

  private List<Supplier<Boolean>> adding(RowSums side, List<Connection> sessions, Map<Integer, Digest> digests) {
    Queue<BlockRange> ranges = new ConcurrentLinkedQueue<>(side.ranges(sessions.size()));
    return sessions.stream()
        .limit(ranges.size())
        .<Supplier<Boolean>>map(session -> () -> {
          try {
            for (BlockRange range = ranges.poll(); range != null; range = ranges.poll()) {
              scope.check();
              side.sums(session, range, bytes).forEach((bucket, digest) -> digests.merge(bucket, digest, Digest::plus));
            }
            return true;
          } catch (OperatorException e) {
            LOG.warn("table {} cannot be compared: {}", side.table(), e.problem().why(), e);
            return false;
          }
        })
        .toList();
  }

  private static List<Integer> differing(Map<Integer, Digest> here, Map<Integer, Digest> there) {
    Set<Integer> all = new HashSet<>(here.keySet());
    all.addAll(there.keySet());
    return all.stream()
        .filter(bucket ->
            !here.getOrDefault(bucket, Digest.EMPTY).equals(there.getOrDefault(bucket, Digest.EMPTY)))
        .toList();
  }

  /** False when more rows differ than the limit. */
  private boolean merge(List<Integer> differing, RowPlaces missing, RowPlaces surplus, long limit) {
    List<PlacedRows> sides = ParallelWork.run(
        scope,
        "difference-rows",
        List.<Supplier<PlacedRows>>of(
            () -> source.rows(atSource.getFirst(), differing, bytes),
            () -> target.rows(atTarget.getFirst(), differing, bytes)));
    try (PlacedRows left = sides.get(0);
        PlacedRows right = sides.get(1)) {
      boolean here = left.next();
      boolean there = right.next();
      while (here || there) {
        int order = left.compareTo(right);
        if (order < 0) {
          left.addTo(missing);
        } else if (order > 0) {
          right.addTo(surplus);
        }
        if (missing.size() > limit || surplus.size() > limit) {
          return false;
        }
        here = order <= 0 ? left.next() : here;
        there = order >= 0 ? right.next() : there;
      }
      return true;
    }
  }
}
