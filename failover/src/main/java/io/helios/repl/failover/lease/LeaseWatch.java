package io.helios.repl.failover.lease;

import java.time.Duration;

/**
 * When a hold that is another's may be taken: once it was seen to stand still for as long as nothing of what its holder gave can be
 * left, by the clock of who looks. Pure; one thread.
 */
final class LeaseWatch {

  private long version;
  private long sinceNanos;
  private boolean seen;

  /**
   * The register was read.
   *
   * @param over how long its holder's leases last: see {@link LeaseSettings#over}
   * @param readNanos when the answer had come, so not before the register was what it says
   * @return whether it may be taken, if it is still the same when it is swapped
   */
  boolean mayTake(long versionRead, Duration over, long readNanos) {
    if (!seen || version != versionRead) {
      seen = true;
      version = versionRead;
      sinceNanos = readNanos;
    }
    return readNanos - sinceNanos >= over.toNanos();
  }
}
