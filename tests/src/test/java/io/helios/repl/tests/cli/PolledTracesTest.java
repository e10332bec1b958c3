package io.helios.repl.tests.cli;

import static io.helios.repl.tests.cli.Collector.attribute;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Traces of a source that is polled: a poll is one transaction, and its rows are one trace from the poll to the target. */
class PolledTracesTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path directory;

  private static Optional<JsonNode> span(Collector collector, String name) {
    return collector.spans().stream()
        .filter(s -> s.path("name").asString().equals(name) && attribute(s, "helios.rows").equals("2"))
        .findFirst();
  }

  @Test
  void whatAPollFindsIsOneTraceFromThePollToTheTarget() throws Exception {
    try (Collector collector = new Collector();
        TestServer server = new TestServer(directory)) {
      server.source.execute(
          "ALTER TABLE orders ADD updated_at timestamptz NOT NULL DEFAULT now()", "CREATE INDEX ON orders (updated_at)");
      server.restart(
          server.yaml().replaceAll("slot: \\w+, ", "").replace("tenancy:", "capture: checkpoint, checkpoint: { column: updated_at, interval: 100ms }, tenancy:")
              + "tracing: { otlp: \"" + collector.url() + "\", sample: 1 }\n");
      server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
      server.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
      Instant before = Instant.now();
      server.source.execute("INSERT INTO orders SELECT 'acme', i, 'a secret note' FROM generate_series(5001, 5002) i");
      server.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "60s");

      await().atMost(PATIENCE).until(() -> span(collector, "apply").isPresent() && span(collector, "capture").isPresent());
      JsonNode capture = span(collector, "capture").orElseThrow();
      JsonNode apply = span(collector, "apply").orElseThrow();
      assertThat(apply.path("traceId").asString()).isEqualTo(capture.path("traceId").asString());
      assertThat(apply.path("parentSpanId").asString()).isEqualTo(capture.path("spanId").asString());
      for (JsonNode span : List.of(capture, apply)) {
        assertThat(attribute(span, "helios.tenant")).isEqualTo("acme");
        assertThat(attribute(span, "helios.lsn.last")).matches("[0-9A-F]+/[0-9A-F]+");
        long start = Long.parseLong(span.path("startTimeUnixNano").asString());
        assertThat(start).isLessThanOrEqualTo(Long.parseLong(span.path("endTimeUnixNano").asString()));
        assertThat(start).as("no poll before the rows were there found them")
            .isGreaterThan(ChronoUnit.NANOS.between(Instant.EPOCH, before.minusSeconds(1)));
      }
      assertThat(collector.requests.toString()).doesNotContain("secret");
    }
  }
}
