package io.helios.repl.server;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** When somebody asked for the metrics last. Any thread. */
final class Scrapes {

  private static final Duration USUAL = Duration.ofMinutes(10);

  private volatile Instant last;
  private volatile boolean any;

  /** @param started as good as asked */
  Scrapes(Instant started) {
    this.last = started;
  }

  void scraped(Instant at) {
    last = at;
    any = true;
  }

  Optional<Finding> finding(Instant now) {
    if (Duration.between(last, now).compareTo(USUAL) < 0) {
      return Optional.empty();
    }
    return Optional.of(
        new Finding(
            Severity.WARN,
            ErrorCode.METRICS_UNREAD,
            any ? "nobody has read the metrics since " + Documents.time(last) : "nobody has read the metrics yet",
            "without a monitoring that does no alert fires",
            "have Prometheus scrape /metrics; rules and a dashboard are in monitoring/, and docs/metrics.md says more"));
  }
}
