package io.helios.repl.cli;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** How data is printed. */
enum OutputFormat {
  TABLE,
  WIDE,
  JSON,
  YAML,
  JSONL,
  NAME;

  boolean isForPeople() {
    return this == TABLE || this == WIDE;
  }

  /** All of them, as they are written. */
  static String all() {
    return Arrays.stream(values()).map(OutputFormat::toString).collect(Collectors.joining(", "));
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
