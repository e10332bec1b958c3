package io.helios.repl.failover;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a tenant is to be failed over.
 *
 * @param forced also while its source is alive and healthy
 * @param rejoins whether the old home follows by itself once the account is made; else an operator says so
 * @param drainPatience how long what was captured may take to be applied before the promotion
 * @param askedBy who asked for it: a principal's name, or why the server did by itself
 * @param batch those that were begun together share it; null for one alone
 * @param rank its place in the batch
 * @param parallel how many of the batch may be promoted at once
 */
public record FailoverOptions(
    boolean forced,
    boolean rejoins,
    Duration drainPatience,
    String askedBy,
    @Nullable String batch,
    int rank,
    int parallel) {

  public static final Duration DRAIN_PATIENCE = Duration.ofSeconds(2);
  public static final int PARALLEL = 16;

  /** As they are unless said otherwise. */
  public static FailoverOptions by(String askedBy) {
    return new FailoverOptions(false, true, DRAIN_PATIENCE, askedBy, null, 0, PARALLEL);
  }

  public FailoverOptions withForced(boolean force) {
    return new FailoverOptions(force, rejoins, drainPatience, askedBy, batch, rank, parallel);
  }

  public FailoverOptions withRejoin(boolean byItself) {
    return new FailoverOptions(forced, byItself, drainPatience, askedBy, batch, rank, parallel);
  }

  public FailoverOptions withDrainPatience(Duration patience) {
    return new FailoverOptions(forced, rejoins, patience, askedBy, batch, rank, parallel);
  }

  public FailoverOptions inBatch(@Nullable String name, int place, int atOnce) {
    return new FailoverOptions(forced, rejoins, drainPatience, askedBy, name, place, atOnce);
  }
}
