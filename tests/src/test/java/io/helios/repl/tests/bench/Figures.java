package io.helios.repl.tests.bench;

import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;

/** Small statistics and how numbers are written. */
final class Figures {

  private Figures() {}

  static double median(Collection<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** The smallest value that at least the share {@code p} of all do not exceed. */
  static double percentile(double[] values, double p) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[Math.max(0, (int) Math.ceil(p * sorted.length) - 1)];
  }

  static String seconds(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }

  static String millis(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }

  static String ratio(double value) {
    return String.format(Locale.ROOT, "%.2f ×", value);
  }

  static String thousands(double value) {
    return String.format(Locale.ROOT, "%,.0f", value);
  }
}
