package io.helios.repl.server;

import io.helios.repl.error.TransientException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * One listener's server-sent events (WHATWG HTML, section 9.2): stored events in the order of their ids, and the fleet at an
 * interval. Runs on the thread of the request until the listener goes or the server stops. An id that was sent is one up to which
 * everything was sent, so that a listener who comes again with it loses nothing.
 */
final class EventStream {

  /** What ends it, what it reads, what wakes it. */
  record Feed(ControlStore store, Bell bell, BooleanSupplier stopping) {}

  private static final Logger LOG = LoggerFactory.getLogger(EventStream.class);
  private static final int BATCH = 500;

  /** Proxies and clients give a silent line up after a while. */
  private static final long ALIVE_MILLIS = 10_000;

  /** Another server that shares the store rings no bell here. */
  private static final long LOOK_MILLIS = 1_000;

  private final Feed feed;
  private final OutputStream out;
  private final EventQuery query;
  private final @Nullable Supplier<ObjectNode> fleet;
  private final long fleetMillis;
  private long sent;
  private boolean storeAway;

  /**
   * @param query its {@code after} is where to begin
   * @param fleet null for no fleet events
   */
  EventStream(Feed feed, OutputStream out, EventQuery query, @Nullable Supplier<ObjectNode> fleet, Duration fleetEvery) {
    this.feed = feed;
    this.out = out;
    this.query = query;
    this.sent = query.after();
    this.fleet = fleet;
    this.fleetMillis = fleetEvery.toMillis();
  }

  /** Returns when the server stops; throws when the listener has gone. */
  void run() throws IOException, InterruptedException {
    write("retry: 1000\n: helios-repl\n\n");
    long aliveAt = now() + ALIVE_MILLIS;
    long fleetAt = now();
    while (!feed.stopping().getAsBoolean()) {
      long heard = feed.bell().rings();
      events();
      if (fleet != null && now() >= fleetAt) {
        fleetAt = Math.max(fleetAt + fleetMillis, now());
        write("event: fleet\ndata: " + Json.MAPPER.writeValueAsString(fleet.get()) + "\n\n");
      }
      if (now() >= aliveAt) {
        aliveAt = now() + ALIVE_MILLIS;
        write(": alive\n\n");
      }
      out.flush();
      long wait = Math.min(LOOK_MILLIS, aliveAt - now());
      feed.bell().await(heard, fleet == null ? wait : Math.min(wait, fleetAt - now()));
    }
  }

  private void events() throws IOException {
    List<StoredEvent> batch;
    do {
      batch = stored();
      for (StoredEvent event : batch) {
        write("id: " + event.id() + "\nevent: event\ndata: " + Json.MAPPER.writeValueAsString(Documents.event(event)) + "\n\n");
        sent = event.id();
      }
    } while (batch.size() == BATCH);
  }

  /** Nothing while the store is away: they come when it is back. */
  private List<StoredEvent> stored() throws IOException {
    try {
      List<StoredEvent> batch = feed.store().oldest(query.after(sent), BATCH);
      storeAway = false;
      return batch;
    } catch (TransientException e) {
      if (!storeAway) {
        storeAway = true;
        LOG.debug("no events for a listener: {}", e.getMessage());
        write(": " + e.problem().code().id() + " the control store does not answer\n\n");
      }
      return List.of();
    }
  }

  private void write(String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }

  private static long now() {
    return System.nanoTime() / 1_000_000;
  }
}
