package io.helios.repl.tests.bench;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.concurrent.atomic.AtomicLong;

/** A collector of traces that takes all and keeps nothing, in the benchmark's own process: its work counts for nobody. */
final class TraceSink implements AutoCloseable {

  private final HttpServer http;
  private final AtomicLong bytes = new AtomicLong();

  TraceSink() throws IOException {
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.createContext(
        "/v1/traces",
        exchange -> {
          try (exchange) {
            bytes.addAndGet(exchange.getRequestBody().transferTo(OutputStream.nullOutputStream()));
            exchange.sendResponseHeaders(200, -1);
          }
        });
    http.start();
  }

  URI url() {
    return URI.create("http://127.0.0.1:" + http.getAddress().getPort() + "/v1/traces");
  }

  /** What has come so far. */
  long bytes() {
    return bytes.get();
  }

  @Override
  public void close() {
    http.stop(0);
  }
}
