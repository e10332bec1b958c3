package io.helios.repl.tui.screen;

import com.googlecode.lanterna.graphics.TextGraphics;
import java.util.ArrayList;
import java.util.List;

/** Writes text into cells, never beyond an edge. Owned by the drawing thread, for one frame. */
final class Canvas {

  private final TextGraphics graphics;
  private final Theme theme;
  private final int columns;
  private final int rows;

  Canvas(TextGraphics graphics, Theme theme) {
    this.graphics = graphics;
    this.theme = theme;
    this.columns = graphics.getSize().getColumns();
    this.rows = graphics.getSize().getRows();
  }

  int columns() {
    return columns;
  }

  int rows() {
    return rows;
  }

  Glyphs glyphs() {
    return theme.glyphs();
  }

  /** Blanks all. */
  void wipe() {
    fill(0, 0, columns, rows, ' ', Style.PLAIN);
  }

  void fill(int column, int row, int width, int height, char c, Style style) {
    for (int y = Math.max(0, row); y < Math.min(rows, row + height); y++) {
      for (int x = Math.max(0, column); x < Math.min(columns, column + width); x++) {
        graphics.setCharacter(x, y, theme.cell(c, style));
      }
    }
  }

  /** Returns the column after the text. */
  int put(int column, int row, String text, Style style) {
    return put(column, row, text, columns - column, style);
  }

  /** In no more than {@code width} columns; longer text is cut with a sign. */
  int put(int column, int row, String text, int width, Style style) {
    if (row < 0 || row >= rows) {
      return column;
    }
    int room = Math.min(width, columns - column);
    String shown = Text.cut(Text.clean(text, theme.isUnicode()), room, glyphs().ellipsis());
    int x = column;
    for (int i = 0; i < shown.length(); i++) {
      char c = shown.charAt(i);
      int wide = Text.width(c);
      if (x >= 0 && x + wide <= columns) {
        if (wide == 2) {
          graphics.setCharacter(x + 1, row, theme.cell(' ', style));
        }
        graphics.setCharacter(x, row, theme.cell(c, style));
      }
      x += wide;
    }
    return x;
  }

  void cell(int column, int row, char c, Style style) {
    if (column >= 0 && column < columns && row >= 0 && row < rows) {
      graphics.setCharacter(column, row, theme.cell(c, style));
    }
  }

  /** How much of something is done. */
  void progress(int column, int row, int width, double share) {
    int full = (int) Math.round(share * width);
    fill(column, row, full, 1, glyphs().full(), Style.BUSY);
    fill(column + full, row, width - full, 1, glyphs().target(), Style.FAINT);
  }

  /** Ends before {@code end}. */
  void right(int end, int row, String text, Style style) {
    String clean = Text.clean(text, theme.isUnicode());
    put(Math.max(0, end - Text.width(clean)), row, clean, style);
  }

  int width(String text) {
    return Text.width(Text.clean(text, theme.isUnicode()));
  }

  /** A line across the screen. */
  void rule(int row) {
    fill(0, row, columns, 1, glyphs().rule(), Style.FAINT);
  }

  /** A line across the screen with a title in it. */
  void rule(int row, String title) {
    rule(row);
    put(1, row, " " + title + " ", columns - 2, Style.BOLD);
  }

  /** The text in lines of at most so many columns, broken at spaces where there are some. */
  List<String> wrap(String text, int columns) {
    int width = Math.max(1, columns);
    List<String> lines = new ArrayList<>();
    for (String paragraph : text.split("\n", -1)) {
      StringBuilder line = new StringBuilder();
      for (String word : Text.clean(paragraph, theme.isUnicode()).split(" ", -1)) {
        String rest = word;
        if (!line.isEmpty() && Text.width(line.toString()) + 1 + Text.width(rest) > width) {
          lines.add(line.toString());
          line.setLength(0);
        }
        while (Text.width(rest) > width) {
          int end = 1;
          while (end < rest.length() && Text.width(rest.substring(0, end + 1)) <= width) {
            end++;
          }
          lines.add(rest.substring(0, end));
          rest = rest.substring(end);
        }
        line.append(line.isEmpty() ? "" : " ").append(rest);
      }
      lines.add(line.toString());
    }
    return lines;
  }
}
