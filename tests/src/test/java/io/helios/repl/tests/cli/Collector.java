package io.helios.repl.tests.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A collector of traces: OTLP over HTTP in JSON. */
final class Collector implements AutoCloseable {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** Each request that was taken. */
  final List<JsonNode> requests = new CopyOnWriteArrayList<>();

  private final HttpServer http;
  private volatile int answer = 200;
  private volatile int refused;

  Collector() throws IOException {
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.createContext("/v1/traces", this::take);
    http.start();
  }

  private synchronized void take(HttpExchange exchange) throws IOException {
    try (exchange) {
      JsonNode request = JSON.readTree(exchange.getRequestBody().readAllBytes());
      boolean right =
          exchange.getRequestMethod().equals("POST")
              && "application/json".equals(exchange.getRequestHeaders().getFirst("Content-Type"));
      if (right && answer == 200) {
        requests.add(request);
      } else {
        refused++;
      }
      exchange.sendResponseHeaders(right ? answer : 400, -1);
    }
  }

  String url() {
    return "http://127.0.0.1:" + http.getAddress().getPort() + "/v1/traces";
  }

  void answer(int status) {
    answer = status;
  }

  int refused() {
    return refused;
  }

  List<JsonNode> spans() {
    return requests.stream()
        .flatMap(r -> r.path("resourceSpans").valueStream())
        .flatMap(r -> r.path("scopeSpans").valueStream())
        .flatMap(s -> s.path("spans").valueStream())
        .toList();
  }

  /** A span's attribute, as text; empty when it has none. */
  static String attribute(JsonNode span, String name) {
    return span.path("attributes")
        .valueStream()
        .filter(a -> a.path("key").asString().equals(name))
        .map(a -> a.path("value").path("stringValue").asString(a.path("value").path("intValue").asString("")))
        .findFirst()
        .orElse("");
  }

  @Override
  public void close() {
    http.stop(0);
  }
}
