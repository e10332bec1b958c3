package io.helios.repl.config;

import io.helios.repl.capture.CaptureMode;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads how a source is captured: {@code capture:} and what belongs to each of its values. */
final class CaptureReader {

  private static final String FORM =
      "checkpoint: { column: updated_at, interval: 1s, deletes: { reconcile: 10m } }";

  private static final Duration SHORTEST_INTERVAL = Duration.ofMillis(10);
  private static final Duration SHORTEST_COMPARISON = Duration.ofSeconds(1);

  private CaptureReader() {}

  /** What it says; capture from the WAL where nothing right is said. */
  static CaptureMode read(Section source) {
    String capture = source.parsed(
        "capture",
        text -> List.of("wal", "checkpoint").contains(text) ? Optional.of(text) : Optional.empty(),
        "capture: wal, or capture: checkpoint",
        "wal",
        "wal");
    Section checkpoint = source.section("checkpoint", FORM);
    if (capture.equals("wal")) {
      if (checkpoint != null) {
        source.wrong(
            "checkpoint",
            "belongs to capture: checkpoint",
            "this source is captured from its WAL, where no column is polled",
            "capture: checkpoint, or remove the section");
      }
      return new CaptureMode.Wal();
    }
    for (String key : List.of("publication", "slot")) {
      if (source.raw(key).isPresent()) {
        source.wrong(
            key,
            "belongs to capture: wal",
            "polling a column needs no " + key + ", and none would be used",
            "remove " + source.path(key) + ", or capture: wal");
      }
    }
    if (checkpoint == null) {
      if (!source.has("checkpoint")) {
        source.missing("checkpoint", "nothing says which column is to be polled", FORM);
      }
      return new CaptureMode.Checkpoint("");
    }
    return polled(checkpoint);
  }

  private static CaptureMode polled(Section section) {
    Optional<String> column = section.parsed("column", CaptureReader::name, "a column's name: updated_at");
    if (column.isEmpty() && !section.has("column")) {
      section.missing("column", "nothing says which column is to be polled", FORM);
    }
    Duration interval = duration(section, "interval", SHORTEST_INTERVAL, CaptureMode.Checkpoint.INTERVAL);
    Duration refresh = duration(section, "full-refresh", SHORTEST_COMPARISON, null);
    Duration longest =
        duration(section, "longest-transaction", SHORTEST_COMPARISON, CaptureMode.Checkpoint.LONGEST_TRANSACTION);
    String soft = null;
    Duration reconcile = null;
    Section deletes = section.section("deletes", "deletes: { soft-column: deleted_at } or { reconcile: 10m }");
    if (deletes != null) {
      soft = deletes.parsed("soft-column", CaptureReader::name, "a column's name: deleted_at").orElse(null);
      reconcile = duration(deletes, "reconcile", SHORTEST_COMPARISON, null);
      deletes.close();
    }
    section.close();
    return new CaptureMode.Checkpoint(
        column.orElse(""),
        interval == null ? CaptureMode.Checkpoint.INTERVAL : interval,
        soft,
        reconcile,
        refresh,
        longest == null ? CaptureMode.Checkpoint.LONGEST_TRANSACTION : longest);
  }

  private static Optional<String> name(String text) {
    return text.matches("[^\\x00]{1,63}") ? Optional.of(text) : Optional.empty();
  }

  private static @Nullable Duration duration(Section section, String key, Duration least, @Nullable Duration fallback) {
    String form = "a duration is " + Durations.FORM + "; at least " + Durations.format(least);
    return section.parsed(
            key,
            text -> Durations.parse(text).filter(given -> given.compareTo(least) >= 0).map(Optional::of),
            form,
            Optional.ofNullable(fallback),
            fallback == null ? "never" : Durations.format(fallback))
        .orElse(null);
  }
}
