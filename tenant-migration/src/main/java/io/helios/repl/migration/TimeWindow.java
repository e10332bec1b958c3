package io.helios.repl.migration;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A time of the day, in UTC, in which a migration may begin and be cut over by itself.
 *
 * @param from where it begins
 * @param to where it ends, not part of it; before {@code from} it is over midnight
 */
public record TimeWindow(LocalTime from, LocalTime to) {

  public static final String FORM = "a time of the day in UTC: 22:00-04:30";

  private static final Pattern WRITTEN = Pattern.compile("(\\d\\d:\\d\\d)-(\\d\\d:\\d\\d)");

  /** {@code 22:00-04:30}; nothing for anything else, and for a window of no length. */
  public static Optional<TimeWindow> parse(String text) {
    Matcher written = WRITTEN.matcher(text);
    if (!written.matches()) {
      return Optional.empty();
    }
    try {
      TimeWindow window = new TimeWindow(LocalTime.parse(written.group(1)), LocalTime.parse(written.group(2)));
      return window.from.equals(window.to) ? Optional.empty() : Optional.of(window);
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  public boolean contains(Instant at) {
    LocalTime time = at.atZone(ZoneOffset.UTC).toLocalTime();
    boolean begun = !time.isBefore(from);
    boolean open = time.isBefore(to);
    return from.isBefore(to) ? begun && open : begun || open;
  }

  @Override
  public String toString() {
    return from + "-" + to;
  }
}
