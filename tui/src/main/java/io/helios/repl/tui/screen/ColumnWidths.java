package io.helios.repl.tui.screen;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Shares the width of a screen among the columns of a table: each that fits gets its least, in the order of their ranks; what is left
 * goes to those that are told to grow. One use, one thread.
 *
 * @param <C> a table's columns, in the order in which they stand
 */
final class ColumnWidths<C extends Enum<C> & ColumnWidths.Ranked> {

  /** What is known of one column. */
  interface Ranked {
    int least();

    /** The lower, the longer it stays. */
    int rank();
  }

  private final Map<C, Integer> widths;
  private int room;

  /**
   * @param always is there however narrow the screen is
   * @param room with the space behind each column, that of the last one too
   */
  ColumnWidths(Class<C> type, C always, int room) {
    this.widths = new EnumMap<>(type);
    this.room = room;
    List<C> byRank = new ArrayList<>(List.of(type.getEnumConstants()));
    byRank.sort(Comparator.comparingInt(Ranked::rank));
    for (C column : byRank) {
      if (column != always && this.room < column.least() + 1) {
        break;
      }
      widths.put(column, column.least());
      this.room -= column.least() + 1;
    }
  }

  /** The column takes what is left, up to this width; does nothing where it is not there. */
  ColumnWidths<C> grow(C column, int most) {
    Integer width = widths.get(column);
    if (width != null && room > 0) {
      int more = Math.max(0, Math.min(room, most - width));
      widths.put(column, width + more);
      room -= more;
    }
    return this;
  }

  /** By column, in their order. */
  Map<C, Integer> widths() {
    return widths;
  }
}
