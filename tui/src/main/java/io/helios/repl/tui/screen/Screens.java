package io.helios.repl.tui.screen;

import com.googlecode.lanterna.graphics.TextGraphics;
import io.helios.repl.tui.fleet.Failover;
import io.helios.repl.tui.fleet.Fleet;
import io.helios.repl.tui.fleet.Migration;
import io.helios.repl.tui.fleet.Tenant;
import io.helios.repl.tui.model.Action;
import io.helios.repl.tui.model.Dialog;
import io.helios.repl.tui.model.Layout;
import io.helios.repl.tui.model.Model;
import io.helios.repl.tui.model.Notice;
import io.helios.repl.tui.model.Prompt;
import io.helios.repl.tui.model.Tab;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Draws a frame. What is drawn depends on the model alone. */
public final class Screens {

  private Screens() {}

  /** Writes every cell of {@code graphics}, whose size the model must know. */
  public static void render(Model model, TextGraphics graphics, Theme theme) {
    Canvas canvas = new Canvas(graphics, theme);
    Layout layout = model.layout();
    canvas.wipe();
    Header.draw(canvas, model);
    if (layout.rules()) {
      canvas.rule(layout.header());
      canvas.rule(layout.keysRule());
    }
    if (model.fleet() == null) {
      canvas.put(2, layout.first(), "waiting for the first news from " + model.server(), Style.BOLD);
    } else {
      body(canvas, model);
    }
    banner(canvas, model);
    foot(canvas, model);
    Dialog dialog = model.dialog();
    if (dialog != null) {
      Front.draw(canvas, model, dialog);
    }
  }

  private static void body(Canvas canvas, Model model) {
    Tenant tenant = model.selected();
    switch (model.tab()) {
      case TENANTS -> {
        if (model.isOpen() && tenant != null) {
          TenantPane.whole(canvas, model, tenant);
        } else {
          TenantPane.below(canvas, model);
          TenantTable.draw(canvas, model);
          EventLines.newest(canvas, model);
        }
      }
      case MIGRATIONS -> {
        Migration move = model.selectedMove();
        if (model.isOpen() && move != null) {
          MigrationPane.whole(canvas, model, move);
        } else {
          MigrationPane.below(canvas, model);
          MigrationTable.draw(canvas, model);
          EventLines.newest(canvas, model);
        }
      }
      case FAILOVER -> {
        Failover failover = model.selectedFailover();
        if (model.isOpen() && failover != null) {
          FailoverPane.whole(canvas, model, failover);
        } else {
          FailoverPane.below(canvas, model);
          FailoverTable.draw(canvas, model);
          EventLines.newest(canvas, model);
        }
      }
      case SOURCES -> {
        SourcesTab.draw(canvas, model);
        EventLines.newest(canvas, model);
      }
      case EVENTS -> EventLines.tab(canvas, model);
    }
  }

  /** What is shown is not what is: that must not be missed. */
  private static void banner(Canvas canvas, Model model) {
    String silence = model.silence();
    if (silence == null) {
      return;
    }
    int row = model.layout().rules() ? model.layout().header() : 0;
    String text =
        model.fleet() == null
            ? " NO CONNECTION: " + silence
            : " SERVER GONE " + canvas.glyphs().dot() + " what you see is " + Figures.age(model.age()) + " old "
                + canvas.glyphs().dot() + " trying again " + canvas.glyphs().dot() + " " + silence;
    canvas.fill(0, row, canvas.columns(), 1, ' ', Style.BAD.inReverse());
    canvas.put(0, row, text, canvas.columns(), Style.BAD.inReverse());
  }

  private static void foot(Canvas canvas, Model model) {
    Layout layout = model.layout();
    Notice notice = model.notice();
    if (notice != null) {
      int row = layout.rules() ? layout.keysRule() : layout.keys();
      canvas.fill(0, row, canvas.columns(), 1, ' ', Style.PLAIN);
      canvas.put(1, row, notice.text(), Style.of(notice.severity()).inBold());
      if (!layout.rules()) {
        return;
      }
    }
    Prompt prompt = model.prompt();
    if (prompt != null) {
      String text = prompt.kind().sign() + prompt.text() + "_";
      canvas.fill(0, layout.keys(), canvas.columns(), 1, ' ', Style.PLAIN);
      int over = Math.max(0, canvas.width(text) - canvas.columns() + 1);
      canvas.put(0, layout.keys(), text.substring(Math.min(over, text.length() - 1)), Style.BOLD);
      return;
    }
    canvas.fill(0, layout.keys(), canvas.columns(), 1, ' ', Style.PLAIN);
    canvas.put(1, layout.keys(), keys(canvas, model), Style.PLAIN);
  }

  /** What there is room for; the rest is in the help. */
  private static String keys(Canvas canvas, Model model) {
    String enter = canvas.glyphs().enter();
    boolean tenants = model.tab() == Tab.TENANTS;
    List<String> shown = new ArrayList<>();
    if (model.isOpen()) {
      shown.addAll(List.of("Esc back", "j k next"));
    } else {
      if (model.tab() != Tab.SOURCES) {
        shown.add(enter + " open");
      }
      shown.addAll(List.of("/ filter", ": cmd"));
      shown.addAll(tenants ? List.of("< > sort", "space mark") : List.of());
    }
    if (tenants && !model.isReadOnly()) {
      shown.addAll(List.of("p pause", "v verify", "R resume"));
    }
    List<String> steps = model.isReadOnly() ? List.of() : steps(model);
    shown.addAll(steps);
    shown.addAll(List.of("1-5 tabs", "l events", "q " + (model.isOpen() ? "back" : "quit")));
    List<String> leastFirst =
        new ArrayList<>(List.of("l events", "space mark", "< > sort", ": cmd", "v verify", "1-5 tabs", "j k next", "R resume", "p pause"));
    leastFirst.addAll(steps.reversed());
    for (String least : leastFirst) {
      if (canvas.width(String.join("  ", shown)) > canvas.columns() - 1) {
        shown.remove(least);
      }
    }
    return String.join("  ", shown);
  }

  /** Those of a move or a failover that fit the chosen line. */
  private static List<String> steps(Model model) {
    Fleet fleet = model.fleet();
    String subject = model.subject();
    if (fleet == null || subject == null) {
      return List.of();
    }
    List<Action> steps =
        switch (model.tab()) {
          case TENANTS ->
              Stream.concat(
                      Action.fitting(fleet.migration(subject)).stream(), Action.fitting(fleet.failover(subject)).stream())
                  .toList();
          case MIGRATIONS -> Action.fitting(fleet.migration(subject));
          case FAILOVER -> Action.fitting(fleet.failover(subject));
          case SOURCES, EVENTS -> List.of();
        };
    return steps.stream().map(a -> a.key() + " " + a.word()).toList();
  }
}
