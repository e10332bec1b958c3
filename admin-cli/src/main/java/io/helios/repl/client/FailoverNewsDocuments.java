package io.helios.repl.client;

import static io.helios.repl.client.FleetDocuments.fault;
import static io.helios.repl.client.FleetDocuments.instant;
import static io.helios.repl.client.FleetDocuments.moment;
import static io.helios.repl.client.FleetDocuments.text;

import io.helios.repl.tui.fleet.Failover;
import io.helios.repl.tui.fleet.FailoverNews;
import io.helios.repl.tui.fleet.Lease;
import io.helios.repl.tui.fleet.Observation;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The server's documents of failing over as the dashboard's records. Pure. */
final class FailoverNewsDocuments {

  private FailoverNewsDocuments() {}

  /** Of a whole update of the fleet. */
  static FailoverNews news(JsonNode fleet) {
    return new FailoverNews(
        fleet.path("failovers").valueStream().map(FailoverNewsDocuments::failover).toList(),
        fleet.path("failoversRemoved").valueStream().map(JsonNode::asString).toList(),
        fleet.path("observations").valueStream().map(FailoverNewsDocuments::observation).toList(),
        fleet.path("leases").valueStream()
            .map(l -> new Lease(l.path("database").asString(""), l.path("given").asBoolean(false), fault(l.path("error"))))
            .toList());
  }

  static Failover failover(JsonNode node) {
    return new Failover(
        node.path("id").asString(""),
        node.path("tenant").asString(""),
        node.path("from").asString(""),
        node.path("to").asString(""),
        node.path("state").asString(""),
        node.path("oldSource").asString(""),
        node.path("epoch").asLong(0),
        node.path("rejoin").asString("").equals("auto"),
        node.path("place").isNumber() ? (Integer) node.path("place").asInt() : null,
        moment(node.path("begunAt")),
        moment(node.path("since")),
        node.path("rtoMillis").isNumber() ? (Long) node.path("rtoMillis").asLong() : null,
        text(node.path("promotedLsn")),
        node.path("switchedAt").isString(),
        account(node.path("unreplicated")),
        fault(node.path("error")),
        node.path("nextSteps").valueStream().map(JsonNode::asString).toList());
  }

  private static Failover.@Nullable Account account(JsonNode node) {
    return node.path("transactions").isNumber()
        ? new Failover.Account(
            node.path("transactions").asLong(0),
            instant(node.path("first")),
            instant(node.path("last")),
            text(node.path("missing")),
            node.path("tables").valueStream().map(FailoverNewsDocuments::table).toList())
        : null;
  }

  private static String table(JsonNode t) {
    return t.path("table").asString("") + ": " + t.path("inserts").asLong(0) + " inserted, " + t.path("updates").asLong(0)
        + " updated, " + t.path("deletes").asLong(0) + " deleted" + (t.path("truncates").asLong(0) > 0 ? ", truncated" : "");
  }

  private static Observation observation(JsonNode node) {
    return new Observation(
        node.path("endpoint").asString(""),
        node.path("verdict").asString(""),
        node.path("own").asString(""),
        moment(node.path("since")),
        instant(node.path("lastAnswer")),
        text(node.path("lsn")),
        text(node.path("why")),
        node.path("deadVotes").asInt(0),
        node.path("countedVotes").asInt(0),
        node.path("neededVotes").asInt(0),
        node.path("votes").valueStream()
            .map(
                v ->
                    new Observation.Vote(
                        v.path("observer").asString(""),
                        v.path("verdict").asString(""),
                        v.path("fresh").asBoolean(false),
                        v.path("sighted").asBoolean(true)))
            .toList());
  }
}
