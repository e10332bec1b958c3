package io.helios.repl.server;

import io.helios.repl.config.ProductVersion;
import io.helios.repl.pipeline.Span;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Spans as OTLP's JSON has them: ids in hexadecimal, 64-bit numbers as texts, enumerations as numbers (opentelemetry-proto,
 * {@code trace.proto}; the encoding is that of the OTLP specification, "JSON Protobuf Encoding").
 */
final class OtlpDocument {

  private static final int PRODUCER = 4;
  private static final int CONSUMER = 5;

  private OtlpDocument() {}

  /** One request of {@code /v1/traces}. */
  static byte[] of(List<Span> spans, String region) {
    ObjectNode root = Json.MAPPER.createObjectNode();
    ObjectNode ours = root.putArray("resourceSpans").addObject();
    attributes(
        ours.putObject("resource"),
        Map.of("service.name", "helios-repl", "service.version", ProductVersion.current(), "cloud.region", region));
    ObjectNode scoped = ours.putArray("scopeSpans").addObject();
    scoped.putObject("scope").put("name", "io.helios.repl").put("version", ProductVersion.current());
    ArrayNode list = scoped.putArray("spans");
    spans.forEach(span -> span(list.addObject(), span));
    return Json.MAPPER.writeValueAsBytes(root);
  }

  private static void span(ObjectNode node, Span span) {
    node.put("traceId", span.traceId()).put("spanId", span.id());
    if (span.parent() != null) {
      node.put("parentSpanId", span.parent());
    }
    switch (span.stage()) {
      case CAPTURE -> node.put("name", "capture").put("kind", PRODUCER);
      case APPLY -> node.put("name", "apply").put("kind", CONSUMER);
    }
    node.put("startTimeUnixNano", nanos(span.start())).put("endTimeUnixNano", nanos(span.end()));
    attributes(node, span.attributes());
    ArrayNode events = node.putArray("events");
    new TreeMap<>(span.happened())
        .forEach((name, at) -> events.addObject().put("timeUnixNano", nanos(at)).put("name", name));
  }

  private static void attributes(ObjectNode node, Map<String, ?> attributes) {
    ArrayNode list = node.putArray("attributes");
    new TreeMap<>(attributes).forEach((name, value) -> {
      ObjectNode one = list.addObject().put("key", name).putObject("value");
      if (value instanceof Long number) {
        one.put("intValue", Long.toString(number));
      } else {
        one.put("stringValue", value.toString());
      }
    });
  }

  private static String nanos(Instant at) {
    return Long.toString(Math.addExact(Math.multiplyExact(at.getEpochSecond(), 1_000_000_000L), at.getNano()));
  }
}
