package io.helios.repl.tui.screen;

import com.googlecode.lanterna.TerminalTextUtils;
import java.text.Normalizer;

/**
 * Text from elsewhere made fit for cells: composed, without control and combining characters, in characters of the basic
 * plane whose width is known. Pure.
 */
final class Text {

  private Text() {}

  static String clean(String text, boolean unicode) {
    boolean simple = true;
    for (int i = 0; i < text.length() && simple; i++) {
      simple = text.charAt(i) >= ' ' && text.charAt(i) < 127;
    }
    if (simple) {
      return text;
    }
    String composed = Normalizer.normalize(text, Normalizer.Form.NFC);
    StringBuilder clean = new StringBuilder(composed.length());
    for (int i = 0; i < composed.length(); ) {
      int point = composed.codePointAt(i);
      i += Character.charCount(point);
      switch (Character.getType(point)) {
        case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.FORMAT -> {}
        case Character.CONTROL, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> clean.append(' ');
        case Character.SURROGATE, Character.UNASSIGNED, Character.PRIVATE_USE -> clean.append('?');
        default -> clean.append(point > 0xffff || (!unicode && point > 126) ? plain(point) : (char) point);
      }
    }
    return clean.toString();
  }

  /** The nearest that ASCII has to the signs that our own messages use. */
  private static char plain(int point) {
    return switch (point) {
      case '…' -> '.';
      case '→' -> '>';
      case '←', '≤' -> '<';
      case '–', '—', '·' -> '-';
      case '‘', '’' -> '\'';
      case '“', '”' -> '"';
      case '\u00a0' -> ' ';
      default -> '?';
    };
  }

  /** Columns that a clean text takes. */
  static int width(String clean) {
    int width = 0;
    for (int i = 0; i < clean.length(); i++) {
      width += width(clean.charAt(i));
    }
    return width;
  }

  static int width(char c) {
    return c < 0x1100 || !TerminalTextUtils.isCharDoubleWidth(c) ? 1 : 2;
  }

  /** Cut to so many columns, with a sign that it was. */
  static String cut(String clean, int columns, String ellipsis) {
    if (columns <= 0) {
      return "";
    }
    if (clean.length() * 2 <= columns || width(clean) <= columns) {
      return clean;
    }
    int width = 0;
    int end = 0;
    while (end < clean.length() && width + width(clean.charAt(end)) <= columns - 1) {
      width += width(clean.charAt(end));
      end++;
    }
    return clean.substring(0, end) + ellipsis;
  }

  /** The end of a name that does not fit says more than its beginning, so the middle goes. */
  static String cutMiddle(String clean, int columns, String ellipsis) {
    if (width(clean) <= columns || columns < 6) {
      return cut(clean, columns, ellipsis);
    }
    int tail = (columns - 1) / 2;
    int width = 0;
    int begin = clean.length();
    while (begin > 0 && width + width(clean.charAt(begin - 1)) <= tail) {
      begin--;
      width += width(clean.charAt(begin));
    }
    String head = cut(clean, columns - width, ellipsis);
    return head + clean.substring(begin);
  }
}
