package io.helios.repl.capture;

import io.helios.repl.postgres.TableDefinition;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** How a source's changes are found. */
public sealed interface CaptureMode {

  /**
   * Logical decoding of the WAL: needs the right to replicate, misses nothing.
   *
   * @param synchronous whose commits wait for their replicas; null for nobody's
   */
  record Wal(@Nullable Synchronous synchronous) implements CaptureMode {

    /** Nobody's commits wait. */
    public Wal() {
      this(null);
    }
  }

  /** Whose commits wait for their replicas; null for nobody's. */
  default @Nullable Synchronous synchronous() {
    return null;
  }

  /**
   * Polling of a column that grows with each change of a row: needs the right to read.
   *
   * @param column in each table that is polled; tables without it are refused, or refreshed
   * @param interval from the beginning of a poll to that of the next
   * @param softColumn rows are deleted by giving this column a value, never by DELETE; null for none
   * @param reconcile how often both sides' rows are compared, which finds what was deleted; null for never
   * @param fullRefresh how often tables without the column are compared; null when there may be none
   * @param longestTransaction at a standby nobody knows what its primary has begun and not written yet: no transaction there
   *     lasts longer than this from its beginning to its commit
   */
  record Checkpoint(
      String column,
      Duration interval,
      @Nullable String softColumn,
      @Nullable Duration reconcile,
      @Nullable Duration fullRefresh,
      Duration longestTransaction)
      implements CaptureMode {

    /** Built-in types without a B-tree order: xid, cid, json, xml, point, lseg, path, box, polygon, line, circle. */
    private static final Set<Integer> UNORDERED = Set.of(28, 29, 114, 142, 600, 601, 602, 603, 604, 628, 718);

    public static final Duration INTERVAL = Duration.ofSeconds(1);
    public static final Duration LONGEST_TRANSACTION = Duration.ofMinutes(15);

    /** Whether the table is polled; else it is refused, or refreshed. */
    public boolean polls(TableDefinition table) {
      return !table.primaryKey().isEmpty()
          && table.column(column).filter(c -> !UNORDERED.contains(c.typeOid())).isPresent();
    }

    /** With the defaults: deletes are not seen. */
    public Checkpoint(String column) {
      this(column, INTERVAL, null, null, null, LONGEST_TRANSACTION);
    }
  }
}
