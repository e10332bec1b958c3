package io.helios.repl.tests.apply;

import io.helios.repl.apply.ApplySettings;
import java.time.Duration;

/** Settings that make a test short. */
public final class Settings {

  private Settings() {}

  /** Retries soon. */
  public static ApplySettings impatient() {
    return batches(10_000);
  }

  /** Target transactions of so many changes. */
  public static ApplySettings batches(int changes) {
    ApplySettings d = ApplySettings.DEFAULTS;
    return new ApplySettings(
        1, d.tenants(), changes, d.bytes(), d.fetchBytes(), d.commitAfter(), Duration.ofMillis(5), Duration.ofMillis(20),
        true);
  }
}
