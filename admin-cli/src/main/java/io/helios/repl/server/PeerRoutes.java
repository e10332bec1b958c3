package io.helios.repl.server;

import io.helios.repl.config.ProductVersion;
import io.helios.repl.peer.PeerHello;
import io.helios.repl.peer.ServerKeyPair;
import io.helios.repl.pipeline.TargetSettings;
import io.javalin.config.RoutesConfig;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What peers ask, below {@code /peer/v1}. No part of the API: it changes with {@link PeerHello#PROTOCOL}.
 *
 * @param region this server's own
 * @param targets its own; a peer learns of those that are open to it
 */
record PeerRoutes(String region, ServerKeyPair keys, List<TargetSettings> targets) {

  void install(RoutesConfig routes) {
    routes.get(
        PeerHello.PATH,
        r ->
            r.contentType("application/json")
                .result(
                    new PeerHello(
                            region, ProductVersion.current(), PeerHello.PROTOCOL, keys.publicKey(), Instant.now(),
                            capacities(PeerGate.region(r)))
                        .encode()));
  }

  private Map<String, Long> capacities(String asking) {
    Map<String, Long> capacities = new HashMap<>();
    for (TargetSettings target : targets) {
      Long bytes = target.capacityBytes();
      if (bytes != null && target.regions().contains(asking)) {
        capacities.put(target.name(), bytes);
      }
    }
    return capacities;
  }
}
