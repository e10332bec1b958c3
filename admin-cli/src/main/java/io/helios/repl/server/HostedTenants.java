package io.helios.repl.server;

import static io.helios.repl.server.Api.answer;

import io.helios.repl.pipeline.Guests;
import io.helios.repl.status.GuestStatus;
import io.javalin.config.RoutesConfig;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import tools.jackson.databind.node.ObjectNode;

/** What this server applies for other regions' servers, for its own operators: {@code GET /api/v1/guests}, and how many there are. */
record HostedTenants(Guests guests) {

  void install(RoutesConfig routes) {
    routes.get(
        "/api/v1/guests",
        r -> answer(r, 200, Documents.list("GuestList", guests.statuses().stream().map(HostedTenants::document).toList())));
  }

  void register(MeterRegistry registry) {
    for (GuestStatus.State state : GuestStatus.State.values()) {
      Gauge.builder("helios.repl.guests", guests, g -> g.statuses().stream().filter(one -> one.state() == state).count())
          .description("tenants that are applied here for other regions")
          .tag("state", state.name().toLowerCase(Locale.ROOT))
          .register(registry);
    }
  }

  private static ObjectNode document(GuestStatus guest) {
    ObjectNode node =
        Json.document("Guest")
            .put("tenant", guest.tenant())
            .put("region", guest.region())
            .put("source", guest.source())
            .put("target", guest.target())
            .put("state", guest.state().name())
            .put("epoch", guest.epoch())
            .put("appliedLsn", guest.appliedLsn())
            .put("capturedLsn", guest.capturedLsn())
            .put("lagBytes", guest.lagBytes())
            .put("lastCommitAt", guest.lastCommitAt() == null ? null : Documents.time(guest.lastCommitAt()));
    node.set("error", Documents.error(guest.error(), null));
    return node;
  }
}
