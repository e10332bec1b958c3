package io.helios.repl.tui;

import static org.assertj.core.api.Assertions.assertThat;

import com.googlecode.lanterna.SGR;
import com.googlecode.lanterna.TerminalSize;
import com.googlecode.lanterna.TextCharacter;
import com.googlecode.lanterna.TextColor;
import com.googlecode.lanterna.screen.Screen;
import com.googlecode.lanterna.screen.TerminalScreen;
import com.googlecode.lanterna.terminal.virtual.DefaultVirtualTerminal;
import io.helios.repl.tui.model.Model;
import io.helios.repl.tui.screen.Screens;
import io.helios.repl.tui.screen.Theme;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A model drawn on a virtual terminal, as text, held to a file in {@code golden}. What was drawn is left in
 * {@code target/golden}: to look at, and to copy where the change was meant.
 */
final class GoldenScreen {

  private GoldenScreen() {}

  static String draw(Model model, Theme theme) {
    return text(terminal(model, theme));
  }

  static DefaultVirtualTerminal terminal(Model model, Theme theme) {
    int columns = model.layout().columns();
    int rows = model.layout().rows();
    DefaultVirtualTerminal terminal = new DefaultVirtualTerminal(new TerminalSize(columns, rows));
    try {
      Screen screen = new TerminalScreen(terminal); // not closed: that would show what was there before
      screen.startScreen();
      screen.setCursorPosition(null);
      Screens.render(model, screen.newTextGraphics(), theme);
      screen.refresh();
      return terminal;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Lines without the blanks at their ends; the second half of a wide character is left out. */
  static String text(DefaultVirtualTerminal terminal) {
    TerminalSize size = terminal.getTerminalSize();
    StringBuilder text = new StringBuilder();
    for (int row = 0; row < size.getRows(); row++) {
      StringBuilder line = new StringBuilder();
      for (int column = 0; column < size.getColumns(); column++) {
        TextCharacter cell = terminal.getCharacter(column, row);
        line.append(cell.getCharacterString());
        column += cell.isDoubleWidth() ? 1 : 0;
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }

  /** One letter a cell: the colour's first, a capital when bold; {@code #} in reverse; a point for plain. */
  static String styles(DefaultVirtualTerminal terminal) {
    TerminalSize size = terminal.getTerminalSize();
    StringBuilder text = new StringBuilder();
    for (int row = 0; row < size.getRows(); row++) {
      StringBuilder line = new StringBuilder();
      for (int column = 0; column < size.getColumns(); column++) {
        TextCharacter cell = terminal.getCharacter(column, row);
        boolean blank = cell.getCharacterString().isBlank() && !cell.getModifiers().contains(SGR.REVERSE);
        line.append(blank ? ' ' : letter(cell));
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }

  private static char letter(TextCharacter cell) {
    if (cell.getModifiers().contains(SGR.REVERSE)) {
      return '#';
    }
    boolean bold = cell.getModifiers().contains(SGR.BOLD);
    TextColor colour = cell.getForegroundColor();
    if (colour.equals(TextColor.ANSI.DEFAULT)) {
      return bold ? 'B' : '.';
    }
    String name = colour.toString();
    char first = colour.equals(TextColor.ANSI.BLACK_BRIGHT) ? 'f' : name.toLowerCase(Locale.ROOT).charAt(0);
    return bold ? Character.toUpperCase(first) : first;
  }

  static void assertGolden(String name, String drawn) {
    try {
      Path left = Files.createDirectories(Path.of("target", "golden")).resolve(name + ".txt");
      Files.writeString(left, drawn);
      try (InputStream golden = GoldenScreen.class.getResourceAsStream("/golden/" + name + ".txt")) {
        assertThat(golden).as("there is no golden/%s.txt; what was drawn is in %s:%n%s", name, left, drawn).isNotNull();
        assertThat(drawn)
            .as("golden/%s.txt; what was drawn is in %s", name, left)
            .isEqualTo(new String(golden.readAllBytes(), StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
