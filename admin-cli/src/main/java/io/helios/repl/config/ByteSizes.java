package io.helios.repl.config;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as people write them: {@code 512B}, {@code 64KiB}, {@code 8MiB}, {@code 20GiB}, {@code 1TiB}. */
public final class ByteSizes {

  /** What {@link #parse} takes, for messages. */
  public static final String FORM = "a number and a unit: 64KiB, 8MiB, 20GiB";

  private static final Pattern FORMAT = Pattern.compile("(\\d{1,12})(B|KiB|MiB|GiB|TiB)");
  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

  private ByteSizes() {}

  /** In bytes. Empty for anything that is not of the form or does not fit. */
  public static Optional<Long> parse(String text) {
    Matcher matcher = FORMAT.matcher(text.strip());
    if (!matcher.matches()) {
      return Optional.empty();
    }
    int unit = 0;
    while (!UNITS[unit].equals(matcher.group(2))) {
      unit++;
    }
    long count = Long.parseLong(matcher.group(1));
    return count > Long.MAX_VALUE >> 10 * unit ? Optional.empty() : Optional.of(count << 10 * unit);
  }

  /** The shortest text that {@link #parse} reads as the same size. */
  public static String format(long bytes) {
    int unit = 0;
    long count = bytes;
    while (unit < UNITS.length - 1 && count != 0 && count % 1024 == 0) {
      count /= 1024;
      unit++;
    }
    return count + UNITS[unit];
  }
}
