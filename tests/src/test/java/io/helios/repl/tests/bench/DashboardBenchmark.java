package io.helios.repl.tests.bench;

import com.googlecode.lanterna.TerminalSize;
import com.googlecode.lanterna.input.KeyStroke;
import com.googlecode.lanterna.input.KeyType;
import com.googlecode.lanterna.screen.Screen;
import com.googlecode.lanterna.screen.TerminalScreen;
import com.googlecode.lanterna.terminal.ansi.ANSITerminal;
import io.helios.repl.tui.fleet.FailoverNews;
import io.helios.repl.tui.fleet.FleetUpdate;
import io.helios.repl.tui.fleet.Migration;
import io.helios.repl.tui.fleet.Objective;
import io.helios.repl.tui.fleet.Server;
import io.helios.repl.tui.fleet.Tenant;
import io.helios.repl.tui.fleet.Totals;
import io.helios.repl.tui.model.Filter;
import io.helios.repl.tui.model.Keys;
import io.helios.repl.tui.model.Model;
import io.helios.repl.tui.model.News;
import io.helios.repl.tui.screen.Screens;
import io.helios.repl.tui.screen.Theme;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How much of a processor's time the dashboard takes from a key, or from a second's news of every tenant, to the last byte of the frame: a list of
 * 5,000 tenants, scrolled by pages, so that each frame changes nearly all of the screen.
 */
final class DashboardBenchmark {

  private static final int TENANTS = 5_000;
  private static final int WARM_UP = 1_000;
  private static final int FRAMES = 3_000;

  /** What else the machine does must not count. */
  private static final ThreadMXBean CPU = ManagementFactory.getThreadMXBean();

  /** A terminal of a fixed size that takes everything. */
  private static final class Sink extends ANSITerminal {

    private final TerminalSize size;

    Sink(TerminalSize size) {
      super(new ByteArrayInputStream(new byte[0]), OutputStream.nullOutputStream(), StandardCharsets.UTF_8);
      this.size = size;
    }

    @Override
    protected TerminalSize findTerminalSize() {
      return size;
    }
  }

  String run() throws IOException {
    StringBuilder text = new StringBuilder("| screen | frame after a key: p50 | p99 | worst | frame after a second's news: p50 | p99 | worst |\n");
    text.append("| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    for (TerminalSize size : List.of(new TerminalSize(80, 24), new TerminalSize(120, 40), new TerminalSize(240, 70))) {
      text.append(row(size));
    }
    System.out.print(text);
    return text.toString();
  }

  private static String row(TerminalSize size) throws IOException {
    Screen screen = new TerminalScreen(new Sink(size));
    screen.startScreen();
    screen.setCursorPosition(null);
    Instant begin = Instant.parse("2026-01-01T00:00:00Z");
    Model model = new Model("bench", false, Filter.NONE, Duration.ofSeconds(1), begin);
    model.resize(size.getColumns(), size.getRows());
    Keys keys = new Keys(model);
    Theme theme = new Theme(true, true);
    for (int second = 0; second < 120; second++) {
      model.hear(new News.Told(update(begin.plusSeconds(second), second)));
    }
    double[] byKey = new double[FRAMES];
    double[] byNews = new double[FRAMES / 10];
    KeyStroke down = new KeyStroke(KeyType.PageDown);
    KeyStroke up = new KeyStroke(KeyType.Home);
    for (int frame = -WARM_UP; frame < FRAMES; frame++) {
      FleetUpdate update = frame % 10 == 0 ? update(begin.plusSeconds(1_000 + frame), frame) : null;
      long from = CPU.getCurrentThreadCpuTime();
      keys.press(frame % 100 == 0 ? up : down);
      draw(model, screen, theme);
      double millis = (CPU.getCurrentThreadCpuTime() - from) / 1e6;
      if (frame >= 0) {
        byKey[frame] = millis;
      }
      if (update != null) {
        from = CPU.getCurrentThreadCpuTime();
        model.hear(new News.Told(update));
        draw(model, screen, theme);
        millis = (CPU.getCurrentThreadCpuTime() - from) / 1e6;
        if (frame >= 0) {
          byNews[frame / 10] = millis;
        }
      }
    }
    return String.format(
        Locale.ROOT,
        "| %dx%d | %s ms | %s ms | %s ms | %s ms | %s ms | %s ms |%n",
        size.getColumns(), size.getRows(),
        Figures.millis(Figures.percentile(byKey, 0.5)), Figures.millis(Figures.percentile(byKey, 0.99)), Figures.millis(Figures.percentile(byKey, 1)),
        Figures.millis(Figures.percentile(byNews, 0.5)), Figures.millis(Figures.percentile(byNews, 0.99)), Figures.millis(Figures.percentile(byNews, 1)));
  }

  private static void draw(Model model, Screen screen, Theme theme) throws IOException {
    Screens.render(model, screen.newTextGraphics(), theme);
    screen.refresh(Screen.RefreshType.DELTA);
  }

  /** Every tenth tenant was moved, or is on its way. */
  private static List<Migration> moves(Instant at) {
    List<Migration> moves = new ArrayList<>(TENANTS / 10);
    for (int i = 0; i < TENANTS; i += 10) {
      moves.add(
          new Migration(
              "move-" + i, String.format(Locale.ROOT, "tenant-%05d", i), "shop", "shop-eu", i % 30 == 0 ? "COMPLETED" : "READY", null, 2, 0,
              at, at, new Migration.Terms(100, 0, null, false, null), null, null, null, null, List.of()));
    }
    return moves;
  }

  private static FleetUpdate update(Instant at, int second) {
    List<Tenant> tenants = new ArrayList<>(TENANTS);
    for (int i = 0; i < TENANTS; i++) {
      int dice = Math.floorMod(i * 7919 + second * 104_729, 1000);
      tenants.add(
          new Tenant(
              String.format(Locale.ROOT, "tenant-%05d", i), dice < 5 ? "PAUSED" : "STREAMING", "shop", "shop-eu", "us-east-1", "eu-central-1",
              "standard", 1, dice < 30 ? dice / 2.0 : dice / 1000.0, dice * 1000L, 5, dice, "2/9F31A2C8", "2/A0012F30", Tenant.Copy.NONE, 0,
              1000 + dice, 4000, at, null, new Objective(3600, 0.999, 0.99, 0.9, 0.1)));
    }
    return new FleetUpdate(
        true, at, new Server("us-east-1", "bench", "node-a", null), new Totals(TENANTS, new Totals.Lag(0.1, 0.4, 0.8, 15), 41_000, 4e7, 9e6),
        List.of(), List.of(), tenants, List.of(), moves(at), List.of(), FailoverNews.NONE);
  }
}
