package io.helios.repl.status;

import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Lsn;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One tenant at one moment. Immutable; made by whoever is asked, from what the owning threads published.
 *
 * @param lagSeconds age of the oldest source commit that the target lacks; 0 when it lacks none; null when unknown
 *     (nothing captured yet, or the source is out of reach)
 * @param lagBytes WAL between the target's position and the source's, as far as captured; null when unknown
 * @param appliedLsn commit LSN of the last transaction on the target
 * @param capturedLsn everything that committed before this is in the journal
 * @param sealedBytes bytes of its frames after sealing, since start
 * @param rawBytes the same before compression
 * @param since when it entered its state
 * @param sourceRegion where its source is; null when the engine does not have the tenant
 * @param targetRegion where its target is; null when the engine does not have the tenant
 * @param objective how well it has kept to its lag target; null when that was never looked at
 */
public record TenantStatus(
    String tenant,
    TenantState state,
    String source,
    String target,
    String tier,
    long epoch,
    @Nullable Double lagSeconds,
    @Nullable Long lagBytes,
    double lagTargetSeconds,
    double rowsPerSecond,
    @Nullable Lsn appliedLsn,
    @Nullable Lsn capturedLsn,
    CopyProgress copy,
    long conflicts,
    long sealedBytes,
    long rawBytes,
    Instant since,
    @Nullable Problem error,
    @Nullable Instant errorAt,
    @Nullable String sourceRegion,
    @Nullable String targetRegion,
    @Nullable LagObjective objective) {

  /** The same in another state, as somebody knows who knows more than its stream. */
  public TenantStatus in(TenantState other) {
    return new TenantStatus(
        tenant, other, source, target, tier, epoch, lagSeconds, lagBytes, lagTargetSeconds, rowsPerSecond, appliedLsn, capturedLsn,
        copy, conflicts, sealedBytes, rawBytes, since, error, errorAt, sourceRegion, targetRegion, objective);
  }

  /**
   * The initial copy, or a resync: tables to do, tables done, rows and bytes moved so far; totals as estimated by the source.
   *
   * @param throttled why it goes slowly just now; null when it does not
   */
  public record CopyProgress(
      int tables, int done, long rows, long bytes, long estimatedRows, long estimatedBytes, @Nullable String throttled) {
    public static final CopyProgress NONE = new CopyProgress(0, 0, 0, 0, 0, 0, null);
  }
}
