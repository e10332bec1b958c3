package io.helios.repl.server;

import static io.helios.repl.server.Api.answer;
import static io.helios.repl.server.Api.badRequest;

import io.helios.repl.config.Durations;
import io.helios.repl.config.ProductVersion;
import io.helios.repl.config.TenantNames;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.pipeline.FleetEvent;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/** The history: as a list, and as it goes on, by what the request accepts. */
final class EventRoutes implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(EventRoutes.class);
  private static final int LIMIT = 100;
  private static final int MOST = 1_000;
  private static final int STREAMS = 64;
  private static final int FIRST = 20;
  private static final Duration SHORTEST = Duration.ofMillis(200);
  private static final Duration LONGEST = Duration.ofMinutes(1);

  private final ControlStore store;
  private final Bell bell;
  private final Supplier<FleetNews.Standing> standing;
  private final String region;
  private final String node;
  private final Semaphore free = new Semaphore(STREAMS);
  private volatile boolean stopping;

  /**
   * @param standing how the fleet is at the moment
   * @param node what this server is called among several
   */
  EventRoutes(
      ControlStore store,
      Bell bell,
      Supplier<FleetNews.Standing> standing,
      String region,
      String node) {
    this.store = store;
    this.bell = bell;
    this.standing = standing;
    this.region = region;
    this.node = node;
  }

  void install(RoutesConfig routes) {
    routes.get(
        "/api/v1/events",
        r -> {
          String accept = r.header("Accept");
          if (accept != null && accept.toLowerCase(Locale.ROOT).contains("text/event-stream")) {
            stream(r);
          } else {
            list(r);
          }
        });
  }

  /** The newest first; {@code next} goes on with older ones. */
  private void list(Context request) {
    EventQuery query = query(request, since(request.queryParam("since")));
    int limit = Pages.limit(request, LIMIT, MOST);
    String cursor = request.queryParam("cursor");
    if (cursor != null) {
      query = query.before(Pages.number(cursor));
    }
    List<StoredEvent> found = store.newest(query, limit + 1);
    List<StoredEvent> page = found.subList(0, Math.min(limit, found.size()));
    ObjectNode list = Documents.list("EventList", page.stream().map(Documents::event).toList());
    if (found.size() > limit) {
      list.put("next", Long.toString(page.getLast().id()));
    }
    answer(request, 200, list);
  }

  private void stream(Context request) throws InterruptedException {
    EventQuery query = query(request, beginning(request));
    Duration every = every(request);
    FleetNews news = new FleetNews(region, ProductVersion.current(), node);
    Supplier<ObjectNode> told =
        () -> news.next(Instant.now(), System.nanoTime(), standing.get());
    if (!free.tryAcquire()) {
      throw new TransientException(
          new Problem(
              ErrorCode.TOO_MANY_STREAMS,
              "too many listen to events",
              "there are " + STREAMS + " streams of events, and no room for more",
              "close a dashboard, or try again later"));
    }
    try {
      HttpServletResponse response = request.res();
      response.setStatus(200);
      response.setContentType("text/event-stream");
      response.setCharacterEncoding("UTF-8");
      response.setHeader("Cache-Control", "no-store");
      response.setHeader("X-Accel-Buffering", "no");
      new EventStream(
              new EventStream.Feed(store, bell, () -> stopping),
              response.getOutputStream(),
              query,
              every.isZero() ? null : told,
              every)
          .run();
    } catch (IOException e) {
      LOG.debug("a listener has gone: {}", e.getMessage());
    } finally {
      free.release();
    }
  }

  private static EventQuery query(Context request, EventQuery base) {
    String tenant = request.queryParam("tenant");
    if (tenant != null && !TenantNames.isValid(tenant)) {
      throw badRequest("\"" + TenantNames.printable(tenant) + "\" is no name", TenantNames.RULE);
    }
    return new EventQuery(tenant, severity(request), base.after(), base.before(), base.since());
  }

  private static FleetEvent.Severity severity(Context request) {
    String value = request.queryParam("severity");
    if (value == null) {
      return FleetEvent.Severity.INFO;
    }
    for (FleetEvent.Severity severity : FleetEvent.Severity.values()) {
      if (severity.name().equalsIgnoreCase(value)) {
        return severity;
      }
    }
    throw badRequest("the parameter severity is not right", "info, warn or error: that and what is louder");
  }

  /**
   * Where a stream begins: after the id that the listener has seen last, be it newer than anything here (the store was made
   * anew); without one the newest few come first.
   */
  private EventQuery beginning(Context request) {
    String seen = request.header("Last-Event-ID");
    EventQuery asked = since(seen != null && !seen.isEmpty() ? seen : request.queryParam("since"));
    if (asked.since() != null) {
      return asked;
    }
    List<StoredEvent> newest = store.newest(EventQuery.ALL, FIRST + 1);
    long last = newest.isEmpty() ? 0 : newest.getFirst().id();
    if (asked.after() >= 0) {
      return asked.after(Math.min(asked.after(), last));
    }
    return EventQuery.ALL.after(newest.size() > FIRST ? newest.getLast().id() : 0);
  }

  /** An event's id, a moment, or how long ago. */
  private static EventQuery since(@Nullable String value) {
    if (value == null) {
      return EventQuery.ALL;
    }
    if (value.matches("\\d{1,18}")) {
      return EventQuery.ALL.after(Long.parseLong(value));
    }
    Instant moment = Durations.parse(value).map(ago -> Instant.now().minus(ago)).orElse(null);
    try {
      return new EventQuery(
          null, FleetEvent.Severity.INFO, -1, Long.MAX_VALUE, moment != null ? moment : Instant.parse(value));
    } catch (DateTimeParseException e) {
      throw badRequest(
          "the parameter since is not right", "an event's id, a moment such as 2026-01-01T12:00:00Z, or how long ago, such as 1h");
    }
  }

  private static Duration every(Context request) {
    String value = request.queryParam("fleet");
    if (value == null) {
      return Duration.ZERO;
    }
    return Durations.parse(value)
        .filter(d -> d.compareTo(SHORTEST) >= 0 && d.compareTo(LONGEST) <= 0)
        .orElseThrow(() -> badRequest("the parameter fleet is not right", "an interval from 200ms to 1m: fleet=1s"));
  }

  /** Lets all listeners go. */
  @Override
  public void close() {
    stopping = true;
    bell.ring();
  }
}
