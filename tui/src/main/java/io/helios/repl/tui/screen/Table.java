package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Standing.Gravity;
import io.helios.repl.tui.model.Layout;
import io.helios.repl.tui.model.Model;
import java.util.Map;

/** A list with a line for each thing, below the titles of its columns: the part of it that is seen, the chosen line, each one's sign. */
final class Table {

  /** Cursor, sign, mark. */
  static final int MARGIN = 3;

  /** A column of a list. */
  interface Column extends ColumnWidths.Ranked {
    /** In the width that it has. */
    String title(int width);

    /** Whether words stand in it; numbers are set to the right. */
    boolean isLeft();
  }

  /** Draws one cell. */
  @FunctionalInterface
  interface Cell<C> {
    void draw(C column, int x, int width);
  }

  /** Draws the line of the thing at that place of the list. */
  @FunctionalInterface
  interface Row {
    void draw(int index, int row, boolean chosen);
  }

  private Table() {}

  static <C extends Column> void titles(Canvas canvas, Layout layout, Map<C, Integer> widths) {
    int x = MARGIN;
    for (Map.Entry<C, Integer> column : widths.entrySet()) {
      int width = column.getValue();
      String title = column.getKey().title(width);
      if (column.getKey().isLeft()) {
        canvas.put(x, layout.titles(), title, width, Style.BOLD);
      } else {
        canvas.right(x + width, layout.titles(), title, Style.BOLD);
      }
      x += width + 1;
    }
  }

  /** Those lines that are seen, and which these are where there are more. */
  static void rows(Canvas canvas, Model model, int size, Row row) {
    Layout layout = model.layout();
    int rows = layout.listed();
    int first = model.firstSeen();
    for (int i = 0; i < rows && first + i < size; i++) {
      row.draw(first + i, layout.first() + i, first + i == model.chosen());
    }
    if (size > rows && layout.rules() && canvas.columns() >= 40) {
      String where = (first + 1) + "-" + Math.min(first + rows, size) + " of " + size;
      // Where the next part begins, so that no line of the list is lost to it.
      canvas.right(canvas.columns() - 1, layout.detailRule(), " " + where + " ", Style.PLAIN);
    }
  }

  static <C> void row(
      Canvas canvas, Map<C, Integer> widths, int row, char sign, Gravity gravity, boolean chosen, Cell<C> cell) {
    if (chosen) {
      canvas.put(0, row, canvas.glyphs().cursor(), Style.BOLD);
    }
    canvas.cell(1, row, sign, Style.of(gravity));
    int x = MARGIN;
    for (Map.Entry<C, Integer> column : widths.entrySet()) {
      cell.draw(column.getKey(), x, column.getValue());
      x += column.getValue() + 1;
    }
  }

  /** The cell that says what the line is about. */
  static void name(Canvas canvas, int column, int row, int width, String name, Gravity gravity, boolean chosen) {
    String text = Text.cutMiddle(Text.clean(name, true), width, canvas.glyphs().ellipsis());
    Style style = gravity == Gravity.BAD ? Style.BAD : Style.PLAIN;
    canvas.put(column, row, text, width, chosen ? style.inBold().inReverse() : style);
  }

  /**
   * What stands in the place of a list that is empty.
   *
   * @param row where
   * @param nothing what there is none of at all
   * @param noneFits what none of fits the filter
   * @param what to type where there is none at all
   */
  static void empty(Canvas canvas, Model model, int row, String nothing, String noneFits, String what) {
    boolean none = model.filter().isNone();
    canvas.put(
        MARGIN, row, none ? nothing : noneFits + " fits the filter \"" + model.filter().text().strip() + "\"", Style.BOLD);
    canvas.put(MARGIN, row + 1, none ? what : "Esc lifts it", Style.PLAIN);
  }
}
