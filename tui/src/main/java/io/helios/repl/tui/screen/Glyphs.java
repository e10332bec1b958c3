package io.helios.repl.tui.screen;

import java.util.List;

/**
 * The signs that a terminal can show: all of width one and of the basic plane, or plain ASCII.
 *
 * @param levels of a bar, from nothing to full
 */
record Glyphs(
    String levels,
    String cursor,
    String mark,
    char rule,
    char side,
    String tee,
    char target,
    String arrow,
    String back,
    String down,
    String ellipsis,
    String enter,
    String dot,
    List<String> corners) {

  static final Glyphs UNICODE =
      new Glyphs(" ▁▂▃▄▅▆▇█", "▸", "*", '─', '│', "┤", '╌', "→", "←", "▼", "…", "↵", "·", List.of("┌", "┐", "└", "┘"));

  static final Glyphs ASCII =
      new Glyphs(" _.:-=+*#", ">", "*", '-', '|', "|", '-', ">", "<", "v", ".", "Enter", "-", List.of("+", "+", "+", "+"));

  /** The bar of height {@code share} of a cell, 0 to 1; what is more than nothing shows. */
  char level(double share) {
    int steps = levels.length() - 1;
    return levels.charAt((int) Math.max(1, Math.min(steps, Math.ceil(share * steps))));
  }

  char full() {
    return levels.charAt(levels.length() - 1);
  }
}
