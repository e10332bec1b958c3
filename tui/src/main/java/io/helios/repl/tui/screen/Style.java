package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Event;
import io.helios.repl.tui.fleet.Standing;

/** How a cell is written. Colour only repeats what a sign or a word says. */
record Style(Ink ink, boolean bold, boolean reverse) {

  /** The terminal's own palette, which its user has chosen. */
  enum Ink {
    PLAIN,
    FAINT,
    RED,
    YELLOW,
    GREEN,
    CYAN,
    BLUE
  }

  static final Style PLAIN = new Style(Ink.PLAIN, false, false);
  static final Style BOLD = new Style(Ink.PLAIN, true, false);
  static final Style FAINT = new Style(Ink.FAINT, false, false);
  static final Style BAD = new Style(Ink.RED, true, false);
  static final Style WARNING = new Style(Ink.YELLOW, true, false);
  static final Style BUSY = new Style(Ink.CYAN, false, false);
  static final Style HELD = new Style(Ink.BLUE, false, false);
  static final Style WELL = new Style(Ink.GREEN, false, false);

  static Style of(Standing.Gravity gravity) {
    return switch (gravity) {
      case BAD -> BAD;
      case WARNING -> WARNING;
      case BUSY -> BUSY;
      case HELD -> HELD;
      case WELL -> WELL;
    };
  }

  static Style of(Event.Severity severity) {
    return switch (severity) {
      case INFO -> PLAIN;
      case WARN -> WARNING;
      case ERROR -> BAD;
    };
  }

  Style inBold() {
    return new Style(ink, true, reverse);
  }

  Style inReverse() {
    return new Style(ink, bold, true);
  }

  int index() {
    return ink.ordinal() * 4 + (bold ? 2 : 0) + (reverse ? 1 : 0);
  }

  static int count() {
    return Ink.values().length * 4;
  }
}
