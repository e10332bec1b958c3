package io.helios.repl.tui.model;

/**
 * Where things stand on a screen of this size. Pure. From the top: the header, a rule, titles, the list; from the bottom: the
 * keys, a rule, the newest events, and what is known of the chosen tenant. What does not fit is left out, the list last.
 *
 * @param header lines of the header
 * @param rules whether there is room for lines between the parts
 * @param detail lines about the chosen line, rule not counted; 0 when there is no room
 * @param events lines of events
 */
public record Layout(int columns, int rows, boolean wide, int header, boolean rules, int detail, int events) {

  public static Layout of(int columns, int rows) {
    boolean wide = columns >= 100 && rows >= 32;
    if (wide) {
      int events = rows >= 50 ? 6 : 3;
      int detail = rows >= 50 ? 11 : 8;
      return new Layout(columns, rows, true, 3, true, detail, events);
    }
    return new Layout(
        columns, rows, false, rows >= 14 ? 3 : rows >= 9 ? 2 : 1, rows >= 16, rows >= 18 ? 2 : 0, rows >= 20 ? 1 : 0);
  }

  /** The same with more room for the chosen line, and less for the list. */
  Layout withStory() {
    int more = detail == 0 ? 0 : wide ? Math.max(detail, (rows - 16) / 2 + 1) : Math.max(detail, (rows - 12) / 2);
    return new Layout(columns, rows, wide, header, rules, more, events);
  }

  /** The line of the lists' titles. */
  public int titles() {
    return header + (rules ? 1 : 0);
  }

  /** The first line of a list. */
  public int first() {
    return titles() + 1;
  }

  /** How many lines a list with the parts below it has. */
  public int listed() {
    int below = 1 + (rules ? 1 : 0) + (events > 0 ? events + 1 : 0) + (detail > 0 ? detail + 1 : 0);
    return Math.max(1, rows - first() - below);
  }

  /** The rule above the detail. */
  public int detailRule() {
    return first() + listed();
  }

  /** The rule above the events. */
  public int eventsRule() {
    return detailRule() + (detail > 0 ? detail + 1 : 0);
  }

  /** The rule above the keys; notices are shown there too. */
  public int keysRule() {
    return rows - 2;
  }

  public int keys() {
    return rows - 1;
  }

  /** How many lines a list has that is alone on its screen. */
  public int whole() {
    return Math.max(1, rows - first() - (rules ? 2 : 1));
  }
}
