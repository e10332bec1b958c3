package io.helios.repl.demo;

import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What the demonstration shows: on a terminal, progress bars and a table that are drawn again in place; elsewhere plain
 * lines, each once. Owned by one thread.
 */
final class DemoScreen implements AutoCloseable {

  private static final String ESCAPE = "\u001b[";
  private static final int BAR = 24;
  private static final int LINES_AROUND = 8;

  private final PrintStream out;
  private final Terminal terminal;
  private final Set<String> announced = new HashSet<>();
  private int drawn;

  DemoScreen(PrintStream out, Terminal terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  Terminal terminal() {
    return terminal;
  }

  Charset charset() {
    return out.charset();
  }

  /** A line that stays. */
  void line(String text) {
    keep();
    out.println(ascii(text));
    out.flush();
  }

  void heading(String text) {
    line(bold(text));
  }

  /** How far the initial copies are. */
  void copying(List<TenantStatus> statuses) {
    if (!terminal.redraws()) {
      statuses.stream()
          .filter(DemoScreen::isCopied)
          .filter(s -> announced.add(s.tenant()))
          .forEach(s -> line(String.format(Locale.ROOT, "  %-18s %,9d rows copied", s.tenant(), s.copy().rows())));
      return;
    }
    // What is still under way comes first: it must show when there is not room for all.
    draw(statuses.stream().sorted(Comparator.comparing(DemoScreen::isCopied)).map(this::bar).toList());
  }

  /** Lag and rate of each tenant now. */
  void live(List<TenantStatus> statuses, String total) {
    if (!terminal.redraws()) {
      double worst = statuses.stream().mapToDouble(s -> lag(s)).max().orElse(0);
      line("  " + total + "; " + statuses.size() + " tenants, furthest behind " + LagSamples.text(worst));
      return;
    }
    List<String> lines = new ArrayList<>();
    lines.add(bold(String.format(Locale.ROOT, "  %-18s %-13s %9s %9s %12s", "tenant", "state", "lag", "rows/s", "applied")));
    lines.addAll(statuses.stream().map(this::row).toList());
    lines.add("  " + total);
    draw(lines);
  }

  private static boolean isCopied(TenantStatus status) {
    return status.state() != TenantState.CREATED && status.state() != TenantState.COPYING;
  }

  private String bar(TenantStatus status) {
    TenantStatus.CopyProgress copy = status.copy();
    boolean done = isCopied(status);
    double share = done ? 1 : Math.min(0.99, (double) copy.rows() / Math.max(1, copy.estimatedRows()));
    int full = (int) Math.round(share * BAR);
    String bar =
        (terminal.unicode() ? "█" : "#").repeat(full) + (terminal.unicode() ? "░" : ".").repeat(BAR - full);
    return String.format(
        Locale.ROOT, "  %-18s %s %3.0f %% %,10d rows", status.tenant(), colour(done ? 32 : 36, bar), share * 100, copy.rows());
  }

  private String row(TenantStatus status) {
    boolean well = status.error() == null && lag(status) <= status.lagTargetSeconds();
    String text =
        String.format(
            Locale.ROOT, "  %-18s %-13s %9s %,9.0f %12s",
            status.tenant(),
            status.state(),
            status.lagSeconds() == null ? "unknown" : LagSamples.text(lag(status)),
            status.rowsPerSecond(),
            status.appliedLsn() == null ? "" : status.appliedLsn());
    return well ? text : colour(31, text);
  }

  private static double lag(TenantStatus status) {
    Double lag = status.lagSeconds();
    return lag == null ? 0 : lag;
  }

  /** Draws over what was drawn last. More lines than the terminal has would scroll, so the middle ones are left out. */
  private void draw(List<String> lines) {
    List<String> shown = new ArrayList<>(lines);
    int room = Math.max(5, terminal.rows() - LINES_AROUND);
    if (shown.size() > room) {
      String last = shown.getLast();
      int left = shown.size() - room + 1;
      shown = new ArrayList<>(shown.subList(0, room - 2));
      shown.add("  " + left + " more");
      shown.add(last);
    }
    StringBuilder text = new StringBuilder();
    if (drawn > 0) {
      text.append(ESCAPE).append(drawn).append('A');
    } else {
      text.append(ESCAPE).append("?25l");
    }
    for (String line : shown) {
      text.append('\r').append(ESCAPE).append("2K").append(clip(line)).append('\n');
    }
    text.append(ESCAPE).append('J');
    drawn = shown.size();
    out.print(text);
    out.flush();
  }

  /** What is drawn stays, and the cursor shows again. */
  private void keep() {
    if (drawn > 0) {
      drawn = 0;
      out.print(ESCAPE + "?25h");
    }
  }

  /** Cuts a line to the terminal's width; escape sequences take none of it. */
  private String clip(String line) {
    int width = 0;
    int i = 0;
    while (i < line.length()) {
      if (line.startsWith(ESCAPE, i)) {
        i = line.indexOf('m', i) + 1;
      } else if (width == terminal.columns() - 1) {
        return line.substring(0, i) + (terminal.colours() ? ESCAPE + "0m" : "");
      } else {
        width++;
        i++;
      }
    }
    return line;
  }

  private String bold(String text) {
    return colour(1, text);
  }

  private String colour(int code, String text) {
    return terminal.colours() ? ESCAPE + code + "m" + text + ESCAPE + "0m" : text;
  }

  private String ascii(String text) {
    return terminal.unicode() ? text : text.replace('…', '.').replaceAll("[^\\x00-\\x7f]", "?");
  }

  @Override
  public void close() {
    keep();
    out.flush();
  }
}
