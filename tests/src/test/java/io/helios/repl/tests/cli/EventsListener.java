package io.helios.repl.tests.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Listens to server-sent events on a thread of its own. */
final class EventsListener implements AutoCloseable {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** One of them, or the end of the stream. */
  record Sent(@Nullable String id, String event, JsonNode data) {
    boolean is(String kind) {
      return event.equals(kind);
    }

    boolean tells(String type, String tenant) {
      return event.equals("event") && data.path("type").asString("").equals(type) && data.path("tenant").asString("").equals(tenant);
    }
  }

  private static final Sent END = new Sent(null, "end", JSON.nullNode());

  private final HttpClient http = HttpClient.newHttpClient();
  private final HttpResponse<InputStream> response;
  private final BlockingQueue<Sent> sent = new LinkedBlockingQueue<>();

  EventsListener(URI server, String token, String query, @Nullable String lastId) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.resolve("/api/v1/events" + query))
            .header("Accept", "text/event-stream")
            .header("Authorization", "Bearer " + token);
    if (lastId != null) {
      request.header("Last-Event-ID", lastId);
    }
    this.response = http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    Thread.ofVirtual().start(this::read);
  }

  HttpResponse<InputStream> response() {
    return response;
  }

  private void read() {
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      String id = null;
      String event = "message";
      String data = null;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("id: ")) {
          id = line.substring(4);
        } else if (line.startsWith("event: ")) {
          event = line.substring(7);
        } else if (line.startsWith("data: ")) {
          data = line.substring(6);
        } else if (line.isEmpty() && data != null) {
          sent.add(new Sent(id, event, JSON.readTree(data)));
          id = null;
          event = "message";
          data = null;
        }
      }
    } catch (IOException e) {
      // The server or we have hung up.
    }
    sent.add(END);
  }

  /** The next that fits; those before it are passed over. */
  Sent next(Predicate<Sent> which) throws InterruptedException {
    while (true) {
      Sent one = Objects.requireNonNull(sent.poll(60, TimeUnit.SECONDS), "nothing came for a minute");
      if (which.test(one)) {
        return one;
      }
      if (one.is("end")) {
        throw new AssertionError("the stream has ended");
      }
    }
  }

  void awaitEnd() throws InterruptedException {
    next(one -> one.is("end"));
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
