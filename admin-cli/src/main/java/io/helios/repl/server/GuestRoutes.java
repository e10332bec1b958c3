package io.helios.repl.server;

import static io.helios.repl.server.Api.badRequest;

import io.helios.repl.peer.GivenDocument;
import io.helios.repl.peer.PeerKeys;
import io.helios.repl.peer.ReportsDocument;
import io.helios.repl.pipeline.GivenTenant;
import io.helios.repl.pipeline.Guests;
import io.helios.repl.seal.KeySeal;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a peer asks of this server as the one that applies its tenants, below {@code /peer/v1/targets/{target}/tenants}: to take one or to
 * learn what has changed of it, to give it back, and to say how they are. To be closed before the HTTP server, whose stop waits for
 * requests. Any thread.
 */
final class GuestRoutes implements AutoCloseable {

  private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);
  private static final String TENANTS = "/peer/v1/targets/{target}/tenants";

  private final Guests guests;
  private final String region;
  private final PeerKeys keys;
  private volatile boolean closing;

  /** @param region this server's own */
  GuestRoutes(Guests guests, String region, PeerKeys keys) {
    this.guests = guests;
    this.region = region;
    this.keys = keys;
  }

  void install(RoutesConfig routes) {
    routes.put(TENANTS + "/{tenant}", this::take);
    routes.delete(TENANTS + "/{tenant}", this::giveBack);
    routes.get(TENANTS, this::reports);
  }

  private void take(Context request) throws InterruptedException {
    GivenTenant given = GivenDocument.decode(request.bodyAsBytes());
    if (given == null || !given.tenant().id().equals(uuid(request.pathParam("tenant"), "tenant"))) {
      throw badRequest("that is no tenant that is given", "both servers have to be of the same release");
    }
    String from = PeerGate.region(request);
    KeySeal seal = keys.toward(from);
    guests.take(from, request.pathParam("target"), given, (into, key) -> into.take(key, from, region, seal));
    request.status(204);
  }

  private void giveBack(Context request) throws InterruptedException {
    guests.giveBack(
        PeerGate.region(request),
        request.pathParam("target"),
        uuid(request.pathParam("tenant"), "tenant"),
        uuid(request.queryParam("incarnation"), "incarnation"));
    request.status(204);
  }

  private void reports(Context request) throws InterruptedException {
    String version = request.queryParam("version");
    if (version == null || !version.matches("\\d{1,18}")) {
      throw badRequest("the parameter version is not right", "version=0");
    }
    Duration wait = Api.duration(request, "wait", Duration.ZERO);
    request
        .contentType("application/json")
        .result(
            ReportsDocument.encode(
                guests.reports(
                    PeerGate.region(request),
                    request.pathParam("target"),
                    uuid(request.queryParam("boot"), "boot"),
                    Long.parseLong(version),
                    "true".equals(request.queryParam("urgent")),
                    wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait,
                    () -> closing)));
  }

  private static UUID uuid(@Nullable String text, String parameter) {
    if (text == null || !text.matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")) {
      throw badRequest("the parameter " + parameter + " is not right", parameter + "=UUID");
    }
    return UUID.fromString(text);
  }

  /** Ends the requests that wait for news, within half a second. */
  @Override
  public void close() {
    closing = true;
  }
}
