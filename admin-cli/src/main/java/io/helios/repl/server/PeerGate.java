package io.helios.repl.server;

import io.helios.repl.config.PeerSettings;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.pki.RegionNames;
import io.helios.repl.pki.TrustedAuthorities;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.websocket.WsContext;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands before every route below {@code /peer}: lets in who has a certificate that names the region of a configured peer, of the very
 * authority that is configured for that peer, and nobody else, with whatever token. Any thread.
 */
final class PeerGate {

  private static final Logger LOG = LoggerFactory.getLogger(PeerGate.class);
  private static final String CERTIFICATES = "jakarta.servlet.request.X509Certificate";
  private static final String PEER = "helios.peer";

  private final Map<String, TrustedAuthorities> authorities = new HashMap<>();

  PeerGate(List<PeerSettings> peers) {
    peers.forEach(peer -> authorities.put(peer.region(), TrustedAuthorities.of(peer.ca())));
  }

  void install(RoutesConfig routes) {
    routes.before("/peer/*", this::enter);
    routes.wsBeforeUpgrade("/peer/*", this::enter);
  }

  /** The region of the peer that sent a request which has come through. */
  static String region(Context request) {
    return Objects.requireNonNull(request.<String>attribute(PEER));
  }

  /** The same of one that has become a WebSocket. */
  static String region(WsContext socket) {
    return Objects.requireNonNull(socket.<String>attribute(PEER));
  }

  private void enter(Context request) {
    X509Certificate[] chain =
        request.req().getAttribute(CERTIFICATES) instanceof X509Certificate[] shown && shown.length > 0 ? shown : null;
    String region = chain == null ? null : RegionNames.of(chain[0]).orElse(null);
    TrustedAuthorities own = region == null ? null : authorities.get(region);
    if (chain == null || region == null || own == null || !own.vouchFor(chain)) {
      LOG.warn("no peer: {} {} from {}", request.method(), request.path(), request.ip());
      throw new OperatorException(
          new Problem(
              ErrorCode.NOT_A_PEER,
              "this is for servers of other regions only",
              chain == null
                  ? "the connection shows no certificate"
                  : "the certificate names no region among this server's peers, or another authority has signed it",
              "on this server: peers: { REGION: { url: …, ca: FILE } }"));
    }
    request.attribute(PEER, region);
  }
}
