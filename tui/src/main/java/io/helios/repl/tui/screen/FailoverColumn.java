package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Failover;
import io.helios.repl.tui.fleet.Fault;
import io.helios.repl.tui.fleet.Standing.Gravity;
import java.util.Map;

/** The columns of the failovers' list, from left to right, as {@link TenantColumn} has the tenants'. */
enum FailoverColumn implements Table.Column {
  NAME("TENANT", 12, 32, 0, true),
  ROUTE("ROUTE", 10, 21, 6, true),
  STATE("STATE", 9, 9, 1, true),
  SINCE("SINCE", 5, 5, 4, false),
  EPOCH("EPOCH", 5, 5, 8, false),
  TIME("TIME", 6, 6, 3, false),
  LOST("LOST", 5, 5, 5, false),
  OLD("OLD HOME", 12, 12, 7, true),
  PLACE("PLACE", 5, 5, 9, false),
  ERROR("ERROR", 7, 7, 2, true);

  private final String title;
  private final int least;
  private final int most;
  private final int rank;
  private final boolean left;

  FailoverColumn(String title, int least, int most, int rank, boolean left) {
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
  static Map<FailoverColumn, Integer> fit(int columns) {
    return new ColumnWidths<>(FailoverColumn.class, NAME, columns - Table.MARGIN + 1)
        .grow(NAME, 16)
        .grow(ROUTE, 14)
        .grow(NAME, 24)
        .grow(ROUTE, ROUTE.most)
        .grow(NAME, NAME.most)
        .widths();
  }

  @Override
  public String title(int width) {
    return title;
  }

  @Override
  public boolean isLeft() {
    return left;
  }

  void cell(Canvas canvas, int column, int row, int width, FailoverWords words, boolean chosen) {
    Failover failover = words.failover();
    Gravity gravity = words.phase().gravity();
    switch (this) {
      case NAME -> Table.name(canvas, column, row, width, failover.tenant(), gravity, chosen);
      case ROUTE -> canvas.put(column, row, Route.of(failover, words.tenant(), width, canvas.glyphs()), width, Style.PLAIN);
      case STATE -> canvas.put(column, row, words.state(), width, Style.of(gravity));
      case SINCE -> canvas.right(column + width, row, Figures.since(failover.since(), words.now()), Style.PLAIN);
      case EPOCH -> canvas.right(column + width, row, failover.epoch() == 0 ? Figures.NONE : String.valueOf(failover.epoch()), Style.PLAIN);
      case TIME -> {
        Long rto = failover.rtoMillis();
        canvas.right(column + width, row, Figures.millis(rto == null ? null : (Double) (double) rto), Style.PLAIN);
      }
      case LOST -> {
        Failover.Account account = failover.account();
        boolean bad = account != null && (account.transactions() > 0 || account.missing() != null);
        canvas.right(column + width, row, words.lost(), bad ? Style.WARNING : Style.PLAIN);
      }
      case OLD -> canvas.put(column, row, failover.oldSource(), width, Style.PLAIN);
      case PLACE -> canvas.right(column + width, row, failover.place() == null ? Figures.NONE : String.valueOf(failover.place()), Style.PLAIN);
      case ERROR -> {
        Fault error = failover.error();
        if (error != null) {
          canvas.put(column, row, error.code(), width, gravity == Gravity.BAD ? Style.BAD : Style.WARNING);
        }
      }
    }
  }
}
