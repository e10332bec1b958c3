package io.helios.repl.tests.cli;

import static io.helios.repl.tests.cli.Collector.attribute;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Traces of changes from the commit to the target, as a collector gets them. */
class TracesTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir static Path directory;

  private static TestServer server;
  private static int last = 1000;

  @BeforeAll
  static void start() {
    server = new TestServer(directory);
    server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
    server.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static void traced(Collector collector, String sample) {
    server.restart(server.yaml() + "tracing: { otlp: \"" + collector.url() + "\", sample: " + sample + " }\n");
    server.done("tenant", "wait", "acme", "--for", "streaming", "--timeout", "60s");
  }

  /** Two rows of one transaction, at the target when this returns. */
  private static void change() {
    server.source.execute(
        "INSERT INTO orders SELECT 'acme', i, 'a secret note' FROM generate_series(" + ++last + ", " + ++last + ") i");
    server.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "60s");
  }

  private static long nanos(JsonNode span, String field) {
    return Long.parseLong(span.path(field).asString());
  }

  private static List<String> events() throws Exception {
    return TestServer.json(server.api("GET", "/events?limit=500", null)).path("items").valueStream()
        .filter(e -> e.path("type").asString().equals("traces"))
        .map(e -> e.path("message").asString())
        .toList();
  }

  @Test
  void aTenantsChangeIsOneTraceFromItsCommitToTheTarget() throws Exception {
    try (Collector collector = new Collector()) {
      traced(collector, "1");
      change();

      await().atMost(PATIENCE).until(() -> applied(collector).isPresent());
      JsonNode apply = applied(collector).orElseThrow();
      JsonNode capture =
          collector.spans().stream()
              .filter(s -> s.path("spanId").asString().equals(apply.path("parentSpanId").asString()))
              .findFirst()
              .orElseThrow();
      assertThat(capture.path("name").asString()).isEqualTo("capture");
      assertThat(capture.has("parentSpanId")).isFalse();
      assertThat(capture.path("traceId").asString())
          .matches("[0-9a-f]{32}")
          .isEqualTo(apply.path("traceId").asString());
      assertThat(apply.path("spanId").asString()).matches("[0-9a-f]{16}");
      for (JsonNode span : List.of(capture, apply)) {
        assertThat(attribute(span, "helios.tenant")).isEqualTo("acme");
        assertThat(attribute(span, "helios.source")).isEqualTo("shop");
        assertThat(attribute(span, "helios.target")).isEqualTo("shop-eu");
        assertThat(attribute(span, "helios.rows")).isEqualTo("2");
        assertThat(attribute(span, "helios.lsn.last")).matches("[0-9A-F]+/[0-9A-F]+");
        assertThat(attribute(span, "helios.bytes.raw")).matches("[1-9]\\d*");
        long start = nanos(span, "startTimeUnixNano");
        long within = nanos(span.path("events").path(0), "timeUnixNano");
        assertThat(start).isPositive().isLessThanOrEqualTo(within);
        assertThat(within).isLessThanOrEqualTo(nanos(span, "endTimeUnixNano"));
      }
      assertThat(collector.requests.getFirst().toString())
          .contains("\"service.name\"", "helios-repl", "io.helios.repl")
          .doesNotContain("secret");
      assertThat(server.http("GET", "/metrics", null, null).body())
          .containsPattern("helios_repl_trace_spans_total\\{outcome=\"sent\"\\} [1-9]");
    }
  }

  private static Optional<JsonNode> applied(Collector collector) {
    return collector.spans().stream()
        .filter(s -> s.path("name").asString().equals("apply") && attribute(s, "helios.rows").equals("2"))
        .findFirst();
  }

  @Test
  void aShareOfNoneSendsNothingAndWithoutACollectorNobodyWaitsForSpans() throws Exception {
    try (Collector collector = new Collector()) {
      traced(collector, "0");
      change();
      server.restart(server.yaml()); // whatever was left would have been sent

      assertThat(collector.requests).isEmpty();
      change();
      assertThat(Thread.getAllStackTraces().keySet()).extracting(Thread::getName).doesNotContain("helios-traces");
      assertThat(server.http("GET", "/metrics", null, null).body()).doesNotContain("helios_repl_trace_spans");
    }
  }

  @Test
  void aCollectorThatTakesNothingIsSaidOnceAndHoldsNothingUp() throws Exception {
    try (Collector collector = new Collector()) {
      collector.answer(503);
      int before = events().size();
      traced(collector, "1");
      for (int tries = 0; tries < 3; tries++) {
        int refused = collector.refused();
        change();
        await().atMost(PATIENCE).until(() -> collector.refused() > refused);
      }
      await().atMost(PATIENCE).until(() -> events().size() == before + 1);
      assertThat(server.done("events", "list").out()).contains("takes none");

      collector.answer(200);
      change();
      await().atMost(PATIENCE).until(() -> applied(collector).isPresent());
      await().atMost(PATIENCE).until(() -> events().size() == before + 2);
      assertThat(server.done("events", "list").out()).contains("takes them again");
    }
  }
}
