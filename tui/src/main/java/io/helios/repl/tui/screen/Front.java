package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Fault;
import io.helios.repl.tui.model.Dialog;
import io.helios.repl.tui.model.Model;
import io.helios.repl.tui.model.News;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What stands in front of the screen: help, plans, refusals. */
final class Front {

  private static final int WIDEST = 78;

  private record Line(String text, Style style) {}

  private Front() {}

  static void draw(Canvas canvas, Model model, Dialog dialog) {
    int width = Math.min(WIDEST, canvas.columns() - 4);
    if (width < 16) {
      width = canvas.columns();
    }
    int inner = width - 4;
    switch (dialog) {
      case Dialog.Help h -> box(canvas, "keys", help(model), "any key closes", width);
      case Dialog.Planning p ->
          box(
              canvas,
              p.action().word() + " " + names(p.tenants()),
              List.of(new Line("asking the server what it would do", Style.PLAIN)),
              "Esc leaves it",
              width);
      case Dialog.Confirming c -> confirming(canvas, c, width, inner);
      case Dialog.Refusal r -> refusal(canvas, r, width, inner);
    }
  }

  private static void confirming(Canvas canvas, Dialog.Confirming asked, int width, int inner) {
    List<Line> lines = new ArrayList<>();
    for (News.TenantPlan plan : asked.plans()) {
      if (asked.plans().size() > 1) {
        lines.add(new Line(plan.tenant(), Style.BOLD));
      }
      if (plan.steps().isEmpty()) {
        lines.add(new Line("- do nothing", Style.PLAIN));
      }
      for (String step : plan.steps()) {
        List<String> wrapped = canvas.wrap("- " + step, inner);
        for (int i = 0; i < wrapped.size(); i++) {
          lines.add(new Line(i == 0 ? wrapped.get(i) : "  " + wrapped.get(i), Style.PLAIN));
        }
      }
    }
    // Of a long plan the beginning shows, and how much more there is; the question always does.
    int room = Math.max(1, canvas.rows() - 8);
    if (lines.size() > room) {
      int more = lines.size() - room + 1;
      lines = new ArrayList<>(lines.subList(0, room - 1));
      lines.add(new Line(more + " more lines", Style.BOLD));
    }
    lines.add(new Line("", Style.PLAIN));
    String keys;
    if (asked.action().isSevere()) {
      String name = asked.plans().getFirst().tenant();
      lines.add(new Line("type " + name + " to go on: " + asked.typed() + "_", Style.BOLD));
      keys = asked.isTyped() ? "Enter does it   Esc leaves it" : "Esc leaves it";
    } else {
      lines.add(new Line("do it?", Style.BOLD));
      keys = "y does it   n leaves it";
    }
    String who = asked.plans().size() == 1 ? asked.plans().getFirst().tenant() : asked.plans().size() + " tenants";
    box(canvas, asked.action().word() + " " + who + " would", lines, keys, width);
  }

  private static void refusal(Canvas canvas, Dialog.Refusal refusal, int width, int inner) {
    Fault fault = refusal.fault();
    List<Line> lines = new ArrayList<>();
    canvas.wrap((fault.code().isEmpty() ? "" : fault.code() + ": ") + fault.message(), inner)
        .forEach(l -> lines.add(new Line(l, Style.BAD)));
    if (!fault.why().isEmpty()) {
      canvas.wrap("why:  " + fault.why(), inner).forEach(l -> lines.add(new Line(l, Style.PLAIN)));
    }
    if (!fault.hint().isEmpty()) {
      canvas.wrap("hint: " + fault.hint(), inner).forEach(l -> lines.add(new Line(l, Style.BOLD)));
    }
    box(canvas, refusal.what() + " was refused", lines, "Esc closes", width);
  }

  private static List<Line> help(Model model) {
    List<Line> lines = new ArrayList<>();
    plain(lines, "j k  g G       move; first, last", "Enter d     open tenant");
    plain(lines, "Ctrl-d Ctrl-u  half a page down, up", "Esc q       back, leave");
    plain(lines, "1 to 5  Tab    tabs;  l  events", "space       mark");
    plain(lines, "< >            sort", ":           command");
    plain(lines, "/ filter       part of a name", "state:lag  tier:prem  !not");
    plain(lines, "", "source:  target:  region:");
    if (!model.isReadOnly()) {
      plain(lines, "p              pause", "R           resume, start, resync");
      plain(lines, "v              verify", ":           stop, delete NAME");
      plain(lines, "m              migrate to its target", "x           cancel a move");
      plain(lines, "c  b           cutover; rollback", "e           complete: no way back");
      plain(lines, "f              fail over", "B  J        failback; rejoin");
    }
    plain(lines, "", "");
    plain(lines, "x failed, needs resync     ! over its lag target (SLO)", "");
    plain(lines, "? lag unknown   ~ copying, cutover   = paused   - stopped", "");
    plain(lines, "+ not started   # fenced   ^ promoted   > moved", "");
    plain(lines, "moves: x failed, no answer   ! undone   = waits for somebody", "");
    plain(lines, "failovers: x failed, stuck   ! clients not sent   ^ no replica", "");
    plain(lines, "BEHIND is WAL; BUDGET is what is left of the SLO's error budget", "");
    return lines;
  }

  private static void plain(List<Line> lines, String left, String right) {
    lines.add(new Line(String.format(Locale.ROOT, "%-38s%s", left, right).stripTrailing(), Style.PLAIN));
  }

  private static void box(Canvas canvas, String title, List<Line> lines, String keys, int width) {
    int height = Math.min(canvas.rows(), lines.size() + 4);
    int left = Math.max(0, (canvas.columns() - width) / 2);
    int top = Math.max(0, (canvas.rows() - height) / 2);
    List<String> corners = canvas.glyphs().corners();
    canvas.fill(left, top, width, height, ' ', Style.PLAIN);
    canvas.fill(left + 1, top, width - 2, 1, canvas.glyphs().rule(), Style.PLAIN);
    canvas.fill(left + 1, top + height - 1, width - 2, 1, canvas.glyphs().rule(), Style.PLAIN);
    canvas.fill(left, top + 1, 1, height - 2, canvas.glyphs().side(), Style.PLAIN);
    canvas.fill(left + width - 1, top + 1, 1, height - 2, canvas.glyphs().side(), Style.PLAIN);
    canvas.put(left, top, corners.get(0), Style.PLAIN);
    canvas.put(left + width - 1, top, corners.get(1), Style.PLAIN);
    canvas.put(left, top + height - 1, corners.get(2), Style.PLAIN);
    canvas.put(left + width - 1, top + height - 1, corners.get(3), Style.PLAIN);
    canvas.put(left + 2, top, " " + title + " ", width - 4, Style.BOLD);
    for (int i = 0; i < lines.size() && i < height - 4; i++) {
      canvas.put(left + 2, top + 2 + i, lines.get(i).text(), width - 4, lines.get(i).style());
    }
    canvas.put(left + 2, top + height - 1, " " + keys + " ", width - 4, Style.BOLD);
  }

  private static String names(List<String> tenants) {
    return tenants.size() == 1 ? tenants.getFirst() : tenants.size() + " tenants";
  }
}
