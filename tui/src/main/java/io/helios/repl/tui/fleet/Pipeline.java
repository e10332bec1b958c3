package io.helios.repl.tui.fleet;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One tenant's way from the source's WAL to the target, stage by stage.
 *
 * @param lag seconds behind, a second apart, oldest first; not a number where unknown
 * @param releasedLsn up to where the source's slot has been released
 * @param restartLsn where the source would decode from again
 */
public record Pipeline(
    String tenant,
    List<Stage> stages,
    List<Float> lag,
    List<Table> tables,
    @Nullable String releasedLsn,
    @Nullable String restartLsn,
    @Nullable Long retainedWalBytes) {

  public Pipeline {
    stages = List.copyOf(stages);
    lag = List.copyOf(lag);
    tables = List.copyOf(tables);
  }

  /**
   * @param name read, seal, journal, ship or apply
   * @param p50Millis null when nothing went through it lately
   * @param queue what waits before it; null when nothing can
   */
  public record Stage(String name, @Nullable Double p50Millis, @Nullable Double p99Millis, @Nullable Long queue, String state) {}

  /** @param lagSeconds null when unknown */
  public record Table(String name, long rows, double rowsPerSecond, @Nullable Double lagSeconds) {}
}
