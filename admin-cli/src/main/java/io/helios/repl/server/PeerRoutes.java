package io.helios.repl.server;

import io.helios.repl.config.ProductVersion;
import io.helios.repl.peer.PeerHello;
import io.helios.repl.peer.ServerKeyPair;
import io.javalin.config.RoutesConfig;
import java.time.Instant;

/**
 * What peers ask, below {@code /peer/v1}. No part of the API: it changes with {@link PeerHello#PROTOCOL}.
 *
 * @param region this server's own
 */
record PeerRoutes(String region, ServerKeyPair keys) {

  void install(RoutesConfig routes) {
    routes.get(
        PeerHello.PATH,
        r ->
            r.contentType("application/json")
                .result(new PeerHello(region, ProductVersion.current(), PeerHello.PROTOCOL, keys.publicKey(), Instant.now()).encode()));
  }
}
