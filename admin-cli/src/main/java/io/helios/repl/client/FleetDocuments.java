package io.helios.repl.client;

import io.helios.repl.tui.fleet.Endpoint;
import io.helios.repl.tui.fleet.Event;
import io.helios.repl.tui.fleet.Fault;
import io.helios.repl.tui.fleet.FleetUpdate;
import io.helios.repl.tui.fleet.Objective;
import io.helios.repl.tui.fleet.Pipeline;
import io.helios.repl.tui.fleet.Server;
import io.helios.repl.tui.fleet.Tenant;
import io.helios.repl.tui.fleet.Totals;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The server's documents as the dashboard's records. What a server of another version leaves out is unknown. Pure. */
final class FleetDocuments {

  private FleetDocuments() {}

  static FleetUpdate update(JsonNode node) {
    JsonNode server = node.path("server");
    return new FleetUpdate(
        node.path("full").asBoolean(false),
        moment(node.path("at")),
        new Server(
            server.path("region").asString(""),
            server.path("version").asString(""),
            server.path("node").asString(""),
            whole(server.path("epoch"))),
        totals(node.path("totals")),
        node.path("sources").valueStream().map(s -> endpoint(Endpoint.Role.SOURCE, s)).toList(),
        node.path("targets").valueStream().map(t -> endpoint(Endpoint.Role.TARGET, t)).toList(),
        node.path("tenants").valueStream().map(FleetDocuments::tenant).toList(),
        node.path("removed").valueStream().map(JsonNode::asString).toList(),
        node.path("migrations").valueStream().map(MoveDocuments::migration).toList(),
        node.path("migrationsRemoved").valueStream().map(JsonNode::asString).toList(),
        FailoverNewsDocuments.news(node));
  }

  private static Totals totals(JsonNode node) {
    JsonNode lag = node.path("lagSeconds");
    return new Totals(
        node.path("tenants").asInt(0),
        lag.path("max").isNumber()
            ? new Totals.Lag(
                lag.path("p50").asDouble(0), lag.path("p95").asDouble(0), lag.path("p99").asDouble(0), lag.path("max").asDouble(0))
            : null,
        node.path("rowsPerSecond").asDouble(0),
        node.path("rawBytesPerSecond").asDouble(0),
        node.path("sealedBytesPerSecond").asDouble(0));
  }

  private static Endpoint endpoint(Endpoint.Role role, JsonNode node) {
    return new Endpoint(
        role,
        node.path(role == Endpoint.Role.SOURCE ? "source" : "target").asString(""),
        node.path("place").asString(""),
        node.path("reachable").asBoolean(false),
        text(node.path("capturedLsn")),
        whole(node.path("retainedWalBytes")),
        whole(node.path("relayBytes")),
        node.path("tenants").asInt(0),
        fault(node.path("error")));
  }

  static Tenant tenant(JsonNode node) {
    JsonNode copy = node.path("copy");
    JsonNode objective = node.path("objective");
    return new Tenant(
        node.path("tenant").asString(""),
        node.path("state").asString(""),
        node.path("source").asString(""),
        node.path("target").asString(""),
        text(node.path("sourceRegion")),
        text(node.path("targetRegion")),
        node.path("tier").asString(""),
        node.path("epoch").asLong(0),
        number(node.path("lagSeconds")),
        whole(node.path("lagBytes")),
        node.path("lagTargetSeconds").asDouble(0),
        node.path("rowsPerSecond").asDouble(0),
        text(node.path("appliedLsn")),
        text(node.path("capturedLsn")),
        new Tenant.Copy(
            copy.path("tables").asInt(0), copy.path("done").asInt(0), copy.path("rows").asLong(0), copy.path("bytes").asLong(0)),
        node.path("conflicts").asLong(0),
        node.path("sealedBytes").asLong(0),
        node.path("rawBytes").asLong(0),
        instant(node.path("since")),
        fault(node.path("error")),
        objective.isObject()
            ? new Objective(
                objective.path("windowSeconds").asDouble(0),
                objective.path("attained").asDouble(0),
                objective.path("goal").asDouble(0),
                objective.path("budgetLeft").asDouble(0),
                objective.path("burnRate").asDouble(0))
            : null);
  }

  static Event event(JsonNode node) {
    Event.Severity severity =
        switch (node.path("severity").asString("")) {
          case "ERROR" -> Event.Severity.ERROR;
          case "WARN" -> Event.Severity.WARN;
          default -> Event.Severity.INFO;
        };
    return new Event(
        node.path("id").asLong(0),
        moment(node.path("at")),
        severity,
        text(node.path("tenant")),
        node.path("message").asString(""),
        text(node.path("code")),
        text(node.path("hint")));
  }

  static Pipeline pipeline(String tenant, JsonNode node) {
    return new Pipeline(
        tenant,
        node.path("stages").valueStream()
            .map(
                s ->
                    new Pipeline.Stage(
                        s.path("stage").asString(""),
                        number(s.path("p50Millis")),
                        number(s.path("p99Millis")),
                        whole(s.path("queue")),
                        s.path("state").asString("")))
            .toList(),
        node.path("lag").valueStream()
            .map(p -> p.path("seconds").isNumber() ? (float) p.path("seconds").asDouble() : Float.NaN)
            .toList(),
        node.path("tables").valueStream()
            .map(
                t ->
                    new Pipeline.Table(
                        t.path("table").asString(""),
                        t.path("rows").asLong(0),
                        t.path("rowsPerSecond").asDouble(0),
                        number(t.path("lagSeconds"))))
            .toList(),
        text(node.path("releasedLsn")),
        text(node.path("restartLsn")),
        whole(node.path("retainedWalBytes")));
  }

  static List<String> steps(JsonNode plan) {
    return plan.path("steps").valueStream().map(JsonNode::asString).toList();
  }

  static @Nullable Fault fault(JsonNode node) {
    return node.isObject()
        ? new Fault(
            node.path("code").asString(""),
            node.path("message").asString(""),
            node.path("why").asString(""),
            node.path("hint").asString(""),
            text(node.path("lsn")),
            text(node.path("table")),
            instant(node.path("at")))
        : null;
  }

  static @Nullable String text(JsonNode node) {
    return node.isString() ? node.asString() : null;
  }

  private static @Nullable Double number(JsonNode node) {
    return node.isNumber() ? (Double) node.asDouble() : null;
  }

  private static @Nullable Long whole(JsonNode node) {
    return node.isNumber() ? (Long) node.asLong() : null;
  }

  static @Nullable Instant instant(JsonNode node) {
    try {
      return node.isString() ? Instant.parse(node.asString()) : null;
    } catch (DateTimeParseException e) {
      return null;
    }
  }

  static Instant moment(JsonNode node) {
    return Objects.requireNonNullElse(instant(node), Instant.EPOCH);
  }
}
