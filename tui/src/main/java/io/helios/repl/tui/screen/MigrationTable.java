package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Fleet;
import io.helios.repl.tui.fleet.Migration;
import io.helios.repl.tui.model.Model;
import java.util.List;
import java.util.Map;

/** One line per migration. */
final class MigrationTable {

  private static final String COMMAND = "helios-repl migrate start NAME";

  private MigrationTable() {}

  static void draw(Canvas canvas, Model model) {
    List<Migration> moves = model.moves();
    if (moves.isEmpty()) {
      Table.empty(
          canvas, model, model.layout().titles(), "no tenant has been moved yet", "no migration",
          model.isReadOnly() ? COMMAND : "m on a tenant moves it, or :migrate NAME, or " + COMMAND);
      return;
    }
    Map<MigrationColumn, Integer> widths = MigrationColumn.fit(canvas.columns());
    Table.titles(canvas, model.layout(), widths);
    Table.rows(
        canvas, model, moves.size(),
        (index, row, chosen) -> {
          MigrationWords words = words(model, moves.get(index));
          Table.row(
              canvas, widths, row, words.phase().sign(), words.phase().gravity(), chosen,
              (column, x, width) -> column.cell(canvas, x, row, width, words, chosen));
        });
  }

  static MigrationWords words(Model model, Migration move) {
    Fleet fleet = model.fleet();
    return MigrationWords.of(
        move, fleet == null ? null : fleet.tenant(move.tenant()), model.serverNow(), !model.isReadOnly());
  }
}
