package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Fault;
import java.util.List;

/** What is wrong, why, and what mends it, in few lines. */
final class FaultLines {

  private FaultLines() {}

  /** Returns how many lines it took. */
  static int draw(Canvas canvas, int column, int row, int width, int most, Fault fault) {
    List<String> message = canvas.wrap(fault.code() + " " + fault.message() + (fault.table() == null ? "" : " [" + fault.table() + "]"), width);
    List<String> hint = fault.hint().isEmpty() ? List.of() : canvas.wrap("hint: " + fault.hint(), width);
    List<String> why = fault.why().isEmpty() ? List.of() : canvas.wrap("why:  " + fault.why(), width);
    // The hint is what mends it: the message gives way to it, and the reason to both.
    int forHint = Math.min(hint.size(), Math.max(1, most / 2));
    int forMessage = Math.min(message.size(), most - forHint);
    int forWhy = Math.min(why.size(), most - forHint - forMessage);
    forHint = Math.min(hint.size(), most - forMessage - forWhy);
    int y = lines(canvas, column, row, width, message, forMessage, Style.BAD);
    y = lines(canvas, column, y, width, why, forWhy, Style.PLAIN);
    y = lines(canvas, column, y, width, hint, forHint, Style.BOLD);
    return y - row;
  }

  /** So many of the lines; the last says when there are more. Returns the row below. */
  private static int lines(Canvas canvas, int column, int row, int width, List<String> lines, int most, Style style) {
    for (int i = 0; i < most; i++) {
      boolean cut = i == most - 1 && lines.size() > most;
      canvas.put(column, row + i, lines.get(i) + (cut ? canvas.glyphs().ellipsis() : ""), width, style);
    }
    return row + most;
  }
}
