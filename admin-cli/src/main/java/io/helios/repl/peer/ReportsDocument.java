package io.helios.repl.peer;

import io.helios.repl.apply.AppliedStatus;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.pipeline.ApplyReports;
import io.helios.repl.postgres.Lsn;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** How tenants are that another region's server applies, in JSON. Pure. */
public final class ReportsDocument {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int LONGEST = 2_000;

  private ReportsDocument() {}

  public static byte[] encode(ApplyReports reports) {
    ObjectNode document =
        JSON.createObjectNode()
            .put("kind", "ApplyReports")
            .put("boot", reports.boot().toString())
            .put("version", reports.version())
            .put("all", reports.all());
    ArrayNode all = document.putArray("reports");
    for (ApplyReports.Report report : reports.reports()) {
      ObjectNode node =
          all.addObject()
              .put("tenant", report.tenant().toString())
              .put("incarnation", report.incarnation().toString())
              .put("keys", report.keys())
              .put("hold", report.hold())
              .put("heldAt", report.heldAt().value())
              .put("promoted", report.promoted());
      status(node, report.status());
    }
    return JSON.writeValueAsBytes(document);
  }

  private static void status(ObjectNode node, AppliedStatus status) {
    node.put("position", status.position().value())
        .put("caughtUpTo", status.caughtUpTo().value())
        .put("lastCommitMicros", status.lastCommitMicros())
        .put("transactions", status.transactions())
        .put("rows", status.rows())
        .put("failures", status.failures())
        .put("stopped", status.stopped());
    ArrayNode conflicts = node.putArray("conflicts");
    status.conflictCounts().forEach(
        (conflict, count) ->
            conflicts.addObject().put("table", conflict.table()).put("kind", conflict.kind()).put("count", count));
    ArrayNode tables = node.putArray("tables");
    status.tables().forEach(
        (table, rows) ->
            tables.addObject()
                .put("table", table)
                .put("inserts", rows.inserts())
                .put("updates", rows.updates())
                .put("deletes", rows.deletes())
                .put("truncates", rows.truncates()));
    Problem error = status.error();
    if (error != null) {
      node.putObject("error")
          .put("code", error.code().id())
          .put("message", error.message())
          .put("why", error.why())
          .put("hint", error.hint())
          .put("lsn", error.lsn())
          .put("table", error.table());
    }
  }

  /** Throws {@link io.helios.repl.error.CorruptionException} (HR-4305) when it is none. */
  static ApplyReports decode(byte[] body) {
    try {
      JsonNode document = JSON.readTree(body);
      if (!document.path("kind").asString("").equals("ApplyReports")) {
        throw FrameWire.malformed("it holds no reports");
      }
      List<ApplyReports.Report> reports = new ArrayList<>();
      for (JsonNode node : document.path("reports")) {
        reports.add(
            new ApplyReports.Report(
                UUID.fromString(node.path("tenant").asString()),
                UUID.fromString(node.path("incarnation").asString()),
                node.path("keys").asInt(),
                status(node),
                node.path("hold").asLong(),
                lsn(node, "heldAt"),
                node.path("promoted").asLong()));
      }
      return new ApplyReports(
          UUID.fromString(document.path("boot").asString()),
          document.path("version").asLong(),
          document.path("all").asBoolean(),
          reports);
    } catch (JacksonException | IllegalArgumentException e) {
      throw FrameWire.malformed("it is no report");
    }
  }

  private static AppliedStatus status(JsonNode node) {
    Map<AppliedStatus.Conflict, Long> conflicts = new HashMap<>();
    for (JsonNode conflict : node.path("conflicts")) {
      conflicts.put(
          new AppliedStatus.Conflict(conflict.path("table").asString(), conflict.path("kind").asString()),
          conflict.path("count").asLong());
    }
    Map<String, AppliedStatus.Rows> tables = new HashMap<>();
    for (JsonNode table : node.path("tables")) {
      tables.put(
          table.path("table").asString(),
          new AppliedStatus.Rows(
              table.path("inserts").asLong(),
              table.path("updates").asLong(),
              table.path("deletes").asLong(),
              table.path("truncates").asLong()));
    }
    return new AppliedStatus(
        lsn(node, "position"),
        lsn(node, "caughtUpTo"),
        node.path("lastCommitMicros").asLong(),
        node.path("transactions").asLong(),
        node.path("rows").asLong(),
        conflicts,
        tables,
        node.path("failures").asInt(),
        node.path("stopped").asBoolean(),
        problem(node.path("error")));
  }

  private static @Nullable Problem problem(JsonNode error) {
    return error.isObject()
        ? new Problem(
            ErrorCode.byId(error.path("code").asString("")).orElse(ErrorCode.PEER_ANSWER),
            line(error, "message"),
            line(error, "why"),
            line(error, "hint"),
            error.path("lsn").isString() ? line(error, "lsn") : null,
            error.path("table").isString() ? line(error, "table") : null)
        : null;
  }

  /** It is shown to operators as it is. */
  private static String line(JsonNode error, String name) {
    String text = error.path(name).asString("");
    return (text.length() > LONGEST ? text.substring(0, LONGEST) + "…" : text).replaceAll("\\p{Cntrl}", " ");
  }

  private static Lsn lsn(JsonNode node, String name) {
    return new Lsn(node.path(name).asLong());
  }
}
