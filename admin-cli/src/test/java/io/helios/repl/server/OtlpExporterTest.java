package io.helios.repl.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.pipeline.Span;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class OtlpExporterTest {

  /** So long that nothing here happens because it is over. */
  private static final Duration PATIENCE = Duration.ofHours(1);

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Queue<FleetEvent> events = new ConcurrentLinkedQueue<>();

  private static Span span() {
    return new Span(
        "0".repeat(31) + "1", "0".repeat(15) + "1", null, Span.Stage.CAPTURE, Instant.now(), Instant.now(), Map.of(),
        Map.of("helios.rows", 1L));
  }

  private double spans(String outcome) {
    return meters.get("helios.repl.trace.spans").tag("outcome", outcome).counter().count();
  }

  @Test
  @Timeout(60)
  void whatACollectorThatHangsDoesNotTakeIsDroppedAndNobodyWaits() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch over = new CountDownLatch(1);
    HttpServer hanging = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    hanging.createContext("/", exchange -> {
      asked.countDown();
      try (exchange) {
        over.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    });
    hanging.start();
    URI collector = URI.create("http://127.0.0.1:" + hanging.getAddress().getPort() + "/");
    try (OtlpExporter exporter = new OtlpExporter(collector, 1, "here", PATIENCE, meters, events::add)) {
      exporter.start();
      exporter.ended(span());
      assertThat(asked.await(60, TimeUnit.SECONDS)).isTrue();
      for (int i = 0; i < 5_000; i++) {
        exporter.ended(span());
      }
      assertThat(spans("dropped")).isEqualTo(5_000 - 2_048);
      assertThat(spans("sent")).isZero();
      over.countDown();
    } finally {
      over.countDown();
      hanging.stop(0);
    }
  }

  @Test
  void whatWaitsWhenTheServerClosesIsSentYet() throws Exception {
    Queue<String> bodies = new ConcurrentLinkedQueue<>();
    HttpServer http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.createContext("/", exchange -> {
      try (exchange) {
        bodies.add(new String(exchange.getRequestBody().readAllBytes(), UTF_8));
        exchange.sendResponseHeaders(200, -1);
      }
    });
    http.start();
    try {
      OtlpExporter exporter =
          new OtlpExporter(
              URI.create("http://127.0.0.1:" + http.getAddress().getPort() + "/"), 1, "here", PATIENCE, meters, events::add);
      exporter.ended(span());
      exporter.start();
      exporter.close();
      assertThat(bodies).hasSize(1);
      assertThat(spans("sent")).isEqualTo(1);
      assertThat(events).isEmpty();
    } finally {
      http.stop(0);
    }
  }
}
