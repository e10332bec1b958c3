package io.helios.repl.client;

import static io.helios.repl.client.FleetDocuments.fault;
import static io.helios.repl.client.FleetDocuments.instant;
import static io.helios.repl.client.FleetDocuments.moment;
import static io.helios.repl.client.FleetDocuments.text;

import io.helios.repl.tui.fleet.Gates;
import io.helios.repl.tui.fleet.Migration;
import io.helios.repl.tui.fleet.Passages;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The server's documents of migrations as the dashboard's records. Pure. */
final class MoveDocuments {

  private MoveDocuments() {}

  static Migration migration(JsonNode node) {
    return new Migration(
        node.path("id").asString(""),
        node.path("tenant").asString(""),
        node.path("from").asString(""),
        node.path("to").asString(""),
        node.path("state").asString(""),
        text(node.path("wish")),
        node.path("epoch").asLong(0),
        node.path("attempts").asInt(0),
        moment(node.path("begunAt")),
        moment(node.path("since")),
        new Migration.Terms(
            node.path("maxPauseMillis").asDouble(0),
            node.path("retries").asInt(0),
            instant(node.path("notBefore")),
            node.path("cutover").asString("").equals("auto"),
            text(node.path("window"))),
        prediction(node.path("predicted")),
        pause(node.path("there")),
        pause(node.path("back")),
        fault(node.path("error")),
        node.path("nextSteps").valueStream().map(JsonNode::asString).toList());
  }

  private static Migration.@Nullable Prediction prediction(JsonNode node) {
    return node.isObject()
        ? new Migration.Prediction(
            moment(node.path("at")),
            node.path("rehearsals").asInt(0),
            share(node),
            share(node.path("lock")),
            share(node.path("drain")),
            share(node.path("traffic")))
        : null;
  }

  private static Migration.Share share(JsonNode node) {
    return new Migration.Share(node.path("p50Millis").asDouble(0), node.path("p99Millis").asDouble(0));
  }

  private static Migration.@Nullable Pause pause(JsonNode node) {
    JsonNode parts = node.path("parts");
    return node.isObject()
        ? new Migration.Pause(
            moment(node.path("at")),
            node.path("epoch").asLong(0),
            node.path("pauseMillis").asDouble(0),
            node.path("exact").asBoolean(true),
            parts.path("lockMillis").asDouble(0),
            parts.path("drainMillis").asDouble(0),
            parts.path("trafficMillis").asDouble(0),
            parts.path("switchMillis").asDouble(0))
        : null;
  }

  static Passages passages(JsonNode migration) {
    return new Passages(
        migration.path("id").asString(""),
        migration.path("passages").valueStream()
            .map(
                p ->
                    new Passages.Passage(
                        moment(p.path("at")),
                        p.path("from").asString(""),
                        p.path("to").asString(""),
                        p.path("reason").asString(""),
                        p.path("epoch").asLong(0)))
            .toList());
  }

  /** Nothing from a server of another version, which does not look at them. */
  static Optional<Gates> gates(JsonNode migration) {
    JsonNode gates = migration.path("gates");
    if (!gates.isObject()) {
      return Optional.empty();
    }
    return Optional.of(new Gates(
        migration.path("id").asString(""),
        moment(gates.path("at")),
        gates.path("items").valueStream()
            .map(g -> new Gates.Gate(g.path("gate").asString(""), g.path("byItself").asBoolean(false), fault(g.path("problem"))))
            .toList(),
        fault(gates.path("unseen"))));
  }
}
