package io.helios.repl.demo;

import io.helios.repl.status.TenantStatus;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** How far behind tenants were, each time somebody looked. Owned by one thread. */
final class LagSamples {

  private final List<Double> seconds = new ArrayList<>();

  void add(List<TenantStatus> statuses) {
    for (TenantStatus status : statuses) {
      Double lag = status.lagSeconds();
      if (lag != null) {
        seconds.add(lag);
      }
    }
  }

  /** The smallest lag that the share {@code p} of the samples do not exceed; 0 without samples. */
  double percentile(double p) {
    if (seconds.isEmpty()) {
      return 0;
    }
    List<Double> sorted = new ArrayList<>(seconds);
    Collections.sort(sorted);
    return sorted.get(Math.max(0, (int) Math.ceil(p * sorted.size()) - 1));
  }

  String text() {
    return seconds.isEmpty()
        ? "unknown"
        : String.format(
            Locale.ROOT, "p50 %s, p99 %s, worst %s", text(percentile(0.5)), text(percentile(0.99)), text(percentile(1)));
  }

  /** For people: {@code 8 ms}, {@code 1.4 s}. */
  static String text(double seconds) {
    return seconds < 1
        ? String.format(Locale.ROOT, "%.0f ms", seconds * 1000)
        : String.format(Locale.ROOT, "%.1f s", seconds);
  }
}
