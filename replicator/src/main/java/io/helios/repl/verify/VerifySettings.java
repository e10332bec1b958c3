package io.helios.repl.verify;

import java.time.Duration;

/**
 * How a verification is made.
 *
 * @param parallelism sessions on each side
 * @param smallestPartBytes no table is cut into parts smaller than this (bytes on disk)
 * @param holdBudget how long the applier may be held while the source makes a snapshot; a source whose open
 *     transactions make that longer is waited for with the applier running, then tried again
 * @param patience how long to try altogether until both sides' snapshots are taken
 */
public record VerifySettings(int parallelism, long smallestPartBytes, Duration holdBudget, Duration patience) {

  public static final VerifySettings DEFAULT =
      new VerifySettings(2, 64L << 20, Duration.ofSeconds(2), Duration.ofMinutes(5));

  public VerifySettings {
    if (parallelism < 1 || smallestPartBytes < 1) {
      throw new IllegalArgumentException("parallelism and part size must be positive");
    }
  }

  /** The same, waiting no longer than this for both sides' snapshots. */
  public VerifySettings withPatience(Duration longest) {
    return new VerifySettings(parallelism, smallestPartBytes, holdBudget, longest);
  }
}
