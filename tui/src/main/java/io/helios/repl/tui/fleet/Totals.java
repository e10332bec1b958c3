package io.helios.repl.tui.fleet;

import org.jspecify.annotations.Nullable;

/**
 * The fleet in sums, as the server reckons them.
 *
 * @param lag null when no tenant's is known
 * @param rawBytesPerSecond before compression and sealing
 */
public record Totals(
    int tenants, @Nullable Lag lag, double rowsPerSecond, double rawBytesPerSecond, double sealedBytesPerSecond) {

  /** Seconds, over all tenants whose lag is known. */
  public record Lag(double p50, double p95, double p99, double max) {}
}
