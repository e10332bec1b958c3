package io.helios.repl.apply;

import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Lsn;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How far a tenant is applied. Counters grow from the applier's start; rates are for who reads them twice.
 *
 * @param position commit LSN of the last transaction at the target; {@link Lsn#INVALID} before it is known
 * @param caughtUpTo everything captured before this is at the target: at a moment when nothing was waiting
 * @param lastCommitMicros source commit time of the transaction at {@code position}, microseconds since 2000-01-01 UTC; 0
 *     when none was applied since start
 * @param conflictCounts conflicts that were settled and logged
 * @param tables rows by table ({@code schema.table})
 * @param failures failed attempts in a row; 0 when the last one went well
 * @param stopped whether applying has ended with {@code error} and waits for somebody; else it is tried again
 * @param error the last error, as long as no attempt went well after it
 */
public record AppliedStatus(
    Lsn position,
    Lsn caughtUpTo,
    long lastCommitMicros,
    long transactions,
    long rows,
    Map<Conflict, Long> conflictCounts,
    Map<String, Rows> tables,
    int failures,
    boolean stopped,
    @Nullable Problem error) {

  public AppliedStatus {
    conflictCounts = Map.copyOf(conflictCounts);
    tables = Map.copyOf(tables);
  }

  /** Conflicts of all tables and kinds. */
  public long conflicts() {
    return conflictCounts.values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * Where conflicts were met.
   *
   * @param table {@code schema.table}
   * @param kind as {@code helios.conflict} names it, for example {@code insert_exists}
   */
  public record Conflict(String table, String kind) {}

  /** Changes of one table by what they were at the source. */
  public record Rows(long inserts, long updates, long deletes, long truncates) {

    public static final Rows NONE = new Rows(0, 0, 0, 0);

    /** Rows written or removed one by one. */
    public long total() {
      return inserts + updates + deletes;
    }

    Rows plus(Rows other) {
      return new Rows(
          inserts + other.inserts, updates + other.updates, deletes + other.deletes, truncates + other.truncates);
    }
  }

  /** Before anything is known. */
  public static final AppliedStatus NONE =
      new AppliedStatus(Lsn.INVALID, Lsn.INVALID, 0, 0, 0, Map.of(), Map.of(), 0, false, null);
}
