package io.helios.repl.tui.fleet;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One tenant as the server told of it.
 *
 * @param state as the server names it; one that this version does not know is shown as it is
 * @param sourceRegion null when the server does not tell; so is the target's
 * @param lagSeconds null when unknown
 * @param lagBytes null when unknown
 * @param since when it entered its state
 * @param error null when nothing is wrong
 * @param objective null when the server keeps none
 */
public record Tenant(
    String name,
    String state,
    String source,
    String target,
    @Nullable String sourceRegion,
    @Nullable String targetRegion,
    String tier,
    long epoch,
    @Nullable Double lagSeconds,
    @Nullable Long lagBytes,
    double lagTargetSeconds,
    double rowsPerSecond,
    @Nullable String appliedLsn,
    @Nullable String capturedLsn,
    Copy copy,
    long conflicts,
    long sealedBytes,
    long rawBytes,
    @Nullable Instant since,
    @Nullable Fault error,
    @Nullable Objective objective) {

  /** The initial copy, or a resync: tables to do, tables done, rows and bytes moved so far. */
  public record Copy(int tables, int done, long rows, long bytes) {
    public static final Copy NONE = new Copy(0, 0, 0, 0);
  }

  /** Whether its lag is known and within its target. */
  public boolean isWithinTarget() {
    return lagSeconds != null && lagSeconds <= lagTargetSeconds;
  }

  /** Raw bytes a sealed byte stands for; 0 when nothing was sealed yet. */
  public double compression() {
    return sealedBytes == 0 ? 0 : (double) rawBytes / sealedBytes;
  }
}
