package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.LagHistory;
import io.helios.repl.tui.fleet.Objective;
import io.helios.repl.tui.fleet.Standing;
import io.helios.repl.tui.fleet.Tenant;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The columns of the tenants' list, from left to right. Where there is not room for all, those that tell least are left out;
 * where there is more, some grow.
 */
enum TenantColumn implements Table.Column {
  NAME("TENANT", 12, 32, 0, true),
  TIER("TIER", 4, 4, 10, true),
  ROUTE("ROUTE", 10, 21, 9, true),
  STATE("STATE", 9, 9, 1, true),
  LAG("LAG", 6, 6, 2, false),
  BEHIND("BEHIND", 6, 6, 3, false),
  ROWS("ROWS/S", 6, 6, 4, false),
  ZSTD("ZSTD", 5, 5, 12, false),
  TREND("60s", 8, 60, 6, true),
  TARGET("SLO", 4, 4, 8, false),
  BUDGET("BUDGET", 6, 6, 7, false),
  SINCE("SINCE", 5, 5, 11, false);

  private final String title;
  private final int least;
  private final int most;
  private final int rank;
  private final boolean left;

  TenantColumn(String title, int least, int most, int rank, boolean left) {
    this.title = title;
    this.least = least;
    this.most = most;
    this.rank = rank;
    this.left = left;
  }

  @Override
  public int least() {
    return least;
  }

  @Override
  public int rank() {
    return rank;
  }

  /** Width by column, in their order, for a screen of so many columns. */
  static Map<TenantColumn, Integer> fit(int columns) {
    return new ColumnWidths<>(TenantColumn.class, NAME, columns - Table.MARGIN + 1)
        .grow(NAME, 18)
        .grow(TREND, 24)
        .grow(ROUTE, ROUTE.most)
        .grow(NAME, NAME.most)
        .grow(TREND, TREND.most)
        .widths();
  }

  /** Wide trends show all that is kept. */
  static int trendSeconds(int width) {
    return width >= 16 ? LagHistory.SECONDS : 60;
  }

  @Override
  public String title(int width) {
    return this == TREND ? (width >= 16 ? "LAST " : "") + trendSeconds(width) + "s" : title;
  }

  @Override
  public boolean isLeft() {
    return left;
  }

  void cell(Canvas canvas, int column, int row, int width, Tenant tenant, LagHistory history, Instant now, boolean chosen) {
    Standing standing = Standing.of(tenant);
    Style grave = Style.of(standing.gravity());
    switch (this) {
      case NAME -> Table.name(canvas, column, row, width, tenant.name(), standing.gravity(), chosen);
      case TIER -> canvas.put(column, row, tier(tenant.tier()), width, Style.PLAIN);
      case ROUTE -> canvas.put(column, row, Route.of(tenant, width, canvas.glyphs()), width, Style.PLAIN);
      case STATE -> canvas.put(column, row, state(tenant, standing), width, grave);
      case LAG ->
          right(canvas, column, row, width, Figures.seconds(tenant.lagSeconds()), standing == Standing.LAGGING ? grave : Style.PLAIN);
      case BEHIND -> right(canvas, column, row, width, Figures.bytes(tenant.lagBytes()), Style.PLAIN);
      case ROWS -> right(canvas, column, row, width, Figures.rate(tenant.rowsPerSecond()), Style.PLAIN);
      case ZSTD -> right(canvas, column, row, width, Figures.ratio(tenant.compression()), Style.PLAIN);
      case TREND -> {
        if (standing == Standing.COPYING) {
          canvas.progress(column, row, Math.min(width, 24), share(tenant));
        } else {
          Sparkline.draw(
              canvas,
              column,
              row,
              width,
              history.of(tenant.name(), trendSeconds(width)),
              tenant.lagTargetSeconds(),
              standing.gravity() == Standing.Gravity.HELD ? Style.HELD : Style.WARNING);
        }
      }
      case TARGET -> right(canvas, column, row, width, Figures.target(tenant.lagTargetSeconds()), Style.PLAIN);
      case BUDGET -> right(canvas, column, row, width, Figures.budget(tenant.objective()), budget(tenant.objective()));
      case SINCE -> right(canvas, column, row, width, Figures.since(tenant.since(), now), Style.PLAIN);
    }
  }

  private static void right(Canvas canvas, int column, int row, int width, String text, Style style) {
    canvas.right(column + width, row, text, style);
  }

  /** A state that this version does not know is shown as the server names it. */
  static String state(Tenant tenant, Standing standing) {
    return switch (standing) {
      case COPYING -> "COPY" + (tenant.copy().tables() == 0 ? "" : " " + (int) Math.floor(share(tenant) * 100) + "%");
      case UNKNOWN -> tenant.state().equals("STREAMING") ? standing.word() : tenant.state();
      default -> standing.word();
    };
  }

  private static String tier(String tier) {
    return switch (tier) {
      case "standard" -> "std";
      case "premium" -> "prem";
      default -> tier;
    };
  }

  /** Tables that are done: how much of one that is under way is left, nobody tells. */
  static double share(Tenant tenant) {
    return tenant.copy().tables() == 0 ? 0 : (double) tenant.copy().done() / tenant.copy().tables();
  }

  private static Style budget(@Nullable Objective objective) {
    if (objective == null || objective.budgetLeft() > 0.25) {
      return Style.PLAIN;
    }
    return objective.budgetLeft() <= 0 ? Style.BAD : Style.WARNING;
  }
}
