package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Objective;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Numbers in few columns, six at most; a dash for what is not known. Pure. */
final class Figures {

  static final String NONE = "-";
  private static final DateTimeFormatter CLOCK = DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("MM-dd HH:mm", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final String[] SIZES = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

  private Figures() {}

  static String seconds(@Nullable Double value) {
    if (value == null || value.isNaN()) {
      return NONE;
    }
    if (value < 0.995) {
      return String.format(Locale.ROOT, "%.2fs", Math.max(0, value));
    }
    if (value < 99.95) {
      return String.format(Locale.ROOT, "%.1fs", value);
    }
    return span(Math.round(value));
  }

  /** Two units at the most: 48s, 5m04s, 12h04m, 3d11h. */
  private static String span(long seconds) {
    if (seconds < 60) {
      return seconds + "s";
    }
    if (seconds < 3600) {
      return String.format(Locale.ROOT, "%dm%02ds", seconds / 60, seconds % 60);
    }
    if (seconds < 100 * 3600) {
      return String.format(Locale.ROOT, "%dh%02dm", seconds / 3600, seconds / 60 % 60);
    }
    return seconds < 100 * 86400L
        ? String.format(Locale.ROOT, "%dd%02dh", seconds / 86400, seconds / 3600 % 24)
        : seconds / 86400 + "d";
  }

  /** One unit: 48s, 4m, 3h, 12d. */
  static String since(@Nullable Instant since, Instant now) {
    if (since == null) {
      return NONE;
    }
    long seconds = Math.max(0, Duration.between(since, now).toSeconds());
    return seconds < 60
        ? seconds + "s"
        : seconds < 3600 ? seconds / 60 + "m" : seconds < 86400 * 2 ? seconds / 3600 + "h" : seconds / 86400 + "d";
  }

  static String age(Duration age) {
    return span(Math.max(0, age.toSeconds()));
  }

  /** A lag target: 5s, 500ms, 1m. */
  static String target(double seconds) {
    if (seconds < 1) {
      return Math.round(seconds * 1000) + "ms";
    }
    if (seconds >= 60 && seconds % 60 == 0) {
      return Math.round(seconds / 60) + "m";
    }
    return seconds % 1 == 0 ? Math.round(seconds) + "s" : String.format(Locale.ROOT, "%.1fs", seconds);
  }

  static String bytes(@Nullable Long value) {
    if (value == null) {
      return NONE;
    }
    return bytes((double) value);
  }

  static String bytes(double value) {
    double size = value;
    int unit = 0;
    while (size >= 999.5 && unit < SIZES.length - 1) {
      size /= 1024;
      unit++;
    }
    return unit > 0 && size < 9.95
        ? String.format(Locale.ROOT, "%.1f%s", size, SIZES[unit])
        : Math.round(size) + SIZES[unit];
  }

  static String rate(double value) {
    if (value < 9.95) {
      return value == 0 || (value >= 0.95 && value % 1 == 0) ? String.valueOf(Math.round(value)) : String.format(Locale.ROOT, "%.1f", value);
    }
    if (value < 999.5) {
      return String.valueOf(Math.round(value));
    }
    double thousands = value / 1000;
    if (thousands < 999.5) {
      return thousands < 9.95 ? String.format(Locale.ROOT, "%.1fk", thousands) : Math.round(thousands) + "k";
    }
    double millions = thousands / 1000;
    return millions < 9.95 ? String.format(Locale.ROOT, "%.1fM", millions) : Math.round(millions) + "M";
  }

  static String ratio(double value) {
    return value <= 0 ? NONE : String.format(Locale.ROOT, value < 99.95 ? "%.1fx" : "%.0fx", value);
  }

  /** What is left of the budget; rounded down, so that nothing shows as whole that is not. */
  static String budget(@Nullable Objective objective) {
    return objective == null ? NONE : Math.max(-999, (long) Math.floor(objective.budgetLeft() * 100 + 1e-9)) + "%";
  }

  static String millis(@Nullable Double value) {
    if (value == null || value.isNaN()) {
      return NONE;
    }
    if (value > 0 && value < 0.05) {
      return "<0.1ms";
    }
    return value < 9.95
        ? String.format(Locale.ROOT, "%.1fms", value)
        : value < 999.5 ? Math.round(value) + "ms" : seconds(value / 1000);
  }

  static String clock(Instant time) {
    return CLOCK.format(time);
  }

  /** The time of the day, with the day where it is not today's. */
  static String moment(Instant time, Instant now) {
    return time.truncatedTo(ChronoUnit.DAYS).equals(now.truncatedTo(ChronoUnit.DAYS)) ? clock(time) : DAY.format(time);
  }
}
