package io.helios.repl.verify;

import java.time.Duration;

/**
 * How a verification is made.
 *
 * @param parallelism sessions on each side
 * @param chunkBytes no statement that adds rows up reads more of a table than about this (bytes on disk), so that pauses
 *     come often enough
 * @param holdBudget how long the applier may be held while the source makes a snapshot; a source whose open
 *     transactions make that longer is waited for with the applier running, then tried again
 * @param patience how long to try until both sides' snapshots are taken
 * @param bytesPerSecond read on each side at the most, all sessions together; 0 for as fast as it goes
 * @param snapshotBudget once snapshots are older, no second table is begun under them; what was begun is ended
 * @param keysKept how many rows of each table that differ are named
 * @param closely whether tables that differ are looked at more closely, row by row, or it is enough to know which they are
 */
public record VerifySettings(
    int parallelism,
    long chunkBytes,
    Duration holdBudget,
    Duration patience,
    long bytesPerSecond,
    Duration snapshotBudget,
    int keysKept,
    boolean closely) {

  public static final int MOST_SESSIONS = 32;

  public static final VerifySettings DEFAULT =
      new VerifySettings(2, 8L << 20, Duration.ofSeconds(2), Duration.ofMinutes(5));

  public VerifySettings {
    if (parallelism < 1 || parallelism > MOST_SESSIONS || chunkBytes < 1 || bytesPerSecond < 0 || keysKept < 0) {
      throw new IllegalArgumentException("settings of a verification out of range");
    }
  }

  /** As fast as so many sessions go, with snapshots of at most ten minutes and a hundred keys a table. */
  public VerifySettings(int parallelism, long chunkBytes, Duration holdBudget, Duration patience) {
    this(parallelism, chunkBytes, holdBudget, patience, 0, Duration.ofMinutes(10), 100, true);
  }

  /** The same, waiting no longer than this for both sides' snapshots. */
  public VerifySettings withPatience(Duration longest) {
    return new VerifySettings(parallelism, chunkBytes, holdBudget, longest, bytesPerSecond, snapshotBudget, keysKept, closely);
  }

  public VerifySettings withParallelism(int sessions) {
    return new VerifySettings(sessions, chunkBytes, holdBudget, patience, bytesPerSecond, snapshotBudget, keysKept, closely);
  }

  public VerifySettings withBytesPerSecond(long most) {
    return new VerifySettings(parallelism, chunkBytes, holdBudget, patience, most, snapshotBudget, keysKept, closely);
  }

  public VerifySettings withSnapshotBudget(Duration longest) {
    return new VerifySettings(parallelism, chunkBytes, holdBudget, patience, bytesPerSecond, longest, keysKept, closely);
  }

  /** The same, telling only which tables differ. */
  public VerifySettings coarsely() {
    return new VerifySettings(
        parallelism, chunkBytes, holdBudget, patience, bytesPerSecond, snapshotBudget, keysKept, false);
  }
}
