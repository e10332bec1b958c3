package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Fault;
import io.helios.repl.tui.fleet.Fleet;
import io.helios.repl.tui.fleet.LagHistory;
import io.helios.repl.tui.fleet.Migration;
import io.helios.repl.tui.fleet.Objective;
import io.helios.repl.tui.fleet.Pipeline;
import io.helios.repl.tui.fleet.Standing;
import io.helios.repl.tui.fleet.Tenant;
import io.helios.repl.tui.model.Layout;
import io.helios.repl.tui.model.Model;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What is known of the chosen tenant, below the list or on a whole screen. */
final class TenantPane {

  private static final int STAGES = 58;

  private TenantPane() {}

  /** Below the list: two lines, or with room stages and chart beside each other. */
  static void below(Canvas canvas, Model model) {
    Layout layout = model.layout();
    Tenant tenant = model.selected();
    if (layout.detail() == 0) {
      return;
    }
    if (!layout.wide()) {
      canvas.rule(layout.detailRule());
      if (tenant != null) {
        twoLines(canvas, model, tenant, layout.detailRule() + 1);
      }
      return;
    }
    if (tenant == null) {
      canvas.rule(layout.detailRule());
      return;
    }
    canvas.rule(layout.detailRule(), tenant.name());
    int row = layout.detailRule() + 1;
    int rows = layout.detail();
    int left = Math.min(STAGES, canvas.columns() / 2);
    int used = 0;
    if (tenant.error() != null) {
      used = FaultLines.draw(canvas, 1, row, left - 2, 4, tenant.error());
    }
    used += move(canvas, row + used, left - 2, model, tenant);
    stages(canvas, 1, row + used, left - 2, rows - used, model, tenant, true);
    for (int i = 0; i < rows; i++) {
      canvas.cell(left, row + i, canvas.glyphs().side(), Style.FAINT);
    }
    LagChart.draw(canvas, left + 2, row, canvas.columns() - left - 3, rows, samples(model, tenant), tenant.lagTargetSeconds());
  }

  /** On a whole screen. */
  static void whole(Canvas canvas, Model model, Tenant tenant) {
    Layout layout = model.layout();
    int width = canvas.columns() - 2;
    int row = layout.titles();
    int end = layout.rules() ? layout.keysRule() : layout.keys();
    canvas.rule(row, tenant.name());
    row++;
    row = facts(canvas, model, tenant, row);
    row += move(canvas, row, width, model, tenant);
    Fault error = tenant.error();
    if (error != null && row < end) {
      row += FaultLines.draw(canvas, 1, row, width, Math.min(6, end - row), error);
    }
    int left = end - row;
    if (layout.wide()) {
      int half = Math.min(STAGES, canvas.columns() / 2);
      int upper = Math.min(left, Math.max(9, left * 5 / 10));
      stages(canvas, 1, row, half - 2, upper, model, tenant, false);
      for (int i = 0; i < upper; i++) {
        canvas.cell(half, row + i, canvas.glyphs().side(), Style.FAINT);
      }
      LagChart.draw(
          canvas, half + 2, row, canvas.columns() - half - 3, upper, samples(model, tenant), tenant.lagTargetSeconds());
      row += upper;
      left -= upper;
    } else {
      int upper = Math.min(left, model.pipeline() == null ? 1 : 7);
      stages(canvas, 1, row, width, upper, model, tenant, false);
      row += upper;
      left -= upper;
      if (left >= 5) {
        int chart = Math.min(8, left - 1);
        LagChart.draw(canvas, 1, row, width, chart, samples(model, tenant), tenant.lagTargetSeconds());
        row += chart;
        left -= chart;
      }
    }
    if (left >= 3) {
      row += tables(canvas, row, Math.max(2, left / 2), model.pipeline());
      left = end - row;
    }
    if (left >= 2) {
      canvas.rule(row, "events");
      EventLines.of(canvas, model, tenant.name(), row + 1, left - 1);
    } else if (left == 1) {
      EventLines.of(canvas, model, tenant.name(), row, 1);
    }
  }

  private static void twoLines(Canvas canvas, Model model, Tenant tenant, int row) {
    Fault error = tenant.error();
    int x = canvas.put(1, row, tenant.name(), Math.max(8, canvas.columns() / 3), Style.BOLD) + 1;
    if (error != null) {
      x = canvas.put(x, row, error.code(), Style.BAD) + 1;
      canvas.put(x, row, error.message(), Style.PLAIN);
      canvas.put(1, row + 1, error.hint().isEmpty() ? "d = details" : "hint: " + oneLine(error.hint()), Style.PLAIN);
      return;
    }
    canvas.put(x, row, summary(model, tenant), Style.PLAIN);
    if (move(canvas, row + 1, canvas.columns() - 2, model, tenant) == 0) {
      canvas.put(1, row + 1, positions(tenant), Style.PLAIN);
    }
  }

  /** How its migration stands, where one is in hand. Returns how many lines it took. */
  private static int move(Canvas canvas, int row, int width, Model model, Tenant tenant) {
    Fleet fleet = model.fleet();
    Migration migration = fleet == null ? null : fleet.migration(tenant.name());
    if (migration == null || (migration.isOver() && !migration.state().equals("FAILED"))) {
      return 0;
    }
    MigrationWords words = MigrationTable.words(model, migration);
    int x = canvas.put(1, row, "moving: ", Style.PLAIN);
    x = canvas.put(x, row, words.state(), Style.of(words.phase().gravity()));
    canvas.put(x, row, ", " + words.summary(), width + 1 - x, Style.PLAIN);
    return 1;
  }

  /** How it stands, in words. */
  static String summary(Model model, Tenant tenant) {
    String since = Figures.since(tenant.since(), model.serverNow());
    return switch (Standing.of(tenant)) {
      case LAGGING -> "is " + Figures.seconds(tenant.lagSeconds()) + " behind, target " + Figures.target(tenant.lagTargetSeconds()) + burn(tenant);
      case UNKNOWN -> "streams, but how far behind it is cannot be told: the source is out of reach";
      case COPYING ->
          "copies: " + tenant.copy().done() + " of " + tenant.copy().tables() + " tables done, "
              + Figures.rate((double) tenant.copy().rows()) + " rows, " + Figures.bytes((double) tenant.copy().bytes());
      case PAUSED -> "is paused for " + since + ": captured, not applied; " + next(model, tenant, "resume");
      case STOPPED -> "is stopped for " + since + "; " + next(model, tenant, "start");
      case CREATED -> "is declared, and was never started; " + next(model, tenant, "start");
      case NEEDS_RESYNC -> "needs a resync for " + since + "; " + next(model, tenant, "resync");
      case FAILED -> "failed " + since + " ago; once the cause is mended: " + next(model, tenant, "start");
      case FENCED -> "is fenced for " + since;
      case CUTOVER -> "is being cut over for " + since;
      case MOVED -> "moved " + since + " ago";
      case PROMOTED -> "was promoted " + since + " ago";
      case STREAMING -> "streams, " + Figures.seconds(tenant.lagSeconds()) + " behind, target " + Figures.target(tenant.lagTargetSeconds()) + burn(tenant);
    };
  }

  private static String next(Model model, Tenant tenant, String verb) {
    return model.isReadOnly() ? "helios-repl tenant " + verb + " " + tenant.name() : "R = " + verb;
  }

  private static String burn(Tenant tenant) {
    Objective objective = tenant.objective();
    return objective == null
        ? ""
        : ", budget left " + Figures.budget(objective) + (objective.burnRate() >= 1 ? " (burns " + Figures.rate(objective.burnRate()) + "x)" : "");
  }

  private static String positions(Tenant tenant) {
    return "applied " + orDash(tenant.appliedLsn()) + "  captured " + orDash(tenant.capturedLsn())
        + (tenant.conflicts() > 0 ? "  " + tenant.conflicts() + " conflicts" : "");
  }

  private static int facts(Canvas canvas, Model model, Tenant tenant, int row) {
    Standing standing = Standing.of(tenant);
    int x = canvas.put(1, row, standing.sign() == ' ' ? "" : standing.sign() + " ", Style.of(standing.gravity()));
    x = canvas.put(x, row, TenantColumn.state(tenant, standing), Style.of(standing.gravity()));
    x = canvas.put(x + 2, row, tenant.source() + region(tenant.sourceRegion()) + " " + canvas.glyphs().arrow() + " "
        + tenant.target() + region(tenant.targetRegion()), Style.PLAIN);
    canvas.put(x + 2, row, tenant.tier() + ", epoch " + tenant.epoch(), Style.PLAIN);
    canvas.put(1, row + 1, tenant.name() + " " + summary(model, tenant), Style.BOLD);
    canvas.put(
        1,
        row + 2,
        positions(tenant) + "  " + Figures.rate(tenant.rowsPerSecond()) + " rows/s  compressed " + Figures.ratio(tenant.compression()),
        Style.PLAIN);
    return row + 3;
  }

  private static String region(@Nullable String region) {
    return region == null ? "" : " (" + region + ")";
  }

  private static void stages(Canvas canvas, int column, int row, int width, int rows, Model model, Tenant tenant, boolean alone) {
    Pipeline pipeline = model.pipeline();
    if (pipeline == null) {
      List<String> lines =
          alone
              ? canvas.wrap(tenant.name() + " " + summary(model, tenant) + "\n" + positions(tenant), width)
              : List.of("nothing told of its stages yet");
      for (int i = 0; i < Math.min(rows, lines.size()); i++) {
        canvas.put(column, row + i, lines.get(i), width, Style.PLAIN);
      }
      return;
    }
    int y = row;
    int end = row + rows;
    canvas.put(column, y, "stage", Style.BOLD);
    canvas.right(column + 15, y, "p50", Style.BOLD);
    canvas.right(column + 22, y, "p99", Style.BOLD);
    canvas.right(column + 29, y, "queue", Style.BOLD);
    canvas.put(column + 31, y++, "state", width - 31, Style.BOLD);
    for (Pipeline.Stage stage : pipeline.stages()) {
      if (y >= end) {
        return;
      }
      canvas.put(column, y, stage.name(), 9, Style.PLAIN);
      canvas.right(column + 15, y, Figures.millis(stage.p50Millis()), Style.PLAIN);
      canvas.right(column + 22, y, Figures.millis(stage.p99Millis()), Style.PLAIN);
      canvas.right(column + 29, y, stage.queue() == null ? Figures.NONE : Figures.rate(stage.queue().doubleValue()), Style.PLAIN);
      canvas.put(column + 31, y++, stage.state(), width - 31, Style.PLAIN);
    }
    if (y < end) {
      canvas.put(
          column,
          y++,
          "released " + orDash(pipeline.releasedLsn()) + "  restart " + orDash(pipeline.restartLsn()) + "  WAL "
              + Figures.bytes(pipeline.retainedWalBytes()),
          width,
          Style.PLAIN);
    }
    if (y < end && !pipeline.tables().isEmpty()) {
      Pipeline.Table worst = pipeline.tables().stream().max(WORST).orElseThrow();
      // Where all of them are as far behind, that tells nothing.
      boolean behind = pipeline.tables().stream().anyMatch(t -> !Objects.equals(t.lagSeconds(), worst.lagSeconds()));
      canvas.put(
          column,
          y,
          "tables " + pipeline.tables().size() + "  " + (behind ? "worst " : "busiest ") + worst.name() + " "
              + (behind ? Figures.seconds(worst.lagSeconds()) : Figures.rate(worst.rowsPerSecond()) + " rows/s"),
          width,
          Style.PLAIN);
    }
  }

  private static final Comparator<Pipeline.Table> WORST =
      Comparator.<Pipeline.Table>comparingDouble(t -> t.lagSeconds() == null ? -1 : t.lagSeconds())
          .thenComparingDouble(Pipeline.Table::rowsPerSecond);

  /** Returns how many lines it took. */
  private static int tables(Canvas canvas, int row, int rows, @Nullable Pipeline pipeline) {
    if (pipeline == null || pipeline.tables().isEmpty()) {
      return 0;
    }
    int name = Math.max(16, Math.min(48, canvas.columns() - 32));
    canvas.rule(row, "tables");
    canvas.right(name + 13, row, " ROWS ", Style.BOLD);
    canvas.right(name + 21, row, " ROWS/S ", Style.BOLD);
    canvas.right(name + 29, row, " LAG ", Style.BOLD);
    List<Pipeline.Table> worst = pipeline.tables().stream().sorted(WORST.reversed()).limit(Math.max(0, rows - 1)).toList();
    int y = row + 1;
    for (Pipeline.Table table : worst) {
      canvas.put(1, y, table.name(), name, Style.PLAIN);
      canvas.right(name + 12, y, Figures.rate((double) table.rows()), Style.PLAIN);
      canvas.right(name + 20, y, Figures.rate(table.rowsPerSecond()), Style.PLAIN);
      canvas.right(name + 28, y, Figures.seconds(table.lagSeconds()), Style.PLAIN);
      y++;
    }
    return y - row;
  }

  /** What the server kept, else what was seen here. */
  private static float[] samples(Model model, Tenant tenant) {
    Pipeline pipeline = model.pipeline();
    if (pipeline == null || pipeline.lag().isEmpty()) {
      return model.history().of(tenant.name(), LagHistory.SECONDS);
    }
    float[] samples = new float[LagHistory.SECONDS];
    Arrays.fill(samples, Float.NaN);
    int size = pipeline.lag().size();
    for (int i = 0; i < Math.min(size, samples.length); i++) {
      samples[samples.length - 1 - i] = pipeline.lag().get(size - 1 - i);
    }
    return samples;
  }

  private static String orDash(@Nullable String text) {
    return text == null ? Figures.NONE : text;
  }

  private static String oneLine(String text) {
    return text.replace('\n', ' ');
  }
}
