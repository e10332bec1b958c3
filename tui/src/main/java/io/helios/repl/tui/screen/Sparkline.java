package io.helios.repl.tui.screen;

/** Lag over time in one line. The lag target fills at most the whole height, so what is well looks flat. Pure. */
final class Sparkline {

  private Sparkline() {}

  static void draw(Canvas canvas, int column, int row, int width, float[] samples, double target, Style over) {
    float[] bars = squeeze(samples, width);
    double top = Math.max(target, max(bars));
    for (int i = 0; i < bars.length; i++) {
      if (!Float.isNaN(bars[i])) {
        canvas.cell(
            column + i,
            row,
            canvas.glyphs().level(top <= 0 ? 0 : bars[i] / top),
            bars[i] > target ? over : Style.WELL);
      }
    }
  }

  /** So many bars, each the largest of its samples: a peak never gets lost. */
  static float[] squeeze(float[] samples, int width) {
    float[] bars = new float[Math.max(0, width)];
    for (int i = 0; i < bars.length; i++) {
      int from = (int) ((long) i * samples.length / bars.length);
      int to = Math.max(from + 1, (int) ((long) (i + 1) * samples.length / bars.length));
      float largest = Float.NaN;
      for (int j = from; j < Math.min(to, samples.length); j++) {
        if (!Float.isNaN(samples[j])) {
          largest = Float.isNaN(largest) ? samples[j] : Math.max(largest, samples[j]);
        }
      }
      bars[i] = largest;
    }
    return bars;
  }

  static boolean isUnknown(float[] values) {
    for (float value : values) {
      if (!Float.isNaN(value)) {
        return false;
      }
    }
    return true;
  }

  static double max(float[] values) {
    double max = 0;
    for (float value : values) {
      if (!Float.isNaN(value)) {
        max = Math.max(max, value);
      }
    }
    return max;
  }
}
