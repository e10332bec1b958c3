package io.helios.repl.status;

import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Lsn;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One tenant's way from source to target, in detail, at one moment.
 *
 * @param stages in the order in which a change passes them
 * @param lag of about the last two minutes, oldest first
 * @param tables those that had changes since the server's start, the busiest first
 * @param releasedLsn what the source's slot was told; null where there is none
 * @param restartLsn from where the source keeps WAL for the slot; null when it was not seen
 * @param retainedWalBytes WAL that the slot holds back; null when it was not seen
 * @param error what stands in the tenant's status
 */
public record PipelineDetail(
    String tenant,
    List<Stage> stages,
    List<LagPoint> lag,
    List<TableFlow> tables,
    @Nullable Lsn releasedLsn,
    @Nullable Lsn restartLsn,
    @Nullable Long retainedWalBytes,
    @Nullable Problem error,
    @Nullable Instant errorAt) {

  public PipelineDetail {
    stages = List.copyOf(stages);
    lag = List.copyOf(lag);
    tables = List.copyOf(tables);
  }

  /**
   * One step of the way. Times are the source's or target's as a whole, over the last one to two minutes.
   *
   * @param name {@code read}, {@code seal}, {@code journal}, {@code ship} or {@code apply}
   * @param p50Millis null while nothing passed
   * @param p99Millis null while nothing passed
   * @param queue what waits before it, in the stage's own unit; null where nothing is counted
   * @param state a word or two for an operator
   */
  public record Stage(
      String name, @Nullable Double p50Millis, @Nullable Double p99Millis, @Nullable Long queue, String state) {}

  /** Lag at a moment. */
  public record LagPoint(Instant at, double seconds) {}

  /**
   * One table of the tenant.
   *
   * @param rows applied since the server's start
   * @param lagSeconds the tenant's: transactions are applied whole and in order, so no table is ahead of another
   */
  public record TableFlow(String table, long rows, double rowsPerSecond, @Nullable Double lagSeconds) {}
}
