package io.helios.repl.server;

import io.helios.repl.error.HeliosException;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;

/** {@code helios_repl_tenants_unverified}: asked of the store once a minute at the most, when somebody reads it. Any thread. */
final class UnverifiedGauge {

  private static final Duration KEPT = Duration.ofMinutes(1);

  private final TenantHealth health;
  private Instant asked = Instant.MIN;
  private double count = Double.NaN;

  UnverifiedGauge(TenantHealth health) {
    this.health = health;
  }

  void register(MeterRegistry registry) {
    Gauge.builder("helios.repl.tenants.unverified", () -> count(Instant.now()))
        .description("tenants that stream and were not verified within a week")
        .register(registry);
  }

  private synchronized double count(Instant now) {
    if (now.isAfter(asked.equals(Instant.MIN) ? asked : asked.plus(KEPT))) {
      asked = now;
      try {
        count = health.unverified(now).size();
      } catch (HeliosException e) {
        count = Double.NaN; // the store does not answer: nobody knows
      }
    }
    return count;
  }
}
