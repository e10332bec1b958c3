package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Failover;
import io.helios.repl.tui.fleet.Fleet;
import io.helios.repl.tui.model.Model;
import java.util.List;
import java.util.Map;

/** One line per failover. */
final class FailoverTable {

  private static final String COMMAND = "helios-repl failover plan NAME";

  private FailoverTable() {}

  static void draw(Canvas canvas, Model model) {
    List<Failover> failovers = model.failovers();
    if (failovers.isEmpty()) {
      Table.empty(
          canvas, model, model.layout().titles(), "no tenant has been failed over yet", "no failover",
          model.isReadOnly() ? COMMAND : "f on a tenant fails it over; what it would meet: " + COMMAND);
      return;
    }
    Map<FailoverColumn, Integer> widths = FailoverColumn.fit(canvas.columns());
    Table.titles(canvas, model.layout(), widths);
    Table.rows(
        canvas, model, failovers.size(),
        (index, row, chosen) -> {
          FailoverWords words = words(model, failovers.get(index));
          Table.row(
              canvas, widths, row, words.phase().sign(), words.phase().gravity(), chosen,
              (column, x, width) -> column.cell(canvas, x, row, width, words, chosen));
        });
  }

  static FailoverWords words(Model model, Failover failover) {
    Fleet fleet = model.fleet();
    return FailoverWords.of(
        failover, fleet == null ? null : fleet.tenant(failover.tenant()), model.serverNow(), !model.isReadOnly());
  }
}
