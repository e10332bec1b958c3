package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Fault;
import io.helios.repl.tui.fleet.Migration;
import io.helios.repl.tui.fleet.Passages;
import io.helios.repl.tui.model.Layout;
import io.helios.repl.tui.model.Model;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What is known of the chosen migration, below the list or on a whole screen. */
final class MigrationPane {

  /** Of two halves the left one: the table of pauses, and a margin. */
  private static final int LEFT = PauseTable.WIDTH + 4;

  private MigrationPane() {}

  /** Below the list. */
  static void below(Canvas canvas, Model model) {
    Layout layout = model.layout();
    Migration move = model.selectedMove();
    if (layout.detail() == 0) {
      return;
    }
    if (move == null) {
      canvas.rule(layout.detailRule());
      return;
    }
    canvas.rule(layout.detailRule(), move.tenant());
    MigrationWords words = MigrationTable.words(model, move);
    int row = layout.detailRule() + 1;
    int end = row + layout.detail();
    if (layout.wide()) {
      row = head(canvas, words, row);
      halves(canvas, model, words, row, end);
    } else {
      row = head(canvas, words, row);
      row += fault(canvas, 1, row, canvas.columns() - 2, Math.min(3, end - row), move);
      row = put(canvas, row, end, new GateLines.Line(PauseTable.oneLine(words), Style.PLAIN));
      row = put(canvas, row, end, GateLines.oneLine(model, words));
      history(canvas, model, words, 1, row, canvas.columns() - 2, end - row);
    }
  }

  /** On a whole screen. */
  static void whole(Canvas canvas, Model model, Migration move) {
    Layout layout = model.layout();
    MigrationWords words = MigrationTable.words(model, move);
    int width = canvas.columns() - 2;
    int end = layout.rules() ? layout.keysRule() : layout.keys();
    int row = layout.titles();
    canvas.rule(row++, move.tenant());
    row = head(canvas, words, row);
    row = put(canvas, row, end, new GateLines.Line(words.terms(), Style.PLAIN));
    row += fault(canvas, 1, row, width, Math.min(layout.wide() ? 8 : 5, end - row), move);
    row += PauseTable.draw(canvas, 1, row, width, Math.min(5, end - row), words);
    // What keeps it from going on gives way to nothing; of what is past the last three steps stay to be seen.
    int others = 4 + words.move().nextSteps().size();
    row = gates(canvas, model, words, 1, row, width, row + Math.max(1, end - row - others));
    row = next(canvas, words, 1, row, width, end);
    if (end - row >= 2) {
      canvas.rule(row++, "history");
    }
    row += history(canvas, model, words, 1, row, width, end - row);
    if (end - row >= 3) {
      canvas.rule(row++, "events");
      EventLines.of(canvas, model, move.tenant(), row, end - row);
    }
  }

  /** Two lines: how it stands and where it goes, and what that means. Returns the row below. */
  private static int head(Canvas canvas, MigrationWords words, int row) {
    Migration move = words.move();
    Style grave = Style.of(words.phase().gravity());
    int x = canvas.put(1, row, words.phase().sign() + " " + words.state(), grave);
    x = canvas.put(x, row, " for " + Figures.since(move.since(), words.now()), Style.PLAIN);
    String arrow = " " + (move.goesBack() ? canvas.glyphs().back() : canvas.glyphs().arrow()) + " ";
    canvas.put(x + 2, row, end(move.from(), words) + arrow + end(move.to(), words), Style.PLAIN);
    canvas.put(1, row + 1, words.summary(), Style.BOLD);
    return row + 2;
  }

  private static String end(String name, MigrationWords words) {
    String region = Route.region(name, words.tenant());
    return name + (region == null ? "" : " (" + region + ")");
  }

  private static void halves(Canvas canvas, Model model, MigrationWords words, int top, int end) {
    int width = canvas.columns() - LEFT - 3;
    int row = top;
    row += fault(canvas, 1, row, LEFT - 2, Math.min(5, end - row), words.move());
    row += PauseTable.draw(canvas, 1, row, LEFT - 2, end - row, words);
    next(canvas, words, 1, row, LEFT - 2, end);
    for (int y = top; y < end; y++) {
      canvas.cell(LEFT, y, canvas.glyphs().side(), Style.FAINT);
    }
    row = gates(canvas, model, words, LEFT + 2, top, width, top + (end - top) / 2);
    row += row > top ? 1 : 0;
    history(canvas, model, words, LEFT + 2, row, width, end - row);
  }

  /** Returns how many lines it took. */
  private static int fault(Canvas canvas, int column, int row, int width, int most, Migration move) {
    Fault error = move.error();
    return error == null || most <= 0 ? 0 : FaultLines.draw(canvas, column, row, width, most, error);
  }

  private static int gates(Canvas canvas, Model model, MigrationWords words, int column, int row, int width, int end) {
    int y = row;
    for (GateLines.Line line : GateLines.of(canvas, model, words, width)) {
      if (y < end) {
        canvas.put(column, y++, line.text(), width, line.style());
      }
    }
    return y;
  }

  /** The commands that go on, for a shell. */
  private static int next(Canvas canvas, MigrationWords words, int column, int row, int width, int end) {
    int y = row;
    for (String step : words.move().nextSteps()) {
      if (y < end) {
        canvas.put(column, y++, "next: " + step, width, Style.PLAIN);
      }
    }
    return y;
  }

  /** The newest first: they are what one looks for, and the older ones give way. Returns how many lines it took. */
  private static int history(Canvas canvas, Model model, MigrationWords words, int column, int row, int width, int rows) {
    Passages told = model.passages();
    List<Passages.Passage> passages = told == null ? List.of() : told.passages().reversed();
    int shown = Math.max(0, Math.min(rows, passages.size()));
    if (told != null && passages.isEmpty() && rows > 0) {
      canvas.put(column, row, "nothing has happened to it yet", width, Style.FAINT);
      return 1;
    }
    for (int i = 0; i < shown; i++) {
      Passages.Passage passage = passages.get(i);
      int x = canvas.put(column, row + i, Figures.moment(passage.at(), words.now()), Style.PLAIN) + 1;
      canvas.put(x, row + i, sentence(passage, width, canvas.glyphs().arrow()), column + width - x, Style.PLAIN);
    }
    return shown;
  }

  /** In little room the state that it left is left out: it is the one of the line below. */
  private static String sentence(Passages.Passage passage, int width, String arrow) {
    if (width < 72) {
      return label(passage.to()) + ": " + passage.reason();
    }
    boolean cut = passage.from().startsWith("CUTTING") || passage.to().startsWith("CUTTING");
    return label(passage.from()) + " " + arrow + " " + label(passage.to()) + (cut ? " (epoch " + passage.epoch() + ")" : "") + ": "
        + passage.reason();
  }

  private static String label(String state) {
    return state.toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static int put(Canvas canvas, int row, int end, GateLines.@Nullable Line line) {
    if (row < end && line != null) {
      canvas.put(1, row, line.text(), line.style());
      return row + 1;
    }
    return row;
  }
}
