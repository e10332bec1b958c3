package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Migration;
import org.jspecify.annotations.Nullable;

/** A pause with its parts, in the order in which they pass: what was predicted, and beside it what came. */
final class PauseTable {

  /** Columns that it takes without what is remarked. */
  static final int WIDTH = 53;

  private static final int LABEL = 13;
  private static final int NUMBER = 8;
  private static final String[] TITLES = {"all", "traffic", "lock", "drain", "switch"};

  private PauseTable() {}

  /** Returns how many lines it took. */
  static int draw(Canvas canvas, int column, int row, int width, int rows, MigrationWords words) {
    Migration move = words.move();
    int y = row;
    int end = row + rows;
    if (y < end) {
      canvas.put(column, y, "pause", Style.BOLD);
      for (int i = 0; i < TITLES.length; i++) {
        canvas.right(column + LABEL + (i + 1) * NUMBER, y, TITLES[i], Style.BOLD);
      }
      canvas.put(column + WIDTH + 2, y++, "allowed " + Figures.millis(move.terms().maxPauseMillis()), width - WIDTH - 2, Style.BOLD);
    }
    Migration.Prediction p = move.predicted();
    if (p == null) {
      if (y < end) {
        canvas.put(column, y++, "predicted", Style.PLAIN);
        canvas.put(column + LABEL + 3, y - 1, "it is rehearsed before it is ready", width - LABEL - 3, Style.FAINT);
      }
    } else if (y + 1 < end) {
      String made = "of " + p.rehearsals() + " rehearsals, " + Figures.since(p.at(), words.now()) + " ago";
      line(canvas, column, y++, width, "predicted p50", made, MigrationColumn.over(p.pause().p50(), move),
          p.pause().p50(), p.traffic().p50(), p.lock().p50(), p.drain().p50());
      line(canvas, column, y++, width, "predicted p99", "", MigrationColumn.over(p.pause().p99(), move),
          p.pause().p99(), p.traffic().p99(), p.lock().p99(), p.drain().p99());
    }
    y = came(canvas, column, y, width, end, "there", move.there(), words);
    y = came(canvas, column, y, width, end, "back", move.back(), words);
    return y - row;
  }

  private static int came(
      Canvas canvas, int column, int row, int width, int end, String label, Migration.@Nullable Pause pause, MigrationWords words) {
    if (pause == null || row >= end) {
      return row;
    }
    String when = "at " + Figures.moment(pause.at(), words.now()) + ", epoch " + pause.epoch();
    if (!pause.exact()) {
      canvas.put(column, row, label, Style.PLAIN);
      canvas.right(column + LABEL + NUMBER, row, MigrationColumn.pause(pause), MigrationColumn.over(pause.millis(), words.move()));
      canvas.put(column + LABEL + NUMBER + 2, row, "at most: not measured, the server stopped", width - LABEL - NUMBER - 2, Style.PLAIN);
      return row + 1;
    }
    line(canvas, column, row, width, label, when, MigrationColumn.over(pause.millis(), words.move()),
        pause.millis(), pause.traffic(), pause.lock(), pause.drain(), pause.switched());
    return row + 1;
  }

  private static void line(
      Canvas canvas, int column, int row, int width, String label, String remark, Style all, double... millis) {
    canvas.put(column, row, label, Style.PLAIN);
    for (int i = 0; i < TITLES.length; i++) {
      canvas.right(
          column + LABEL + (i + 1) * NUMBER,
          row,
          i < millis.length ? Figures.millis(millis[i]) : Figures.NONE,
          i == 0 ? all : Style.PLAIN);
    }
    canvas.put(column + WIDTH + 2, row, remark, width - WIDTH - 2, Style.PLAIN);
  }

  /** In one line, for where there is room for no table. */
  static String oneLine(MigrationWords words) {
    Migration move = words.move();
    Migration.Prediction predicted = move.predicted();
    Migration.Pause came = move.lastPause();
    String allowed = "allowed " + Figures.millis(move.terms().maxPauseMillis());
    String expected = predicted == null ? "" : "predicted " + Figures.millis(predicted.pause().p99()) + ", ";
    if (came != null) {
      String parts =
          came.exact()
              ? "; lock " + Figures.millis(came.lock()) + " drain " + Figures.millis(came.drain()) + " switch "
                  + Figures.millis(came.switched())
              : ", at most: not measured";
      return "pause " + MigrationColumn.pause(came) + ", " + expected + allowed + parts;
    }
    return "pause " + expected + allowed
        + (predicted == null
            ? ", not rehearsed yet"
            : "; lock " + Figures.millis(predicted.lock().p99()) + " drain " + Figures.millis(predicted.drain().p99()));
  }
}
