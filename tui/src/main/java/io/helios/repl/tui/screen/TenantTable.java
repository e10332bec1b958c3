package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Standing;
import io.helios.repl.tui.fleet.Tenant;
import io.helios.repl.tui.model.Layout;
import io.helios.repl.tui.model.Model;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** One line per tenant. */
final class TenantTable {

  private TenantTable() {}

  static void draw(Canvas canvas, Model model) {
    Layout layout = model.layout();
    Map<TenantColumn, Integer> widths = TenantColumn.fit(canvas.columns());
    int x = TenantColumn.MARGIN;
    for (Map.Entry<TenantColumn, Integer> column : widths.entrySet()) {
      column.getKey().title(canvas, x, layout.titles(), column.getValue());
      x += column.getValue() + 1;
    }
    List<Tenant> tenants = model.listed();
    if (tenants.isEmpty()) {
      boolean none = model.filter().isNone();
      canvas.put(
          TenantColumn.MARGIN,
          layout.first(),
          none ? "no tenant is declared yet" : "no tenant fits the filter \"" + model.filter().text().strip() + "\"",
          Style.BOLD);
      canvas.put(
          TenantColumn.MARGIN,
          layout.first() + 1,
          none ? "helios-repl tenant create NAME --source SOURCE --target TARGET" : "Esc lifts it",
          Style.PLAIN);
      return;
    }
    int rows = layout.listed();
    int first = model.firstSeen();
    for (int i = 0; i < rows && first + i < tenants.size(); i++) {
      row(canvas, model, widths, tenants.get(first + i), layout.first() + i, first + i == model.chosen());
    }
    place(canvas, layout, first, rows, tenants.size());
  }

  /** Which part of a list is seen, where it is not seen whole. */
  static void place(Canvas canvas, Layout layout, int first, int rows, int size) {
    if (size > rows && layout.rules() && canvas.columns() >= 40) {
      String where = (first + 1) + "-" + Math.min(first + rows, size) + " of " + size;
      // Where the next part begins, so that no line of the list is lost to it.
      canvas.right(canvas.columns() - 1, layout.detailRule(), " " + where + " ", Style.PLAIN);
    }
  }

  private static void row(
      Canvas canvas, Model model, Map<TenantColumn, Integer> widths, Tenant tenant, int row, boolean chosen) {
    Standing standing = Standing.of(tenant);
    if (chosen) {
      canvas.put(0, row, canvas.glyphs().cursor(), Style.BOLD);
    }
    canvas.cell(1, row, standing.sign(), Style.of(standing.gravity()));
    if (model.marked().contains(tenant.name())) {
      canvas.put(2, row, canvas.glyphs().mark(), Style.BOLD);
    }
    Instant now = model.serverNow();
    int x = TenantColumn.MARGIN;
    for (Map.Entry<TenantColumn, Integer> column : widths.entrySet()) {
      column.getKey().cell(canvas, x, row, column.getValue(), tenant, model.history(), now, chosen);
      x += column.getValue() + 1;
    }
  }
}
