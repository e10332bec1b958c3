package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Failover;
import io.helios.repl.tui.fleet.Fleet;
import io.helios.repl.tui.model.Layout;
import io.helios.repl.tui.model.Model;
import java.util.List;
import java.util.Map;

/** One line per failover. */
final class FailoverTable {

  private FailoverTable() {}

  static void draw(Canvas canvas, Model model) {
    Layout layout = model.layout();
    List<Failover> failovers = model.failovers();
    if (failovers.isEmpty()) {
      empty(canvas, model);
      return;
    }
    Map<FailoverColumn, Integer> widths = FailoverColumn.fit(canvas.columns());
    int x = TenantColumn.MARGIN;
    for (Map.Entry<FailoverColumn, Integer> column : widths.entrySet()) {
      column.getKey().title(canvas, x, layout.titles(), column.getValue());
      x += column.getValue() + 1;
    }
    int rows = layout.listed();
    int first = model.firstSeen();
    for (int i = 0; i < rows && first + i < failovers.size(); i++) {
      row(canvas, widths, words(model, failovers.get(first + i)), layout.first() + i, first + i == model.chosen());
    }
    TenantTable.place(canvas, layout, first, rows, failovers.size());
  }

  private static void empty(Canvas canvas, Model model) {
    Layout layout = model.layout();
    boolean none = model.filter().isNone();
    canvas.put(
        TenantColumn.MARGIN,
        layout.titles(),
        none ? "no tenant has been failed over yet" : "no failover fits the filter \"" + model.filter().text().strip() + "\"",
        Style.BOLD);
    String command = "helios-repl failover plan NAME";
    canvas.put(
        TenantColumn.MARGIN,
        layout.first(),
        !none ? "Esc lifts it" : model.isReadOnly() ? command : "f on a tenant fails it over; what it would meet: " + command,
        Style.PLAIN);
  }

  static FailoverWords words(Model model, Failover failover) {
    Fleet fleet = model.fleet();
    return FailoverWords.of(
        failover, fleet == null ? null : fleet.tenant(failover.tenant()), model.serverNow(), !model.isReadOnly());
  }

  private static void row(
      Canvas canvas, Map<FailoverColumn, Integer> widths, FailoverWords words, int row, boolean chosen) {
    if (chosen) {
      canvas.put(0, row, canvas.glyphs().cursor(), Style.BOLD);
    }
    canvas.cell(1, row, words.phase().sign(), Style.of(words.phase().gravity()));
    int x = TenantColumn.MARGIN;
    for (Map.Entry<FailoverColumn, Integer> column : widths.entrySet()) {
      column.getKey().cell(canvas, x, row, column.getValue(), words, chosen);
      x += column.getValue() + 1;
    }
  }
}
