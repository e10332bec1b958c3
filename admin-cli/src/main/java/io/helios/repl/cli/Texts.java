package io.helios.repl.cli;

import java.util.Locale;
import tools.jackson.databind.JsonNode;

/** Values of JSON as people read them; a dash for what is not known. */
final class Texts {

  private static final String NONE = "-";

  private Texts() {}

  static String text(JsonNode value) {
    return value.isMissingNode() || value.isNull() ? NONE : value.asString();
  }

  static String seconds(JsonNode value) {
    if (!value.isNumber()) {
      return NONE;
    }
    double seconds = value.asDouble();
    if (seconds < 10) {
      return String.format(Locale.ROOT, "%.2fs", seconds);
    }
    long whole = Math.round(seconds);
    if (whole < 120) {
      return whole + "s";
    }
    return whole < 7200 ? whole / 60 + "m" + whole % 60 + "s" : whole / 3600 + "h" + whole / 60 % 60 + "m";
  }

  static String bytes(JsonNode value) {
    if (!value.isNumber()) {
      return NONE;
    }
    double size = value.asDouble();
    String[] units = {"B", "KiB", "MiB", "GiB", "TiB"};
    int unit = 0;
    while (size >= 1024 && unit < units.length - 1) {
      size /= 1024;
      unit++;
    }
    return unit == 0 ? (long) size + "B" : String.format(Locale.ROOT, "%.1f%s", size, units[unit]);
  }

  static String count(JsonNode value) {
    return value.isNumber() ? String.format(Locale.ROOT, "%,d", Math.round(value.asDouble())) : NONE;
  }

  /** A share of one. */
  static String percent(JsonNode share) {
    return share.isNumber() ? Math.round(share.asDouble() * 100) + "%" : NONE;
  }

  static String yesNo(JsonNode value) {
    return value.asBoolean(false) ? "yes" : "no";
  }
}
