package io.helios.repl.pipeline;

import java.time.Duration;

/**
 * How much others may feel of copies: what is beyond makes copies go slowly until it is over.
 *
 * @param maxLag how far other tenants of the target, and physical standbys of both servers, may be behind
 * @param maxLatency by how much longer than usual a small query may take at the source or the target
 * @param floorBytesPerSecond what a copy that is throttled still moves: so that it ends, and lets go of its snapshot
 */
public record CopyLimits(Duration maxLag, Duration maxLatency, long floorBytesPerSecond) {

  private static final long FLOOR = 4L << 20;

  public static final CopyLimits DEFAULT = new CopyLimits(Duration.ofSeconds(5), Duration.ofMillis(100));

  public CopyLimits {
    if (maxLag.isNegative() || maxLatency.isNegative() || floorBytesPerSecond < 1) {
      throw new IllegalArgumentException("limits of a copy cannot be negative, nor its floor nothing");
    }
  }

  public CopyLimits(Duration maxLag, Duration maxLatency) {
    this(maxLag, maxLatency, FLOOR);
  }
}
