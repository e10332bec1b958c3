package io.helios.repl.server;

import io.helios.repl.failover.Account;
import io.helios.repl.failover.Failover;
import io.helios.repl.failover.FailoverState;
import io.helios.repl.failover.FailoverWatch;
import io.helios.repl.failover.Transition;
import io.helios.repl.pipeline.FleetEvent;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Tells of failovers: an event for each transition, and for trouble that is new; each one's time into the metrics. Any thread. */
final class FailoverNews implements FailoverWatch {

  private static final Duration[] BUCKETS = {
    Duration.ofMillis(500), Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(3), Duration.ofSeconds(4),
    Duration.ofSeconds(6), Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofMinutes(2), Duration.ofMinutes(10)
  };

  private final Consumer<FleetEvent> events;
  private final Timer times;

  FailoverNews(Consumer<FleetEvent> events, MeterRegistry meters) {
    this.events = events;
    this.times =
        Timer.builder("helios.repl.failover.rto")
            .description("from the last moment a source was known to be alive to its tenant's clients being sent to the new home")
            .serviceLevelObjectives(BUCKETS)
            .register(meters);
  }

  @Override
  public void changed(Failover before, Failover after, @Nullable Transition by) {
    Duration rto = after.rto();
    if (before.rto() == null && rto != null) {
      times.record(rto);
      tell(after, FleetEvent.Severity.INFO, "clients are sent to " + after.to() + ", " + rto.toMillis() + " ms after " + after.from()
          + " was last known to be alive");
    }
    if (before == after) {
      tell(after, FleetEvent.Severity.WARN, "failover from " + after.from() + " to " + after.to() + " asked for by "
          + after.options().askedBy() + (after.options().forced() ? ", forced" : ""));
    } else if (by != null) {
      tell(after, severity(by), "failover " + by.from().label() + " to " + by.to().label() + ": " + by.reason().words() + more(after));
    } else if (after.error() != null && !Objects.equals(before.error(), after.error())) {
      tell(after, FleetEvent.Severity.WARN, after.error().message());
    }
  }

  private static FleetEvent.Severity severity(Transition by) {
    return by.to() == FailoverState.FAILED
        ? FleetEvent.Severity.ERROR
        : by.to() == FailoverState.PROMOTED || by.reason() == Transition.Reason.FAILBACK_UNDONE
            ? FleetEvent.Severity.WARN
            : FleetEvent.Severity.INFO;
  }

  private static String more(Failover after) {
    Account account = after.account();
    return switch (after.state()) {
      case PROMOTED -> ", epoch " + after.epoch() + (after.drained() ? "" : "; what was captured was not all applied");
      case ACCOUNTED -> account == null ? "" : "; " + account.transactions() + " transactions never arrived";
      default -> "";
    };
  }

  private void tell(Failover of, FleetEvent.Severity severity, String message) {
    events.accept(new FleetEvent(Instant.now(), severity, of.tenant(), "failover", message, of.error()));
  }
}
