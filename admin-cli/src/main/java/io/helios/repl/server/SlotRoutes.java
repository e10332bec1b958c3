package io.helios.repl.server;

import static io.helios.repl.server.Api.answer;
import static io.helios.repl.server.Api.badRequest;
import static io.helios.repl.server.Api.confirmed;
import static io.helios.repl.server.Api.dryRun;
import static io.helios.repl.server.Api.name;

import io.helios.repl.config.TenantNames;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.ReplicationSlot.SlotState;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The replication slots at the sources and targets, orphans among them, and dropping one. */
final class SlotRoutes {

  private final Slots slots;

  SlotRoutes(Slots slots) {
    this.slots = slots;
  }

  void install(RoutesConfig routes) {
    routes.get("/api/v1/slots", r -> answer(r, 200, list(slots.all())));
    routes.delete("/api/v1/slots/{name}/{slot}", this::drop);
  }

  private void drop(Context request) {
    String place = name(request);
    String slot = request.pathParam("slot");
    if (!slot.matches("[a-z0-9_]{1,63}")) {
      throw badRequest("\"" + TenantNames.printable(slot) + "\" is no name of a replication slot", "lower-case letters, digits and _");
    }
    List<String> steps = slots.plan(place, slot);
    if (!dryRun(request)) {
      confirmed(request, slot, "dropping of slot");
      slots.drop(place, slot);
    }
    answer(request, 200, Documents.plan("slot drop", slot, steps).put("done", !dryRun(request)));
  }

  private static ObjectNode list(Slots.Listing listing) {
    ObjectNode list = Documents.list("SlotList", listing.slots().stream().map(SlotRoutes::document).toList());
    ArrayNode silent = list.putArray("unreachable");
    listing.silent().forEach(
        (place, problem) ->
            silent
                .addObject()
                .put("source", place.name())
                .put("at", place.at().label())
                .put("code", problem.code().id())
                .put("message", problem.message())
                .put("hint", problem.hint()));
    return list;
  }

  private static ObjectNode document(Slots.Found found) {
    SlotState s = found.state();
    return Json.document("Slot")
        .put("source", found.place().name())
        .put("at", found.place().at().label())
        .put("slot", s.name())
        .put("use", found.use().name().toLowerCase(Locale.ROOT))
        .put("database", s.database())
        .put("active", s.active())
        .put("temporary", s.temporary())
        .put("retainedWalBytes", s.retainedBytes())
        .put("restartLsn", text(s.restart()))
        .put("confirmedFlushLsn", text(s.confirmedFlush()))
        .put("walStatus", s.walStatus())
        .put("invalidation", s.invalidation());
  }

  private static @Nullable String text(Lsn lsn) {
    return lsn.equals(Lsn.INVALID) ? null : lsn.toString();
  }
}
