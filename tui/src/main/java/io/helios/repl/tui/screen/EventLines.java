package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Event;
import io.helios.repl.tui.model.Layout;
import io.helios.repl.tui.model.Model;
import java.util.List;

/** What has happened, newest first. */
final class EventLines {

  private static final int TENANT = 20;

  private EventLines() {}

  /** The newest ones, below the list. */
  static void newest(Canvas canvas, Model model) {
    Layout layout = model.layout();
    if (layout.events() == 0) {
      return;
    }
    if (layout.wide()) {
      canvas.rule(layout.eventsRule(), "events");
    } else {
      canvas.rule(layout.eventsRule());
    }
    List<Event> events = model.events();
    int row = layout.eventsRule() + 1;
    if (events.isEmpty()) {
      canvas.put(1, row, "no event yet", Style.FAINT);
    }
    for (int i = 0; i < layout.events() && i < events.size(); i++) {
      line(canvas, 1, row + i, events.get(i));
    }
  }

  /** The tab. */
  static void tab(Canvas canvas, Model model) {
    Layout layout = model.layout();
    canvas.put(Table.MARGIN - 1, layout.titles(), "TIME", Style.BOLD);
    canvas.put(11, layout.titles(), "WHAT", Style.BOLD);
    List<Event> events = model.events();
    if (events.isEmpty()) {
      canvas.put(2, layout.first(), "no event since this dashboard was opened", Style.PLAIN);
      return;
    }
    int first = model.firstSeen();
    Event chosen = events.get(Math.min(model.chosen(), events.size() - 1));
    List<String> more = canvas.wrap(full(chosen), Math.max(10, canvas.columns() - 2));
    int below = Math.min(more.size(), Math.max(0, layout.whole() / 3));
    int rows = layout.whole();
    for (int i = 0; i < rows && first + i < events.size(); i++) {
      if (first + i == model.chosen()) {
        canvas.put(0, layout.first() + i, canvas.glyphs().cursor(), Style.BOLD);
      }
      line(canvas, 2, layout.first() + i, events.get(first + i));
    }
    // The chosen one in full, where there is room below the list or over its end.
    int shown = Math.min(rows, events.size() - first);
    int at = layout.first() + Math.min(shown + 1, rows - below - 1);
    boolean hides = at <= layout.first() + model.chosen() - first;
    if (below > 0 && !hides) {
      canvas.fill(0, at, canvas.columns(), layout.first() + rows - at, ' ', Style.PLAIN);
      canvas.rule(at);
      for (int i = 0; i < below && at + 1 + i < layout.first() + rows; i++) {
        canvas.put(1, at + 1 + i, more.get(i), Style.PLAIN);
      }
    }
  }

  /** Those of one tenant. */
  static void of(Canvas canvas, Model model, String tenant, int row, int rows) {
    List<Event> events = model.events().stream().filter(e -> tenant.equals(e.tenant())).limit(Math.max(0, rows)).toList();
    for (int i = 0; i < events.size(); i++) {
      line(canvas, 1, row + i, events.get(i));
    }
    if (events.isEmpty() && rows > 0) {
      canvas.put(1, row, "no event since this dashboard was opened: helios-repl tenant describe " + tenant, Style.FAINT);
    }
  }

  private static void line(Canvas canvas, int column, int row, Event event) {
    int x = canvas.put(column, row, Figures.clock(event.at()), Style.PLAIN) + 1;
    canvas.put(x, row, event.severity().name(), Style.of(event.severity()));
    x += 6;
    String tenant = event.tenant();
    if (tenant != null) {
      x = canvas.put(x, row, Text.cutMiddle(Text.clean(tenant, true), TENANT, canvas.glyphs().ellipsis()), Style.BOLD) + 1;
    }
    String code = event.code();
    if (code != null) {
      x = canvas.put(x, row, code, Style.PLAIN) + 1;
    }
    canvas.put(x, row, event.message(), Style.PLAIN);
  }

  private static String full(Event event) {
    String code = event.code();
    String hint = event.hint();
    return (event.tenant() == null ? "" : event.tenant() + ": ")
        + (code == null ? "" : code + " ")
        + event.message()
        + (hint == null || hint.isBlank() ? "" : "\nhint: " + hint);
  }
}
