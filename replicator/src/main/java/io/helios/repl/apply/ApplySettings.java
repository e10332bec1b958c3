package io.helios.repl.apply;

import java.time.Duration;

/**
 * How much is applied at once.
 *
 * @param workers how many appliers share the target's tenants; each holds one connection
 * @param tenants how many tenants one target transaction may serve
 * @param changes rows held back before they are written, and after which a transaction is committed
 * @param bytes the same, as bytes of frames before compression
 * @param fetchBytes sealed bytes taken of one tenant before it is another's turn
 * @param commitAfter a target transaction with something in it is not held open longer, but for a source transaction's end
 * @param retryFirst pause after the first transient failure; it doubles with each further one
 * @param retryLast the longest pause
 * @param synchronousCommit whether the target's commit waits for its disk. Off never loses exactly-once: rows and position
 *     are lost together, and the journal is acknowledged what the target may yet forget
 */
public record ApplySettings(
    int workers,
    int tenants,
    int changes,
    int bytes,
    int fetchBytes,
    Duration commitAfter,
    Duration retryFirst,
    Duration retryLast,
    boolean synchronousCommit) {

  public static final ApplySettings DEFAULTS = new ApplySettings(
      4, 128, 10_000, 4 << 20, 1 << 20, Duration.ofMillis(250), Duration.ofMillis(100), Duration.ofSeconds(30), true);

  /** The same with so many appliers. */
  public ApplySettings withWorkers(int number) {
    return new ApplySettings(
        number, tenants, changes, bytes, fetchBytes, commitAfter, retryFirst, retryLast, synchronousCommit);
  }

  public ApplySettings {
    if (workers < 1 || tenants < 1 || changes < 1 || bytes < 1 || fetchBytes < 1) {
      throw new IllegalArgumentException("apply settings must be positive");
    }
  }
}
