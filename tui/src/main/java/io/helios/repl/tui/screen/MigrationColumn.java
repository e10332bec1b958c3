package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Fault;
import io.helios.repl.tui.fleet.Migration;
import io.helios.repl.tui.fleet.Standing.Gravity;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The columns of the migrations' list, from left to right, as {@link TenantColumn} has the tenants'. */
enum MigrationColumn implements Table.Column {
  NAME("TENANT", 12, 32, 0, true),
  ROUTE("ROUTE", 10, 21, 7, true),
  WAY("WAY", 7, 7, 9, true),
  STATE("STATE", 11, 11, 1, true),
  SINCE("SINCE", 5, 5, 4, false),
  AGE("AGE", 5, 5, 10, false),
  NEXT("NEXT", 11, 24, 3, true),
  ALLOWED("ALLOWED", 7, 7, 8, false),
  PREDICTED("PREDICT", 7, 7, 6, false),
  PAUSE("PAUSE", 7, 7, 5, false),
  ERROR("ERROR", 7, 7, 2, true);

  private final String title;
  private final int least;
  private final int most;
  private final int rank;
  private final boolean left;

  MigrationColumn(String title, int least, int most, int rank, boolean left) {
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
  static Map<MigrationColumn, Integer> fit(int columns) {
    return new ColumnWidths<>(MigrationColumn.class, NAME, columns - Table.MARGIN + 1)
        .grow(NAME, 16)
        .grow(ROUTE, 14)
        .grow(NAME, 24)
        .grow(ROUTE, ROUTE.most)
        .grow(NEXT, NEXT.most)
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

  void cell(Canvas canvas, int column, int row, int width, MigrationWords words, boolean chosen) {
    Migration move = words.move();
    Style grave = Style.of(words.phase().gravity());
    switch (this) {
      case NAME -> Table.name(canvas, column, row, width, move.tenant(), words.phase().gravity(), chosen);
      case ROUTE -> canvas.put(column, row, Route.of(move, words.tenant(), width, canvas.glyphs()), width, Style.PLAIN);
      case WAY -> canvas.put(column, row, move.goesBack() ? "back" : "forward", width, Style.PLAIN);
      case STATE -> canvas.put(column, row, words.state(), width, grave);
      case SINCE -> canvas.right(column + width, row, Figures.since(move.since(), words.now()), Style.PLAIN);
      case AGE -> canvas.right(column + width, row, Figures.since(move.begunAt(), words.now()), Style.PLAIN);
      case NEXT -> {
        if (words.isCopied()) {
          canvas.progress(column, row, width, words.share());
        } else {
          canvas.put(column, row, words.next(), width, words.needsSomebody() ? Style.BOLD : Style.PLAIN);
        }
      }
      case ALLOWED -> canvas.right(column + width, row, Figures.millis(move.terms().maxPauseMillis()), Style.PLAIN);
      case PREDICTED -> {
        Migration.Prediction predicted = move.predicted();
        Double millis = predicted == null ? null : (Double) predicted.pause().p99();
        canvas.right(column + width, row, Figures.millis(millis), over(millis, move));
      }
      case PAUSE -> {
        Migration.Pause pause = move.lastPause();
        Double millis = pause == null ? null : (Double) pause.millis();
        canvas.right(column + width, row, pause(pause), over(millis, move));
      }
      case ERROR -> {
        Fault error = move.error();
        if (error != null) {
          canvas.put(column, row, error.code(), width, words.phase().gravity() == Gravity.BAD ? Style.BAD : Style.WARNING);
        }
      }
    }
  }

  /** One that was not measured was no longer than that. */
  static String pause(Migration.@Nullable Pause pause) {
    return pause == null ? Figures.NONE : (pause.exact() ? "" : "≤") + Figures.millis(pause.millis());
  }

  /** A pause that is, or is likely to be, longer than is allowed. */
  static Style over(@Nullable Double millis, Migration move) {
    return millis != null && millis > move.terms().maxPauseMillis() ? Style.WARNING : Style.PLAIN;
  }
}
