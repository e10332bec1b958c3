package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Fleet;
import io.helios.repl.tui.fleet.Lease;
import io.helios.repl.tui.fleet.Observation;
import io.helios.repl.tui.fleet.Standing.Gravity;
import io.helios.repl.tui.model.Model;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The databases that are looked at, who says what of them, and the leases that are given there: the worst first. */
final class ObserverLines {

  private static final String MORE = "helios-repl failover status";

  private record Line(String text, Style style) {}

  private ObserverLines() {}

  /** Returns how many lines it took. */
  static int draw(Canvas canvas, Model model, int column, int row, int width, int rows) {
    List<Line> lines = lines(model);
    int shown = lines.size() <= rows ? lines.size() : Math.max(0, rows - 1);
    for (int i = 0; i < shown; i++) {
      canvas.put(column, row + i, lines.get(i).text(), width, lines.get(i).style());
    }
    if (shown < lines.size() && rows > 0) {
      canvas.put(column, row + shown, lines.size() - shown + " more lines: " + MORE, width, Style.FAINT);
      return shown + 1;
    }
    return shown;
  }

  private static List<Line> lines(Model model) {
    Fleet fleet = model.fleet();
    List<Line> lines = new ArrayList<>();
    if (fleet == null) {
      return lines;
    }
    for (Lease lease : fleet.leases()) {
      if (!lease.given()) {
        lines.add(new Line(lease(lease), lease.problem() == null ? Style.BUSY : Style.BAD));
      }
    }
    fleet.observations().forEach(o -> observation(lines, o, model.serverNow()));
    fleet.leases().stream().filter(Lease::given).forEach(lease -> lines.add(new Line(lease(lease), Style.WELL)));
    if (lines.isEmpty()) {
      lines.add(new Line("nobody looks at the databases", Style.FAINT));
    }
    return lines;
  }

  private static void observation(List<Line> lines, Observation o, Instant now) {
    Gravity gravity = o.isDead() ? Gravity.BAD : o.isAlive() ? Gravity.WELL : Gravity.WARNING;
    char sign = o.isDead() ? 'x' : o.isAlive() ? ' ' : '!';
    String said =
        o.isAlive()
            ? "alive, answered " + Figures.since(o.lastAnswer(), now) + " ago"
            : o.verdict() + " for " + Figures.since(o.since(), now) + ", " + o.dead() + " of " + o.needed() + " votes";
    lines.add(new Line(sign + " " + o.endpoint() + " " + said, Style.of(gravity)));
    if (o.isAlive() && o.votes().stream().allMatch(v -> v.fresh() && v.verdict().equals(o.verdict()))) {
      return; // all is well, and all agree
    }
    if (o.why() != null) {
      lines.add(new Line("    " + o.why(), Style.PLAIN));
    }
    if (!o.votes().isEmpty()) {
      lines.add(new Line("    " + o.votes().stream().map(ObserverLines::vote).collect(Collectors.joining(", ")), Style.PLAIN));
    }
  }

  private static String vote(Observation.Vote vote) {
    return vote.observer() + ": " + vote.verdict() + (vote.fresh() ? vote.sighted() ? "" : " (sees nothing)" : " (old)");
  }

  private static String lease(Lease lease) {
    return (lease.given() ? "  " : lease.problem() == null ? "~ " : "x ")
        + "lease of " + lease.database() + ": "
        + (lease.given()
            ? "given"
            : lease.problem() == null ? "not given yet" : "NOT GIVEN, " + lease.problem().code() + " " + lease.problem().message());
  }
}
