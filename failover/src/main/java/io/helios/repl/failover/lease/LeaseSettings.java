package io.helios.repl.failover.lease;

import java.time.Duration;

/**
 * How long a lease is.
 *
 * @param ttl from when the home's clock was read until it closes; also the most that a clock which is set back can add
 * @param margin for what no clock shows: between the last look at the lease and the commit's record on the disk
 */
public record LeaseSettings(Duration ttl, Duration margin) {

  /** No lease is longer. */
  public static final Duration LONGEST = Duration.ofMinutes(10);

  public static final LeaseSettings DEFAULTS = new LeaseSettings(Duration.ofMillis(1500), Duration.ofMillis(500));

  /** It is renewed so often while it lasts. */
  private static final int RENEWALS = 5;

  public LeaseSettings {
    if (ttl.toMillis() < 200 || ttl.compareTo(LONGEST) > 0 || margin.isNegative()) {
      throw new IllegalArgumentException("a lease lasts 200 ms to 10 minutes");
    }
  }

  Duration period() {
    return ttl.dividedBy(RENEWALS);
  }

  /** From the last reading of the home's clock under which a lease was given, until nothing of it can be left. */
  public Duration over() {
    return ttl.multipliedBy(2).plus(margin);
  }
}
