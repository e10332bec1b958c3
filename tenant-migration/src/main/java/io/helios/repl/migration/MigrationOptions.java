package io.helios.repl.migration;

import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a tenant is to be moved.
 *
 * @param maxPause how long its writers may be kept waiting; beyond it the cutover is undone
 * @param retries how often a cutover that was undone is tried again
 * @param backoff how long after
 * @param proofAge how old the verification may be that a cutover relies on
 * @param forced gates that are not heeded
 * @param cutOver whether it is cut over by itself as soon as it is ready
 * @param window when it may begin and be cut over by itself; null for always
 * @param batch those that were started together share it; null for one alone
 * @param rank its place in the batch
 * @param parallel how many of the batch may be copied at once
 */
public record MigrationOptions(
    Duration maxPause,
    int retries,
    Duration backoff,
    Duration proofAge,
    Set<CutoverGate> forced,
    boolean cutOver,
    @Nullable TimeWindow window,
    @Nullable String batch,
    int rank,
    int parallel) {

  public static final MigrationOptions DEFAULT =
      new MigrationOptions(
          Duration.ofMillis(100), 0, Duration.ofSeconds(30), Duration.ofHours(1), Set.of(), false, null, null, 0,
          Integer.MAX_VALUE);

  public MigrationOptions {
    forced = Set.copyOf(forced);
  }

  public MigrationOptions withMaxPause(Duration pause) {
    return new MigrationOptions(pause, retries, backoff, proofAge, forced, cutOver, window, batch, rank, parallel);
  }

  public MigrationOptions withRetries(int times, Duration after) {
    return new MigrationOptions(maxPause, times, after, proofAge, forced, cutOver, window, batch, rank, parallel);
  }

  public MigrationOptions withProofAge(Duration age) {
    return new MigrationOptions(maxPause, retries, backoff, age, forced, cutOver, window, batch, rank, parallel);
  }

  public MigrationOptions withForced(Set<CutoverGate> gates) {
    return new MigrationOptions(maxPause, retries, backoff, proofAge, gates, cutOver, window, batch, rank, parallel);
  }

  public MigrationOptions withCutOver(boolean byItself, @Nullable TimeWindow in) {
    return new MigrationOptions(maxPause, retries, backoff, proofAge, forced, byItself, in, batch, rank, parallel);
  }

  public MigrationOptions inBatch(String name, int place, int atOnce) {
    return new MigrationOptions(maxPause, retries, backoff, proofAge, forced, cutOver, window, name, place, atOnce);
  }
}
