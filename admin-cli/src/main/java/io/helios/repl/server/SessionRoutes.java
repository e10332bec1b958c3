package io.helios.repl.server;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.peer.SessionWay;
import io.helios.repl.pipeline.TargetSettings;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.websocket.WsConfig;
import io.javalin.websocket.WsContext;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * This server's targets for the servers of other regions, as far as {@code targets.NAME.regions} lets them: each WebSocket is one session
 * of that database, which this server logs in to with its own settings. So a peer learns no password, and reaches nothing else of this
 * network. To be closed before the HTTP server, whose stop waits for its connections.
 */
final class SessionRoutes implements AutoCloseable {

  /** A peer that is gone without a word is noticed; one that has nothing to say answers pings. */
  private static final Duration SILENCE = Duration.ofSeconds(60);

  private static final int PING_SECONDS = 15;

  private final List<TargetSettings> targets;
  private final Map<String, SessionRelay> relays = new ConcurrentHashMap<>();
  private volatile boolean closing;

  SessionRoutes(List<TargetSettings> targets) {
    this.targets = targets;
  }

  /** Behind a {@link PeerGate}. */
  void install(RoutesConfig routes) {
    routes.wsBeforeUpgrade(SessionWay.PATH, this::requireOpen);
    routes.ws(SessionWay.PATH, this::relay);
  }

  private void requireOpen(Context request) {
    TargetSettings target = target(request.pathParam("target"), PeerGate.region(request)).orElse(null);
    if (target == null || closing) {
      throw new OperatorException( // as for one that is there and not open: a peer learns no names
          new Problem(
              ErrorCode.TARGET_NOT_OPEN,
              "this region may not use that target",
              "there is none of this name, or its regions: does not name the region that asks",
              "on the server that has it: targets: { NAME: { regions: [REGION] } }"));
    }
  }

  private Optional<TargetSettings> target(String name, String region) {
    return targets.stream().filter(t -> t.name().equals(name) && t.regions().contains(region)).findFirst();
  }

  private void relay(WsConfig socket) {
    socket.onConnect(
        context -> {
          TargetSettings target = target(context.pathParam("target"), PeerGate.region(context)).orElseThrow();
          context.session.setIdleTimeout(SILENCE);
          context.enableAutomaticPings(PING_SECONDS, TimeUnit.SECONDS);
          relays.put(context.sessionId(), new SessionRelay(target, PeerGate.region(context), context.session, this::byKey));
          if (closing) {
            end(context);
          }
        });
    socket.onBinaryMessage(
        message -> {
          SessionRelay relay = relays.get(message.sessionId());
          if (relay != null) {
            relay.take(message.data());
          }
        });
    socket.onClose(this::end);
    socket.onError(this::end);
  }

  private Optional<SessionRelay> byKey(SessionRelay.Key key) {
    return relays.values().stream().filter(relay -> key.equals(relay.key())).findFirst();
  }

  private void end(WsContext context) {
    context.disableAutomaticPings();
    SessionRelay relay = relays.remove(context.sessionId());
    if (relay != null) {
      relay.close();
    }
  }

  @Override
  public void close() {
    closing = true;
    relays.values().forEach(SessionRelay::close);
  }
}
