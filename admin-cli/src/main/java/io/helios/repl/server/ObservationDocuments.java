package io.helios.repl.server;

import io.helios.repl.error.Problem;
import io.helios.repl.failover.lease.LeaseStatus;
import io.helios.repl.failover.observation.ObservedEndpoints;
import io.helios.repl.failover.observation.ObservedEndpoints.Observation;
import io.helios.repl.failover.observation.Probe;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What observers see, and the leases that are given, in the JSON that operators' scripts rely on. Pure. */
final class ObservationDocuments {

  private ObservationDocuments() {}

  /** @param at when it was asked for */
  static ObjectNode list(ObservedEndpoints observed, List<LeaseStatus> leases, Instant at) {
    ObjectNode list = Documents.list("ObservationList", observed.endpoints().stream().map(ObservationDocuments::observation).toList());
    list.put("observer", observed.observer());
    Problem problem = observed.problem();
    list.set("problem", Documents.error(problem, problem == null ? null : at));
    ArrayNode given = list.putArray("leases");
    leases.forEach(lease -> given.add(lease(lease)));
    return list;
  }

  static ObjectNode lease(LeaseStatus lease) {
    ObjectNode node = Json.document("Lease").put("database", lease.database()).put("given", lease.given());
    node.set("error", Documents.error(lease.problem(), null));
    return node;
  }

  static ObjectNode observation(Observation o) {
    Probe.@Nullable Seen seen = o.seen();
    ObjectNode node =
        Json.document("Observation")
            .put("endpoint", o.endpoint())
            .put("verdict", o.verdict().label())
            .put("own", o.own().label())
            .put("since", Documents.time(o.since()))
            .put("lastAnswer", o.lastAnswer() == null ? null : Documents.time(o.lastAnswer()))
            .put("standby", seen == null ? null : seen.standby())
            .put("lsn", o.lastWal() == null ? null : o.lastWal().toString())
            .put("why", seen == null ? null : seen.why())
            .put("deadVotes", o.outcome().dead())
            .put("countedVotes", o.outcome().counted())
            .put("neededVotes", o.outcome().needed());
    ArrayNode votes = node.putArray("votes");
    o.votes().forEach(
        v ->
            votes.addObject()
                .put("observer", v.observer())
                .put("verdict", v.verdict().label())
                .put("fresh", v.fresh())
                .put("sighted", v.sighted()));
    return node;
  }
}
