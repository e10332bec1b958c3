package io.helios.repl.server;

import io.helios.repl.config.Durations;
import io.helios.repl.config.EffectiveValue;
import io.helios.repl.error.Problem;
import io.helios.repl.peer.PeerStatus;
import io.helios.repl.pipeline.PreparationPlan;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.SequenceSample;
import io.helios.repl.status.EndpointStatus;
import io.helios.repl.status.Finding;
import io.helios.repl.status.LagObjective;
import io.helios.repl.status.MendedTable;
import io.helios.repl.status.RepairReport;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The JSON that operators' scripts rely on: each record's stable form. Pure. */
final class Documents {

  private Documents() {}

  static ObjectNode tenantStatus(TenantStatus s) {
    ObjectNode node =
        Json.document("TenantStatus")
            .put("tenant", s.tenant())
            .put("state", s.state().name())
            .put("source", s.source())
            .put("target", s.target())
            .put("sourceRegion", s.sourceRegion())
            .put("targetRegion", s.targetRegion())
            .put("tier", s.tier())
            .put("epoch", s.epoch())
            .put("lagSeconds", s.lagSeconds() == null ? null : (Double) rounded(s.lagSeconds(), 1000))
            .put("lagBytes", s.lagBytes())
            .put("lagTargetSeconds", s.lagTargetSeconds())
            .put("rowsPerSecond", rounded(s.rowsPerSecond(), 10))
            .put("appliedLsn", text(s.appliedLsn()))
            .put("capturedLsn", text(s.capturedLsn()));
    ObjectNode copy = node.putObject("copy")
        .put("tables", s.copy().tables())
        .put("done", s.copy().done())
        .put("rows", s.copy().rows())
        .put("bytes", s.copy().bytes());
    if (s.copy().throttled() != null) {
      copy.put("throttled", s.copy().throttled());
    }
    node.put("conflicts", s.conflicts())
        .put("sealedBytes", s.sealedBytes())
        .put("rawBytes", s.rawBytes())
        .put("since", time(s.since()));
    node.set("objective", s.objective() == null ? null : objective(s.objective()));
    node.set("error", error(s.error(), s.errorAt()));
    ArrayNode next = node.putArray("nextSteps");
    nextSteps(s.tenant(), s.state()).forEach(next::add);
    return node;
  }

  private static ObjectNode objective(LagObjective o) {
    return Json.MAPPER
        .createObjectNode()
        .put("windowSeconds", o.window().toSeconds())
        .put("attained", rounded(o.attained(), 10_000))
        .put("goal", o.goal())
        .put("budgetLeft", rounded(o.budgetLeft(), 1000))
        .put("burnRate", rounded(o.burnRate(), 1000));
  }

  /** What an operator would do next, as commands. */
  static List<String> nextSteps(String tenant, TenantState state) {
    return switch (state) {
      case CREATED, STOPPED -> List.of("helios-repl tenant start " + tenant);
      case COPYING -> List.of("helios-repl tenant wait " + tenant + " --for streaming");
      case STREAMING -> List.of("helios-repl verify run " + tenant);
      case PAUSED -> List.of("helios-repl tenant resume " + tenant);
      case FAILED -> List.of("helios-repl tenant describe " + tenant, "helios-repl tenant start " + tenant);
      case NEEDS_RESYNC -> List.of("helios-repl tenant resync " + tenant);
      case FENCED, CUTOVER, MOVED -> List.of("helios-repl migrate status " + tenant);
      case PROMOTED -> List.of();
    };
  }

  /** A tenant's declaration, its status, the sequences that feed its tables, and its latest events. */
  static ObjectNode tenant(
      StoredTenant stored, TenantStatus status, List<SequenceSample> sequences, List<StoredEvent> events) {
    var t = stored.tenant();
    ObjectNode node =
        Json.document("Tenant")
            .put("tenant", t.name())
            .put("id", t.id().toString())
            .put("key", t.key())
            .put("source", t.source())
            .put("target", t.target());
    ArrayNode globs = node.putArray("tables");
    t.tables().globs().forEach(globs::add);
    node.put("tier", t.tier().label())
        .put("lagTarget", Durations.format(t.lagTarget()))
        .put("conflictPolicy", t.conflicts().name().toLowerCase(Locale.ROOT).replace('_', '-'))
        .put("fencing", t.fencing().label())
        .put("epoch", t.epoch())
        .put("desired", stored.desired().name())
        .put("created", time(stored.created()));
    node.set("status", tenantStatus(status));
    ArrayNode sampled = node.putArray("sequences");
    sequences.forEach(s -> sampled.add(sequence(s)));
    ArrayNode history = node.putArray("events");
    events.forEach(e -> history.add(event(e)));
    return node;
  }

  /** {@code lastValue} is null as long as nothing was drawn. */
  private static ObjectNode sequence(SequenceSample s) {
    return Json.MAPPER
        .createObjectNode()
        .put("sequence", s.qualifiedName())
        .put("table", s.qualifiedTable())
        .put("column", s.column())
        .put("lastValue", s.called() ? (Long) s.lastValue() : null)
        .put("increment", s.increment())
        .put("lsn", s.lsn().toString())
        .put("at", time(s.at()));
  }

  static ObjectNode event(StoredEvent e) {
    return Json.MAPPER
        .createObjectNode()
        .put("id", e.id())
        .put("at", time(e.at()))
        .put("severity", e.severity().name())
        .put("tenant", e.tenant())
        .put("type", e.kind())
        .put("message", e.message())
        .put("code", e.code())
        .put("hint", e.hint());
  }

  static ObjectNode endpoint(EndpointStatus s) {
    boolean source = s.role().equals("source");
    ObjectNode node =
        Json.document(source ? "Source" : "Target")
            .put(s.role(), s.name())
            .put("place", s.place())
            .put("reachable", s.reachable());
    if (source) {
      node.put("capturedLsn", text(s.position()))
          .put("retainedWalBytes", s.retainedWalBytes())
          .put("relayBytes", s.journalBytes());
    }
    node.put("tenants", s.tenants());
    node.set("error", error(s.error(), s.errorAt()));
    return node;
  }

  /** A server of another region. */
  static ObjectNode peer(PeerStatus s) {
    PeerStatus.Answer answer = s.answer();
    ObjectNode node =
        Json.document("Peer")
            .put("region", s.region())
            .put("url", s.url().toString())
            .put("reachable", s.reachable())
            .put("asked", s.at() == null ? null : time(s.at()))
            .put("version", answer == null ? null : answer.version())
            .put("publicKey", answer == null ? null : answer.publicKey())
            .put("certificateEnds", answer == null ? null : time(answer.certificateEnds()))
            .put("clockAheadMillis", answer == null ? null : (Long) answer.clockAhead().toMillis())
            .put("roundTripMillis", answer == null ? null : (Long) answer.roundTrip().toMillis());
    node.set("error", error(s.error(), s.at()));
    return node;
  }

  static ObjectNode check(String role, String name, List<Finding> findings) {
    ObjectNode node = Json.document("Check").put(role, name).put("ok", findings.stream().noneMatch(Finding::isError));
    findings(node, findings);
    return node;
  }

  /** As a list {@code findings} of the document. */
  static void findings(ObjectNode node, List<Finding> findings) {
    ArrayNode list = node.putArray("findings");
    for (Finding f : findings) {
      list.addObject()
          .put("severity", f.severity().name())
          .put("code", f.code().id())
          .put("message", f.message())
          .put("why", f.why())
          .put("hint", f.hint())
          .put("table", f.table());
    }
  }

  static ObjectNode preparation(String role, String name, PreparationPlan plan) {
    ObjectNode node = Json.document("Preparation").put(role, name).put("done", plan.done());
    ArrayNode sql = node.putArray("sql");
    plan.sql().forEach(sql::add);
    return node;
  }

  static ObjectNode plan(String command, String name, List<String> steps) {
    ObjectNode node = Json.document("Plan").put("command", command).put("name", name);
    ArrayNode list = node.putArray("steps");
    steps.forEach(list::add);
    return node;
  }

  /** @param generation 0 when the tenant has no key */
  static ObjectNode key(String tenant, int generation) {
    return Json.document("Key").put("tenant", tenant).put("generation", generation);
  }

  /** What a repair did to each table that differed, and whether both sides are equal now. */
  static ObjectNode repair(RepairReport r) {
    ObjectNode node =
        Json.document("Repair")
            .put("tenant", r.tenant())
            .put("lsn", r.after().lsn().toString())
            .put("at", time(r.after().at()))
            .put("millis", r.millis())
            .put("equal", r.after().equal())
            .put("differing", r.differing())
            .put("bytes", r.bytes());
    ArrayNode tables = node.putArray("tables");
    for (MendedTable t : r.tables()) {
      tables
          .addObject()
          .put("table", t.table())
          .put("rows", t.rows())
          .put("differing", t.differing())
          .put("brought", t.brought())
          .put("removed", t.removed());
    }
    return node;
  }

  static ObjectNode configuration(List<EffectiveValue> values) {
    ObjectNode node = Json.document("Configuration");
    ArrayNode items = node.putArray("items");
    values.forEach(v -> items.addObject().put("key", v.key()).put("value", v.value()).put("origin", v.origin()));
    return node;
  }

  static ObjectNode list(String kind, List<ObjectNode> documents) {
    ObjectNode node = Json.document(kind);
    ArrayNode items = node.putArray("items");
    documents.forEach(items::add);
    return node;
  }

  static @Nullable ObjectNode error(@Nullable Problem problem, @Nullable Instant at) {
    return problem == null
        ? null
        : Json.MAPPER
            .createObjectNode()
            .put("code", problem.code().id())
            .put("message", problem.message())
            .put("why", problem.why())
            .put("hint", problem.hint())
            .put("lsn", problem.lsn())
            .put("table", problem.table())
            .put("at", at == null ? null : time(at));
  }

  static String time(Instant instant) {
    return instant.truncatedTo(ChronoUnit.MILLIS).toString();
  }

  private static @Nullable String text(@Nullable Lsn lsn) {
    return lsn == null ? null : lsn.toString();
  }

  private static double rounded(double value, int steps) {
    return (double) Math.round(value * steps) / steps;
  }
}
