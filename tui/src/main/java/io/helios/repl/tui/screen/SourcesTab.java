package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Endpoint;
import io.helios.repl.tui.fleet.Fault;
import io.helios.repl.tui.model.Layout;
import io.helios.repl.tui.model.Model;
import java.util.List;

/** Sources with the WAL that they hold back for us, and targets. */
final class SourcesTab {

  private static final int NAME = 3;

  private SourcesTab() {}

  static void draw(Canvas canvas, Model model) {
    Layout layout = model.layout();
    int name = canvas.columns() >= 100 ? 20 : 14;
    int role = NAME + name + 1;
    int state = role + 7;
    int tenants = state + 7 + 7;
    int wal = tenants + 10;
    int journal = wal + 9;
    int captured = journal + 2;
    int place = captured + 14;
    int titles = layout.titles();
    canvas.put(NAME, titles, "NAME", Style.BOLD);
    canvas.put(role, titles, "ROLE", Style.BOLD);
    canvas.put(state, titles, "STATE", Style.BOLD);
    canvas.right(tenants, titles, "TENANTS", Style.BOLD);
    canvas.right(wal, titles, "WAL HELD", Style.BOLD);
    canvas.right(journal, titles, "JOURNAL", Style.BOLD);
    canvas.put(captured, titles, "CAPTURED", Style.BOLD);
    boolean placed = canvas.columns() - place >= 16;
    if (placed) {
      canvas.put(place, titles, "PLACE", Style.BOLD);
    }
    List<Endpoint> endpoints = model.endpoints();
    int first = model.firstSeen();
    for (int i = 0; i < layout.listed() && first + i < endpoints.size(); i++) {
      Endpoint e = endpoints.get(first + i);
      int row = layout.first() + i;
      boolean chosen = first + i == model.chosen();
      if (chosen) {
        canvas.put(0, row, canvas.glyphs().cursor(), Style.BOLD);
      }
      Style style = !e.reachable() ? Style.BAD : e.error() != null ? Style.WARNING : Style.WELL;
      canvas.put(1, row, !e.reachable() ? "x" : e.error() != null ? "!" : " ", style);
      canvas.put(NAME, row, e.name(), name, chosen ? Style.BOLD.inReverse() : Style.PLAIN);
      canvas.put(role, row, e.role() == Endpoint.Role.SOURCE ? "source" : "target", Style.PLAIN);
      canvas.put(state, row, e.reachable() ? "up" : "DOWN", style);
      canvas.right(tenants, row, String.valueOf(e.tenants()), Style.PLAIN);
      if (e.role() == Endpoint.Role.SOURCE) {
        canvas.right(wal, row, Figures.bytes(e.retainedWalBytes()), Style.PLAIN);
        canvas.right(journal, row, Figures.bytes(e.journalBytes()), Style.PLAIN);
        canvas.put(captured, row, e.capturedLsn() == null ? Figures.NONE : e.capturedLsn(), 13, Style.PLAIN);
      }
      if (placed) {
        canvas.put(place, row, e.place(), Style.PLAIN);
      }
    }
    below(canvas, model, endpoints);
  }

  private static void below(Canvas canvas, Model model, List<Endpoint> endpoints) {
    Layout layout = model.layout();
    if (layout.detail() == 0) {
      return;
    }
    canvas.rule(layout.detailRule());
    if (endpoints.isEmpty()) {
      return;
    }
    Endpoint chosen = endpoints.get(Math.min(model.chosen(), endpoints.size() - 1));
    String role = chosen.role() == Endpoint.Role.SOURCE ? "source" : "target";
    Fault error = chosen.error();
    String text =
        error == null
            ? (chosen.reachable() ? "all is well" : "out of reach") + "; to look closer: helios-repl " + role + " check " + chosen.name()
            : error.code() + " " + error.message() + (error.hint().isEmpty() ? "" : "\nhint: " + error.hint());
    List<String> lines = canvas.wrap(role + " " + chosen.name() + " at " + chosen.place() + ": " + text, canvas.columns() - 2);
    for (int i = 0; i < Math.min(lines.size(), layout.detail()); i++) {
      canvas.put(1, layout.detailRule() + 1 + i, lines.get(i), Style.PLAIN);
    }
  }
}
