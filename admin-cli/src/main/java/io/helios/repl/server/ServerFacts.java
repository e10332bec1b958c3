package io.helios.repl.server;

import io.helios.repl.config.ProductVersion;
import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.peer.PeerStatus;
import io.helios.repl.status.EndpointStatus;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a server tells of itself and of its fleet as a whole.
 *
 * @param state how it stands to being stopped: see {@link Drain}
 * @param publicKey that peers seal tenants' keys to; null without peers
 */
record ServerFacts(
    ServerConfiguration configuration,
    String storePlace,
    Supplier<String> address,
    Supplier<String> state,
    Supplier<List<PeerStatus>> peers,
    @Nullable String publicKey,
    Instant started) {

  ObjectNode document(List<TenantStatus> tenants, List<EndpointStatus> sources, List<EndpointStatus> targets) {
    ObjectNode node =
        Json.document("FleetStatus")
            .put("version", ProductVersion.current())
            .put("state", state.get())
            .put("region", configuration.region())
            .put("address", address.get())
            .put("publicKey", publicKey)
            .put("process", ProcessHandle.current().pid())
            .put("started", Documents.time(started))
            .put("dataDirectory", configuration.dataDirectory().toString())
            .put("store", storePlace);
    ObjectNode counts = node.putObject("tenants").put("total", tenants.size());
    ObjectNode byState = counts.putObject("byState");
    Map<TenantState, Integer> states = new EnumMap<>(TenantState.class);
    tenants.forEach(t -> states.merge(t.state(), 1, Integer::sum));
    states.forEach((state, count) -> byState.put(state.name(), count));
    OptionalDouble lag =
        tenants.stream().map(TenantStatus::lagSeconds).filter(Objects::nonNull).mapToDouble(Double::doubleValue).max();
    counts.put("largestLagSeconds", lag.isPresent() ? (Double) lag.getAsDouble() : null);
    ArrayNode sourceList = node.putArray("sources");
    sources.forEach(s -> sourceList.add(Documents.endpoint(s)));
    ArrayNode targetList = node.putArray("targets");
    targets.forEach(t -> targetList.add(Documents.endpoint(t)));
    ArrayNode peerList = node.putArray("peers");
    peers.get().forEach(p -> peerList.add(Documents.peer(p)));
    return node;
  }

  /** For {@code /readyz}, which everybody may read: names and states, no places. */
  static ObjectNode readiness(String state, List<EndpointStatus> sources, List<EndpointStatus> targets) {
    ObjectNode node = Json.document("Readiness").put("status", state.equals("running") ? "ready" : state);
    for (List<EndpointStatus> side : List.of(sources, targets)) {
      ArrayNode list = node.putArray(side == sources ? "sources" : "targets");
      for (EndpointStatus s : side) {
        list.addObject()
            .put("name", s.name())
            .put("state", s.reachable() ? "up" : "down")
            .put("code", s.error() == null ? null : s.error().code().id());
      }
    }
    return node;
  }
}
