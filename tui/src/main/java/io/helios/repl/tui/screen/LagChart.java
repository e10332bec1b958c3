package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.LagHistory;

/** Lag over two minutes with a line where the target is. Pure. */
final class LagChart {

  private static final int LABELS = 10;

  private LagChart() {}

  /** Takes {@code height} lines, the last one for the time. */
  static void draw(Canvas canvas, int column, int row, int width, int height, float[] samples, double target) {
    int bars = width - LABELS;
    int lines = height - 1;
    if (bars < 10 || lines < 2) {
      return;
    }
    float[] values = Sparkline.squeeze(samples, bars);
    if (values.length > 0 && Sparkline.isUnknown(values)) {
      canvas.put(column + LABELS, row + lines / 2, "lag unknown", Style.PLAIN);
      return;
    }
    double top = round(Math.max(target, Sparkline.max(values)) * 1.05);
    int targetLine = (int) Math.min(lines - 1, Math.floor(target / top * lines));
    for (int line = 0; line < lines; line++) {
      int y = row + lines - 1 - line;
      boolean isTarget = line == targetLine;
      String label = line == lines - 1 && !isTarget ? Figures.target(top) : line == 0 && !isTarget ? "0" : "";
      canvas.right(column + LABELS - 1, y, isTarget ? "SLO " + Figures.target(target) : label, isTarget ? Style.BOLD : Style.PLAIN);
      canvas.put(column + LABELS - 1, y, canvas.glyphs().tee(), Style.FAINT);
      for (int i = 0; i < values.length; i++) {
        bar(canvas, column + LABELS + i, y, values[i], line * top / lines, top / lines, isTarget, target);
      }
    }
    int axis = row + lines;
    canvas.put(column + LABELS, axis, "-" + LagHistory.SECONDS + "s", Style.PLAIN);
    canvas.put(column + LABELS + bars / 2 - 2, axis, "-" + LagHistory.SECONDS / 2 + "s", Style.PLAIN);
    canvas.right(column + LABELS + bars, axis, "now", Style.PLAIN);
  }

  private static void bar(
      Canvas canvas, int column, int row, float value, double floor, double step, boolean isTarget, double target) {
    boolean known = !Float.isNaN(value);
    double share = known ? (value - floor) / step : 0;
    if (known && (share > 0 || (floor == 0 && !isTarget))) {
      canvas.cell(column, row, canvas.glyphs().level(share), value > target ? Style.WARNING : Style.WELL);
    } else if (isTarget) {
      canvas.cell(column, row, canvas.glyphs().target(), Style.FAINT);
    }
  }

  /** Up to the next 1, 1.5, 2, 3, 5 or 7 of its power of ten. */
  static double round(double value) {
    if (value <= 0) {
      return 1;
    }
    double power = Math.pow(10, Math.floor(Math.log10(value)));
    for (double step : new double[] {1, 1.5, 2, 3, 5, 7}) {
      if (step * power >= value * (1 - 1e-9)) {
        return step * power;
      }
    }
    return 10 * power;
  }
}
