package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Fault;
import io.helios.repl.tui.fleet.Migration;
import io.helios.repl.tui.fleet.Standing.Gravity;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The columns of the migrations' list, from left to right, as {@link TenantColumn} has the tenants'. */
enum MigrationColumn {
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

  /** Width by column, in their order, for a screen of so many columns. */
  static Map<MigrationColumn, Integer> fit(int columns) {
    List<MigrationColumn> byRank = new ArrayList<>(List.of(values()));
    byRank.sort(Comparator.comparingInt(c -> c.rank));
    Map<MigrationColumn, Integer> widths = new EnumMap<>(MigrationColumn.class);
    int room = columns - TenantColumn.MARGIN + 1;
    for (MigrationColumn column : byRank) {
      if (column != NAME && room < column.least + 1) {
        break;
      }
      widths.put(column, column.least);
      room -= column.least + 1;
    }
    room = grow(widths, NAME, 16, room);
    room = grow(widths, ROUTE, 14, room);
    room = grow(widths, NAME, 24, room);
    room = grow(widths, ROUTE, ROUTE.most, room);
    room = grow(widths, NEXT, NEXT.most, room);
    grow(widths, NAME, NAME.most, room);
    return widths;
  }

  private static int grow(Map<MigrationColumn, Integer> widths, MigrationColumn column, int most, int room) {
    Integer width = widths.get(column);
    if (width == null || room <= 0) {
      return room;
    }
    int more = Math.max(0, Math.min(room, most - width));
    widths.put(column, width + more);
    return room - more;
  }

  void title(Canvas canvas, int column, int row, int width) {
    if (left) {
      canvas.put(column, row, title, width, Style.BOLD);
    } else {
      canvas.right(column + width, row, title, Style.BOLD);
    }
  }

  void cell(Canvas canvas, int column, int row, int width, MigrationWords words, boolean chosen) {
    Migration move = words.move();
    Style grave = Style.of(words.phase().gravity());
    switch (this) {
      case NAME -> {
        String name = Text.cutMiddle(Text.clean(move.tenant(), true), width, canvas.glyphs().ellipsis());
        Style style = words.phase().gravity() == Gravity.BAD ? Style.BAD : Style.PLAIN;
        canvas.put(column, row, name, width, chosen ? style.inBold().inReverse() : style);
      }
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
