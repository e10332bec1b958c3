package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Failover;
import io.helios.repl.tui.fleet.Fault;
import io.helios.repl.tui.fleet.Passages;
import io.helios.repl.tui.model.Layout;
import io.helios.repl.tui.model.Model;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What is known of the chosen failover, and what the observers see, below the list or on a whole screen. */
final class FailoverPane {

  private FailoverPane() {}

  /** Below the list. */
  static void below(Canvas canvas, Model model) {
    Layout layout = model.layout();
    if (layout.detail() == 0) {
      return;
    }
    int row = layout.detailRule() + 1;
    int end = row + layout.detail();
    Failover failover = model.selectedFailover();
    if (failover == null) {
      canvas.rule(layout.detailRule(), "observers");
      ObserverLines.draw(canvas, model, 1, row, canvas.columns() - 2, layout.detail());
      return;
    }
    canvas.rule(layout.detailRule(), failover.tenant());
    FailoverWords words = FailoverTable.words(model, failover);
    if (!layout.wide()) {
      row = told(canvas, words, 1, row, canvas.columns() - 2, end, 2);
      ObserverLines.draw(canvas, model, 1, row, canvas.columns() - 2, end - row);
      return;
    }
    int left = canvas.columns() / 2;
    row = told(canvas, words, 1, row, left - 2, end, 4);
    phases(canvas, model, words, 1, row, left - 2, end - row);
    for (int y = layout.detailRule() + 1; y < end; y++) {
      canvas.cell(left, y, canvas.glyphs().side(), Style.FAINT);
    }
    ObserverLines.draw(canvas, model, left + 2, layout.detailRule() + 1, canvas.columns() - left - 3, layout.detail());
  }

  /** On a whole screen. */
  static void whole(Canvas canvas, Model model, Failover failover) {
    Layout layout = model.layout();
    FailoverWords words = FailoverTable.words(model, failover);
    int width = canvas.columns() - 2;
    int end = layout.rules() ? layout.keysRule() : layout.keys();
    int row = layout.titles();
    canvas.rule(row++, failover.tenant());
    row = told(canvas, words, 1, row, width, end, layout.wide() ? 8 : 4);
    Failover.Account account = failover.account();
    if (account != null) {
      for (String table : account.tables()) {
        if (end - row > 6) {
          canvas.put(1, row++, "  " + table, width, Style.PLAIN);
        }
      }
    }
    for (String step : failover.nextSteps()) {
      if (row < end) {
        canvas.put(1, row++, "next: " + step, width, Style.PLAIN);
      }
    }
    if (end - row >= 2) {
      canvas.rule(row++, "phases");
    }
    row += phases(canvas, model, words, 1, row, width, Math.max(0, end - row - (layout.wide() ? 12 : 4)));
    if (end - row >= 3) {
      canvas.rule(row++, "observers");
      row += ObserverLines.draw(canvas, model, 1, row, width, Math.max(1, (end - row) * 2 / 3));
    }
    if (end - row >= 3) {
      canvas.rule(row++, "events");
      EventLines.of(canvas, model, failover.tenant(), row, end - row);
    }
  }

  /** How it stands, what is wrong, what it took and what is missing. Returns the row below. */
  private static int told(Canvas canvas, FailoverWords words, int column, int top, int width, int end, int faultLines) {
    Failover failover = words.failover();
    int row = top;
    int x = canvas.put(column, row, words.phase().sign() + " " + words.state(), width, Style.of(words.phase().gravity()));
    x = canvas.put(x, row, " for " + Figures.since(failover.since(), words.now()), Math.max(0, column + width - x), Style.PLAIN);
    String arrow = " " + canvas.glyphs().arrow() + " ";
    canvas.put(x + 2, row, failover.from() + arrow + failover.to(), Math.max(0, column + width - x - 2), Style.PLAIN);
    row++;
    for (String line : canvas.wrap(words.summary(), width)) {
      if (row < end) {
        canvas.put(column, row++, line, width, Style.BOLD);
      }
    }
    Fault error = failover.error();
    if (error != null && row < end) {
      row += FaultLines.draw(canvas, column, row, width, Math.min(faultLines, end - row), error);
    }
    List<String> rest = new ArrayList<>();
    rest.addAll(canvas.wrap(words.outcome(), width));
    rest.addAll(canvas.wrap(words.account(), width));
    for (String line : rest) {
      if (row < end && !line.isBlank()) {
        canvas.put(column, row++, line, width, Style.PLAIN);
      }
    }
    return row;
  }

  /** Each state with the time that it took, the newest first. Returns how many lines it took. */
  private static int phases(Canvas canvas, Model model, FailoverWords words, int column, int row, int width, int rows) {
    Passages told = model.passages();
    if (told == null || rows <= 0) {
      return 0;
    }
    List<String> lines = new ArrayList<>();
    Instant before = words.failover().begunAt();
    for (Passages.Passage passage : told.passages()) {
      lines.add(
          Figures.moment(passage.at(), words.now()) + " " + label(passage.to()) + " after "
              + Figures.millis((double) Duration.between(before, passage.at()).toMillis()) + ": " + passage.reason());
      before = passage.at();
    }
    List<String> newest = lines.reversed();
    int shown = Math.min(rows, newest.size());
    for (int i = 0; i < shown; i++) {
      canvas.put(column, row + i, newest.get(i), width, Style.PLAIN);
    }
    return shown;
  }

  private static String label(String state) {
    return state.toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
