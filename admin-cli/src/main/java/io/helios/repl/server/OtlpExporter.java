package io.helios.repl.server;

import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.pipeline.Span;
import io.helios.repl.pipeline.Tracing;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Sends spans to an OpenTelemetry collector, by OTLP over HTTP in JSON. Spans wait in a queue of {@value #WAITING}; what is more, and what
 * the collector does not take, is counted and gone: a trace is not worth a try more, and nobody waits for it. That the collector is
 * away is said once, and once that it is back.
 *
 * <p>The thread {@code helios-traces} owns the connection; {@link #ended} is for any.
 */
public final class OtlpExporter implements Tracing {

  private static final int WAITING = 2_048;

  /** Spans of so much time go together. */
  private static final Duration GATHER = Duration.ofMillis(500);

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** What a closing server waits for the collector. */
  private static final Duration LAST_WORDS = Duration.ofSeconds(2);

  private final URI collector;
  private final double sample;
  private final String region;
  private final Duration patience;
  private final Consumer<FleetEvent> events;
  private final Counter sent;
  private final Counter dropped;
  private final BlockingQueue<Span> waiting = new ArrayBlockingQueue<>(WAITING);
  private final CountDownLatch closing = new CountDownLatch(1);
  private @Nullable Thread sender;
  private boolean away;

  /**
   * @param region where this server stands
   * @param patience with the collector, for each request
   */
  public OtlpExporter(
      URI collector,
      double sample,
      String region,
      Duration patience,
      MeterRegistry meters,
      Consumer<FleetEvent> events) {
    this.collector = collector;
    this.sample = sample;
    this.region = region;
    this.patience = patience;
    this.events = events;
    this.sent = spans(meters, "sent");
    this.dropped = spans(meters, "dropped");
  }

  /** As configured: {@link Tracing#OFF} unless a collector is named. */
  static Tracing of(ServerConfiguration configuration, MeterRegistry meters, Consumer<FleetEvent> events) {
    ServerConfiguration.Traces traces = configuration.traces();
    return traces.otlp() == null
        ? OFF
        : new OtlpExporter(traces.otlp(), traces.sample(), configuration.region(), PATIENCE, meters, events);
  }

  private static Counter spans(MeterRegistry meters, String outcome) {
    return Counter.builder("helios.repl.trace.spans")
        .description("spans of traces, by what became of them")
        .tag("outcome", outcome)
        .register(meters);
  }

  @Override
  public double sample() {
    return sample;
  }

  @Override
  public synchronized void start() {
    sender = Thread.ofPlatform().name("helios-traces").daemon().start(this::run);
  }

  @Override
  public void ended(Span span) {
    if (!waiting.offer(span)) {
      dropped.increment();
    }
  }

  private void run() {
    try (HttpClient http =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(patience).build()) {
      boolean last = false;
      while (!last) {
        last = closing.await(GATHER.toMillis(), TimeUnit.MILLISECONDS);
        List<Span> batch = new ArrayList<>();
        waiting.drainTo(batch);
        if (!batch.isEmpty()) {
          deliver(http, batch);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // by nobody of ours
    }
  }

  private void deliver(HttpClient http, List<Span> batch) throws InterruptedException {
    try {
      HttpRequest request =
          HttpRequest.newBuilder(collector)
              .timeout(patience)
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofByteArray(OtlpDocument.of(batch, region)))
              .build();
      int status = http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
      if (status / 100 == 2) {
        sent.increment(batch.size());
        back();
      } else {
        lost(batch, "it answers " + status);
      }
    } catch (IOException e) {
      lost(batch, e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage());
    }
  }

  private void lost(List<Span> batch, String why) {
    dropped.increment(batch.size());
    if (!away) {
      away = true;
      Problem problem =
          new Problem(
              ErrorCode.TRACES_UNDELIVERED,
              "the collector of traces at " + collector + " takes none; they are dropped until it does",
              why,
              "start the collector; tracing.otlp says where it is looked for: helios-repl server config");
      events.accept(new FleetEvent(Instant.now(), FleetEvent.Severity.WARN, null, "traces", problem.message(), problem));
    }
  }

  private void back() {
    if (away) {
      away = false;
      events.accept(
          new FleetEvent(
              Instant.now(), FleetEvent.Severity.INFO, null, "traces", "the collector of traces takes them again", null));
    }
  }

  @Override
  public synchronized void close() {
    Thread running = sender;
    sender = null;
    if (running != null) {
      closing.countDown();
      try {
        running.join(LAST_WORDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
