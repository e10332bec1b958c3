package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Standing;
import io.helios.repl.tui.fleet.Tenant;
import io.helios.repl.tui.model.Model;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** One line per tenant. */
final class TenantTable {

  private TenantTable() {}

  static void draw(Canvas canvas, Model model) {
    Map<TenantColumn, Integer> widths = TenantColumn.fit(canvas.columns());
    Table.titles(canvas, model.layout(), widths);
    List<Tenant> tenants = model.listed();
    if (tenants.isEmpty()) {
      Table.empty(
          canvas, model, model.layout().first(), "no tenant is declared yet", "no tenant",
          "helios-repl tenant create NAME --source SOURCE --target TARGET");
      return;
    }
    Instant now = model.serverNow();
    Table.rows(
        canvas, model, tenants.size(),
        (index, row, chosen) -> {
          Tenant tenant = tenants.get(index);
          Standing standing = Standing.of(tenant);
          Table.row(
              canvas, widths, row, standing.sign(), standing.gravity(), chosen,
              (column, x, width) -> column.cell(canvas, x, row, width, tenant, model.history(), now, chosen));
          if (model.marked().contains(tenant.name())) {
            canvas.put(2, row, canvas.glyphs().mark(), Style.BOLD);
          }
        });
  }
}
