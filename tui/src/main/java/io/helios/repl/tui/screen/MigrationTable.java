package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Fleet;
import io.helios.repl.tui.fleet.Migration;
import io.helios.repl.tui.model.Layout;
import io.helios.repl.tui.model.Model;
import java.util.List;
import java.util.Map;

/** One line per migration. */
final class MigrationTable {

  private MigrationTable() {}

  static void draw(Canvas canvas, Model model) {
    Layout layout = model.layout();
    List<Migration> moves = model.moves();
    if (moves.isEmpty()) {
      empty(canvas, model);
      return;
    }
    Map<MigrationColumn, Integer> widths = MigrationColumn.fit(canvas.columns());
    int x = TenantColumn.MARGIN;
    for (Map.Entry<MigrationColumn, Integer> column : widths.entrySet()) {
      column.getKey().title(canvas, x, layout.titles(), column.getValue());
      x += column.getValue() + 1;
    }
    int rows = layout.listed();
    int first = model.firstSeen();
    for (int i = 0; i < rows && first + i < moves.size(); i++) {
      row(canvas, widths, words(model, moves.get(first + i)), layout.first() + i, first + i == model.chosen());
    }
    TenantTable.place(canvas, layout, first, rows, moves.size());
  }

  private static void empty(Canvas canvas, Model model) {
    Layout layout = model.layout();
    boolean none = model.filter().isNone();
    String command = "helios-repl migrate start NAME";
    canvas.put(
        TenantColumn.MARGIN,
        layout.titles(),
        none ? "no tenant has been moved yet" : "no migration fits the filter \"" + model.filter().text().strip() + "\"",
        Style.BOLD);
    canvas.put(
        TenantColumn.MARGIN,
        layout.first(),
        !none ? "Esc lifts it" : model.isReadOnly() ? command : "m on a tenant moves it, or :migrate NAME, or " + command,
        Style.PLAIN);
  }

  static MigrationWords words(Model model, Migration move) {
    Fleet fleet = model.fleet();
    return MigrationWords.of(
        move, fleet == null ? null : fleet.tenant(move.tenant()), model.serverNow(), !model.isReadOnly());
  }

  private static void row(
      Canvas canvas, Map<MigrationColumn, Integer> widths, MigrationWords words, int row, boolean chosen) {
    if (chosen) {
      canvas.put(0, row, canvas.glyphs().cursor(), Style.BOLD);
    }
    canvas.cell(1, row, words.phase().sign(), Style.of(words.phase().gravity()));
    int x = TenantColumn.MARGIN;
    for (Map.Entry<MigrationColumn, Integer> column : widths.entrySet()) {
      column.getKey().cell(canvas, x, row, column.getValue(), words, chosen);
      x += column.getValue() + 1;
    }
  }
}
