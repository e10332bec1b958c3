package io.helios.repl.config;

import io.helios.repl.capture.CaptureMode;
import io.helios.repl.capture.Synchronous;
import io.helios.repl.tenant.Tier;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads how a source is captured: {@code capture:} and what belongs to each of its values. */
final class CaptureReader {

  private static final String FORM =
      "checkpoint: { column: updated_at, interval: 1s, deletes: { reconcile: 10m } }";

  private static final String SYNCHRONOUS = "synchronous: { tiers: [premium], degrade-after: 10s }";

  private static final Duration SHORTEST_PATIENCE = Duration.ofSeconds(1);
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
      Synchronous synchronous = synchronous(source);
      if (checkpoint != null) {
        source.wrong(
            "checkpoint",
            "belongs to capture: checkpoint",
            "this source is captured from its WAL, where no column is polled",
            "capture: checkpoint, or remove the section");
      }
      return new CaptureMode.Wal(synchronous);
    }
    if (source.section("synchronous", SYNCHRONOUS) != null) {
      source.wrong(
          "synchronous",
          "belongs to capture: wal",
          "a commit cannot wait for a poll",
          "remove " + source.path("synchronous") + ", or capture: wal");
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

  private static @Nullable Synchronous synchronous(Section source) {
    Section section = source.section("synchronous", SYNCHRONOUS);
    if (section == null) {
      return null;
    }
    Set<Tier> tiers = EnumSet.noneOf(Tier.class);
    List<String> given = section.texts("tiers");
    if (given == null || given.isEmpty()) {
      section.missing("tiers", "nothing says whose commits wait for their replicas", SYNCHRONOUS);
    } else {
      for (String label : given) {
        Arrays.stream(Tier.values()).filter(tier -> tier.label().equals(label)).findFirst().ifPresentOrElse(
            tiers::add,
            () -> section.wrong(
                "tiers",
                "\"" + TenantNames.printable(label) + "\" is no tier",
                "tiers are premium, standard and best-effort",
                SYNCHRONOUS));
      }
    }
    Optional<Duration> patience =
        section.parsed(
            "degrade-after",
            CaptureReader::patience,
            "a duration is " + Durations.FORM + ", at least " + Durations.format(SHORTEST_PATIENCE) + "; or never",
            Optional.of(Synchronous.DEGRADE_AFTER),
            Durations.format(Synchronous.DEGRADE_AFTER));
    section.close();
    return tiers.isEmpty() ? null : new Synchronous(tiers, patience.orElse(null));
  }

  private static Optional<Optional<Duration>> patience(String text) {
    return text.equals("never")
        ? Optional.of(Optional.empty())
        : Durations.parse(text).filter(given -> given.compareTo(SHORTEST_PATIENCE) >= 0).map(Optional::of);
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
