package io.helios.repl.tui.screen;

import com.googlecode.lanterna.SGR;
import com.googlecode.lanterna.TextCharacter;
import com.googlecode.lanterna.TextColor;
import java.util.EnumSet;

/**
 * What this terminal can take. Keeps the cells that were made: making one costs more than all else of a frame. Owned by the
 * drawing thread.
 */
public final class Theme {

  /** Beyond it cells are rare, and made each time. */
  private static final int KEPT = 0x2600;

  private final boolean colours;
  private final boolean unicode;
  private final TextCharacter[][] cells = new TextCharacter[Style.count()][];

  public Theme(boolean colours, boolean unicode) {
    this.colours = colours;
    this.unicode = unicode;
  }

  Glyphs glyphs() {
    return unicode ? Glyphs.UNICODE : Glyphs.ASCII;
  }

  boolean isUnicode() {
    return unicode;
  }

  TextCharacter cell(char c, Style style) {
    if (c >= KEPT) {
      return make(c, style);
    }
    int index = style.index();
    TextCharacter[] kept = cells[index];
    if (kept == null) {
      kept = new TextCharacter[KEPT];
      cells[index] = kept;
    }
    TextCharacter cell = kept[c];
    if (cell == null) {
      cell = make(c, style);
      kept[c] = cell;
    }
    return cell;
  }

  private TextCharacter make(char c, Style style) {
    EnumSet<SGR> modifiers = EnumSet.noneOf(SGR.class);
    if (style.bold()) {
      modifiers.add(SGR.BOLD);
    }
    if (style.reverse()) {
      modifiers.add(SGR.REVERSE);
    }
    return TextCharacter.fromString(Character.toString(c), colour(style.ink()), TextColor.ANSI.DEFAULT, modifiers)[0];
  }

  private TextColor colour(Style.Ink ink) {
    if (!colours) {
      return TextColor.ANSI.DEFAULT;
    }
    return switch (ink) {
      case PLAIN -> TextColor.ANSI.DEFAULT;
      case FAINT -> TextColor.ANSI.BLACK_BRIGHT;
      case RED -> TextColor.ANSI.RED;
      case YELLOW -> TextColor.ANSI.YELLOW;
      case GREEN -> TextColor.ANSI.GREEN;
      case CYAN -> TextColor.ANSI.CYAN;
      case BLUE -> TextColor.ANSI.BLUE_BRIGHT;
    };
  }
}
