package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.FailoverPhase;
import io.helios.repl.tui.fleet.Fleet;
import io.helios.repl.tui.fleet.Observation;
import io.helios.repl.tui.fleet.Phase;
import io.helios.repl.tui.fleet.Standing;
import io.helios.repl.tui.fleet.Tenant;
import io.helios.repl.tui.fleet.Totals;
import io.helios.repl.tui.model.Layout;
import io.helios.repl.tui.model.Model;
import io.helios.repl.tui.model.Tab;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Who tells, and the fleet in sums. */
final class Header {

  private Header() {}

  static void draw(Canvas canvas, Model model) {
    Layout layout = model.layout();
    first(canvas, model);
    Fleet fleet = model.fleet();
    if (fleet == null) {
      return;
    }
    if (layout.wide()) {
      tabs(canvas, model, fleet);
    } else if (layout.header() > 1) {
      counts(canvas, model, fleet);
    }
    if (layout.header() > 2) {
      sums(canvas, model, fleet);
    }
  }

  private static void first(Canvas canvas, Model model) {
    int x = canvas.put(0, 0, "helios-repl top", Style.BOLD);
    x = canvas.put(x + 2, 0, model.server(), Style.PLAIN);
    Fleet fleet = model.fleet();
    if (model.isReadOnly()) {
      x = canvas.put(x + 2, 0, "read-only", Style.WARNING);
    }
    String clock = (fleet == null ? "" : Figures.clock(fleet.at()) + "Z  ") + "? help";
    int end = canvas.columns() - canvas.width(clock);
    if (fleet != null) {
      String who = fleet.server().region() + (fleet.server().node().isEmpty() ? "" : "  " + fleet.server().node());
      Long epoch = fleet.server().epoch();
      x = canvas.put(x + 2, 0, who + (epoch == null ? "" : " epoch " + epoch), Math.max(0, end - x - 4), Style.PLAIN);
      if (canvas.columns() >= 120) {
        canvas.put(x + 2, 0, fleet.server().version(), Math.max(0, end - x - 4), Style.FAINT);
      }
    }
    if (fleet != null && model.layout().wide()) {
      String promises = promises(fleet) + "   ";
      end -= promises.length();
      clock = promises + clock;
    }
    if (end > 18) {
      canvas.fill(end - 2, 0, canvas.columns(), 1, ' ', Style.PLAIN);
      canvas.put(end, 0, clock, Style.PLAIN);
    }
  }

  /** How many stand how, what is wrong first. */
  private static void counts(Canvas canvas, Model model, Fleet fleet) {
    Totals totals = fleet.totals();
    if (model.tab() == Tab.MIGRATIONS || model.tab() == Tab.FAILOVER) {
      counts(canvas, 0, 1, canvas.columns(), counted(model.tab(), fleet), 1);
      return;
    }
    String sums =
        (totals.lag() == null ? "" : "p99 " + Figures.seconds(totals.lag().p99()) + " ")
            + Figures.rate(totals.rowsPerSecond())
            + " rows/s";
    int end = canvas.columns() - canvas.width(sums);
    counts(canvas, 0, 1, end - 1, counted(model.tab(), fleet), 1);
    canvas.put(end, 1, sums, Style.PLAIN);
  }

  private static void tabs(Canvas canvas, Model model, Fleet fleet) {
    int x = 0;
    for (Tab tab : Tab.values()) {
      boolean open = tab == model.tab();
      String text = tab.key() + " " + tab.title();
      x = canvas.put(x, 1, open ? "[" + text + "]" : " " + text + " ", open ? Style.BOLD.inReverse() : Style.PLAIN) + 1;
    }
    List<Count> counts = counted(model.tab(), fleet);
    int room = canvas.columns() - x - 2;
    int gap = width(counts, 2) <= room ? 2 : 1;
    counts(canvas, canvas.columns() - Math.min(room, width(counts, gap)), 1, canvas.columns(), counts, gap);
  }

  /** Behind a number, what is wrong first. */
  private record Count(String text, Style style) {}

  private static List<Count> counted(Tab tab, Fleet fleet) {
    List<Count> counts = new ArrayList<>();
    if (tab == Tab.MIGRATIONS) {
      Map<Phase, Integer> phases = new EnumMap<>(Phase.class);
      fleet.migrations().forEach(m -> phases.merge(Phase.of(m), 1, Integer::sum));
      counts.add(total(fleet.migrations().size(), "migration"));
      phases.forEach((phase, count) -> counts.add(new Count(count + " " + phase.count(), Style.of(phase.gravity()))));
    } else if (tab == Tab.FAILOVER) {
      Map<FailoverPhase, Integer> phases = new EnumMap<>(FailoverPhase.class);
      fleet.failovers().forEach(f -> phases.merge(FailoverPhase.of(f), 1, Integer::sum));
      long dead = fleet.observations().stream().filter(Observation::isDead).count();
      if (dead > 0) {
        counts.add(new Count(dead + " dead,", Style.BAD));
      }
      counts.add(total(fleet.failovers().size(), "failover"));
      phases.forEach((phase, count) -> counts.add(new Count(count + " " + phase.count(), Style.of(phase.gravity()))));
    } else {
      Map<Standing, Integer> standings = new EnumMap<>(Standing.class);
      fleet.tenants().forEach(t -> standings.merge(Standing.of(t), 1, Integer::sum));
      counts.add(total(fleet.tenants().size(), "tenant"));
      standings.forEach((s, count) -> counts.add(new Count(count + " " + s.count(), Style.of(s.gravity()))));
    }
    return counts;
  }

  private static Count total(int size, String what) {
    return new Count(size + " " + what + (size == 1 ? "" : "s") + (size == 0 ? "" : ":"), Style.BOLD);
  }

  private static int width(List<Count> counts, int gap) {
    return counts.stream().mapToInt(c -> c.text().length() + gap).sum() - gap;
  }

  private static void counts(Canvas canvas, int column, int row, int end, List<Count> counts, int gap) {
    int x = column;
    for (Count count : counts) {
      if (x + count.text().length() > end) {
        return;
      }
      x = canvas.put(x, row, count.text(), count.style()) + gap;
    }
  }

  private static void sums(Canvas canvas, Model model, Fleet fleet) {
    Totals totals = fleet.totals();
    int x = canvas.put(0, 2, "filter ", Style.FAINT);
    x = canvas.put(x, 2, model.filter().isNone() ? "-" : model.filter().text().strip(), Math.max(8, canvas.columns() / 4), Style.BOLD);
    if (model.tab() == Tab.TENANTS) {
      x = canvas.put(x + 3, 2, "sort ", Style.FAINT);
      x = canvas.put(x, 2, model.sort().word() + canvas.glyphs().down(), Style.BOLD);
    }
    if (!model.marked().isEmpty()) {
      x = canvas.put(x + 3, 2, model.marked().size() + " marked", Style.BOLD);
    }
    if (model.layout().wide()) {
      Totals.Lag lag = totals.lag();
      String text =
          (lag == null
                  ? ""
                  : "lag p50 " + Figures.seconds(lag.p50()) + "  p95 " + Figures.seconds(lag.p95()) + "  p99 "
                      + Figures.seconds(lag.p99()) + "  max " + Figures.seconds(lag.max()) + "   ")
              + Figures.rate(totals.rowsPerSecond()) + " rows/s  "
              + Figures.bytes(totals.rawBytesPerSecond()) + "/s" + canvas.glyphs().arrow()
              + Figures.bytes(totals.sealedBytesPerSecond()) + "/s";
      canvas.right(canvas.columns(), 2, text, Style.PLAIN);
    } else if (x + 3 + promises(fleet).length() < canvas.columns()) {
      canvas.right(canvas.columns(), 2, promises(fleet), Style.PLAIN);
    }
  }

  private static String promises(Fleet fleet) {
    Long held = fleet.retainedWalBytes();
    return "SLO " + within(fleet) + (held == null ? "" : "  WAL held " + Figures.bytes(held));
  }

  /** Tenants within their lag target among those whose lag counts: paused and stopped ones were asked to lag. */
  private static String within(Fleet fleet) {
    int counted = 0;
    int well = 0;
    for (Tenant tenant : fleet.tenants()) {
      Standing standing = Standing.of(tenant);
      boolean counts =
          switch (standing) {
            case STREAMING, LAGGING, UNKNOWN, FAILED, NEEDS_RESYNC -> true;
            case FENCED, CUTOVER, COPYING, PAUSED, STOPPED, CREATED, PROMOTED, MOVED -> false;
          };
      if (counts) {
        counted++;
        well += standing == Standing.STREAMING ? 1 : 0;
      }
    }
    return well + "/" + counted;
  }
}
