package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Fault;
import io.helios.repl.tui.fleet.Gates;
import io.helios.repl.tui.model.Model;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** How the gates of a migration's next cutover stood when they were last looked at: the closed ones first. */
final class GateLines {

  record Line(String text, Style style) {}

  private GateLines() {}

  /** Nothing where no cutover is ahead. */
  static List<Line> of(Canvas canvas, Model model, MigrationWords words, int width) {
    Gates gates = model.gates();
    if (gates == null) {
      String waiting = waiting(words);
      return waiting == null ? List.of() : List.of(new Line("gates: " + waiting, Style.FAINT));
    }
    String seen = "gates, seen " + Figures.since(gates.at(), words.now()) + " ago";
    List<Line> lines = new ArrayList<>();
    Fault unseen = gates.unseen();
    if (unseen != null) {
      add(lines, canvas, seen + ": not to be seen, " + unseen.code() + " " + unseen.message(), width, Style.WARNING);
      return lines;
    }
    List<Gates.Gate> closed = gates.gates().stream().filter(g -> !g.isOpen() && !g.byItself()).toList();
    String byItself = names(gates.gates().stream().filter(Gates.Gate::byItself).toList());
    String open = names(gates.gates().stream().filter(Gates.Gate::isOpen).toList());
    if (closed.isEmpty()) {
      add(lines, canvas, seen + ": " + (byItself.isEmpty() ? "all open" : "open " + open), width, Style.WELL);
    } else {
      lines.add(new Line(seen + ": " + closed.size() + " closed", Style.BAD));
      closed.forEach(g -> closed(lines, canvas, g, width));
      add(lines, canvas, "  open " + open, width, Style.PLAIN);
    }
    if (!byItself.isEmpty()) {
      add(lines, canvas, "~ " + byItself + ": made anew before the cutover", width, Style.BUSY);
    }
    return lines;
  }

  private static void closed(List<Line> lines, Canvas canvas, Gates.Gate gate, int width) {
    Fault problem = gate.problem();
    if (problem != null) {
      add(lines, canvas, "x " + gate.name() + " " + problem.code() + " " + problem.message(), width, Style.BAD);
    }
  }

  /** For where there is room for no more; null where no cutover is ahead. */
  static @Nullable Line oneLine(Model model, MigrationWords words) {
    Gates gates = model.gates();
    if (gates == null || gates.unseen() != null) {
      String waiting = gates == null ? waiting(words) : "not to be seen";
      return waiting == null ? null : new Line("gates: " + waiting, Style.FAINT);
    }
    String closed =
        gates.gates().stream()
            .filter(g -> !g.byItself())
            .flatMap(g -> g.problem() == null ? Stream.empty() : Stream.of(g.name() + " " + g.problem().code()))
            .collect(Collectors.joining(", "));
    String seen = "gates, seen " + Figures.since(gates.at(), words.now()) + " ago: ";
    boolean open = closed.isEmpty();
    return new Line(seen + (open ? "none is closed" : "closed " + closed), open ? Style.WELL : Style.BAD);
  }

  /** What is wrapped goes on under its beginning. */
  private static void add(List<Line> lines, Canvas canvas, String text, int width, Style style) {
    List<String> wrapped = canvas.wrap(text, Math.max(8, width - 2));
    for (int i = 0; i < wrapped.size(); i++) {
      lines.add(new Line(i == 0 ? wrapped.get(i) : "  " + wrapped.get(i).strip(), style));
    }
  }

  private static String names(List<Gates.Gate> gates) {
    return gates.stream().map(Gates.Gate::name).collect(Collectors.joining(", "));
  }

  private static @Nullable String waiting(MigrationWords words) {
    return switch (words.phase()) {
      case PLANNED, COPYING, CATCHING_UP, FAILED -> "looked at when it is ready";
      case READY, UNDONE, RETRYING, SWITCHED, NOT_BACK -> "being looked at";
      case UNANSWERED, UNKNOWN, CUTTING_OVER, CUTTING_BACK, CLEARING_UP, COMPLETING, SETTLING, CANCELLING, COMPLETED, ROLLED_BACK,
          SETTLED, CANCELLED ->
          null;
    };
  }
}
