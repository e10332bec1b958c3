package io.helios.repl.server;

import io.helios.repl.error.Problem;
import io.helios.repl.migration.CutoverReport;
import io.helios.repl.migration.Migration;
import io.helios.repl.migration.MigrationState;
import io.helios.repl.migration.MigrationWatch;
import io.helios.repl.migration.Transition;
import io.helios.repl.pipeline.FleetEvent;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Tells of migrations: an event for each transition, and for trouble that is new; each pause into the metrics. Any thread. */
final class MigrationNews implements MigrationWatch {

  private static final Duration[] BUCKETS = {
    Duration.ofMillis(10), Duration.ofMillis(25), Duration.ofMillis(50), Duration.ofMillis(75), Duration.ofMillis(100),
    Duration.ofMillis(150), Duration.ofMillis(250), Duration.ofMillis(500), Duration.ofSeconds(1), Duration.ofSeconds(5),
    Duration.ofSeconds(30)
  };

  private final Consumer<FleetEvent> events;
  private final Timer pauses;

  MigrationNews(Consumer<FleetEvent> events, MeterRegistry meters) {
    this.events = events;
    this.pauses =
        Timer.builder("helios.repl.cutover.pause")
            .description("how long writers waited in cutovers that happened, there and back")
            .serviceLevelObjectives(BUCKETS)
            .register(meters);
  }

  @Override
  public void changed(Migration before, Migration after, @Nullable Transition by) {
    if (by != null) {
      tell(after, by);
    } else if (after.error() != null && !Objects.equals(before.error(), after.error())) {
      events.accept(
          new FleetEvent(
              Instant.now(), FleetEvent.Severity.WARN, after.tenant(), "migration", after.error().message(), after.error()));
    }
  }

  private void tell(Migration after, Transition by) {
    boolean happened = by.reason() == Transition.Reason.EPOCH_TAKEN;
    CutoverReport report = by.from() == MigrationState.CUTTING_BACK ? after.back() : after.there();
    if (happened && report != null && report.exact()) {
      pauses.record(Duration.ofNanos((long) (report.pauseMillis() * 1e6)));
    }
    Problem problem = after.error();
    String message = "migration " + by.from().label() + " to " + by.to().label() + ": " + by.reason().words();
    events.accept(
        new FleetEvent(
            Instant.now(),
            by.to() == MigrationState.FAILED
                ? FleetEvent.Severity.ERROR
                : by.reason() == Transition.Reason.EPOCH_REFUSED ? FleetEvent.Severity.WARN : FleetEvent.Severity.INFO,
            after.tenant(),
            "migration",
            happened && report != null
                ? message
                    + String.format(
                        Locale.ROOT,
                        ", epoch %d; writers waited %s%.1f ms",
                        report.epoch(),
                        report.exact() ? "" : "at most ",
                        report.pauseMillis())
                : message,
            problem));
  }
}
