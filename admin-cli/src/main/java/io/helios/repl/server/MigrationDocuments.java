package io.helios.repl.server;

import io.helios.repl.error.Problem;
import io.helios.repl.migration.CutoverGate;
import io.helios.repl.migration.CutoverReport;
import io.helios.repl.migration.Direction;
import io.helios.repl.migration.GateFacts;
import io.helios.repl.migration.Gates;
import io.helios.repl.migration.Migration;
import io.helios.repl.migration.MigrationJournal.Passage;
import io.helios.repl.migration.MigrationOptions;
import io.helios.repl.migration.MigrationState;
import io.helios.repl.migration.Prediction;
import io.helios.repl.migration.TimeWindow;
import io.helios.repl.migration.Wish;
import io.helios.repl.tenant.Tenant;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Migrations in the JSON that operators' scripts rely on. Pure. */
final class MigrationDocuments {

  private MigrationDocuments() {}

  static ObjectNode migration(Migration m) {
    MigrationOptions options = m.options();
    TimeWindow window = options.window();
    ObjectNode node =
        Json.document("Migration")
            .put("id", m.id().toString())
            .put("tenant", m.tenant())
            .put("from", m.from())
            .put("to", m.to())
            .put("state", m.state().name())
            .put("direction", m.direction().label())
            .put("wish", m.wish() == Wish.NONE ? null : m.wish().name().toLowerCase(Locale.ROOT).replace('_', '-'))
            .put("epoch", m.epoch())
            .put("attempts", m.attempts())
            .put("begunAt", Documents.time(m.begunAt()))
            .put("since", Documents.time(m.since()))
            .put("notBefore", m.notBefore() == null ? null : Documents.time(m.notBefore()))
            .put("maxPauseMillis", options.maxPause().toMillis())
            .put("retries", options.retries())
            .put("backoffSeconds", options.backoff().toMillis() / 1000.0)
            .put("cutover", options.cutOver() ? "auto" : "manual")
            .put("window", window == null ? null : window.toString());
    node.set("predicted", m.prediction() == null ? null : prediction(m.prediction()));
    node.set("there", m.there() == null ? null : report(m.there()));
    node.set("back", m.back() == null ? null : report(m.back()));
    node.set("error", Documents.error(m.error(), null));
    ArrayNode next = node.putArray("nextSteps");
    nextSteps(m).forEach(next::add);
    return node;
  }

  static ObjectNode migration(Migration m, List<Passage> passages) {
    ObjectNode node = migration(m);
    ArrayNode list = node.putArray("passages");
    for (Passage p : passages) {
      list.addObject()
          .put("at", Documents.time(p.at()))
          .put("from", p.from().name())
          .put("to", p.to().name())
          .put("reason", p.reason().words())
          .put("epoch", p.epoch());
    }
    return node;
  }

  /** What an operator would do next, as commands. */
  static List<String> nextSteps(Migration m) {
    String name = m.tenant();
    return switch (m.state()) {
      case PLANNED, COPYING, CATCHING_UP -> List.of("helios-repl migrate status " + name + " --watch");
      case READY -> m.wish() == Wish.NONE ? List.of("helios-repl migrate cutover " + name) : List.of();
      case SWITCHED ->
          m.wish() == Wish.NONE
              ? List.of("helios-repl migrate complete " + name, "helios-repl migrate rollback " + name)
              : List.of();
      case FAILED -> List.of("helios-repl migrate start " + name, "helios-repl migrate cancel " + name);
      case CUTTING_OVER, CUTTING_BACK, CLEARING_UP, COMPLETING, CANCELLING, SETTLING, COMPLETED, ROLLED_BACK,
          SETTLED, CANCELLED -> List.of();
    };
  }

  /** A cutover that happened, beside what was expected of it. */
  static ObjectNode cutover(Migration m, CutoverReport report) {
    boolean back = report.direction() == Direction.BACK;
    ObjectNode node =
        Json.document("Cutover")
            .put("tenant", m.tenant())
            .put("direction", report.direction().label())
            .put("epoch", report.epoch())
            .put("pauseMillis", report.pauseMillis())
            .put("drainedLsn", report.drainedLsn())
            .put("rollback", !back && m.state() == MigrationState.SWITCHED ? "open" : "closed")
            .put("exact", report.exact())
            .put("source", back ? m.from() : m.to())
            .put("target", back ? m.to() : m.from())
            .put("at", Documents.time(report.at()));
    node.set("parts", parts(report));
    node.set("predicted", m.prediction() == null ? null : prediction(m.prediction()));
    return node;
  }

  private static ObjectNode report(CutoverReport report) {
    ObjectNode node =
        Json.MAPPER
            .createObjectNode()
            .put("epoch", report.epoch())
            .put("pauseMillis", report.pauseMillis())
            .put("exact", report.exact())
            .put("drainedLsn", report.drainedLsn())
            .put("at", Documents.time(report.at()));
    node.set("parts", parts(report));
    return node;
  }

  private static ObjectNode parts(CutoverReport report) {
    return Json.MAPPER
        .createObjectNode()
        .put("trafficMillis", report.trafficMillis())
        .put("lockMillis", report.lockMillis())
        .put("drainMillis", report.drainMillis())
        .put("switchMillis", report.switchMillis());
  }

  static ObjectNode prediction(Prediction p) {
    ObjectNode node =
        Json.MAPPER
            .createObjectNode()
            .put("at", Documents.time(p.at()))
            .put("rehearsals", p.rehearsals())
            .put("p50Millis", p.pause().p50())
            .put("p99Millis", p.pause().p99());
    share(node, "lock", p.lock());
    share(node, "drain", p.drain());
    share(node, "traffic", p.traffic());
    return node;
  }

  private static void share(ObjectNode node, String part, Prediction.Share share) {
    node.putObject(part).put("p50Millis", share.p50()).put("p99Millis", share.p99());
  }

  /** What the gates say, the pause to be expected, and what a migration would do. */
  static ObjectNode plan(
      Tenant tenant,
      GateFacts facts,
      List<Gates.Refusal> closed,
      @Nullable Prediction prediction,
      @Nullable Problem unrehearsed,
      List<String> steps) {
    ObjectNode node =
        Json.document("MigrationPlan")
            .put("tenant", tenant.name())
            .put("from", tenant.source())
            .put("to", tenant.target());
    gates(node.putArray("gates"), facts, closed);
    node.set("predicted", prediction == null ? null : prediction(prediction));
    node.set("unrehearsed", Documents.error(unrehearsed, null));
    ArrayNode list = node.putArray("steps");
    steps.forEach(list::add);
    return node;
  }

  /**
   * How the gates stand.
   *
   * @param facts what was looked at; null when it could not be
   * @param byItself those of the closed ones that a cutover opens before it begins
   * @param unseen why they could not be looked at; null when they were
   */
  static ObjectNode gates(
      Instant at, @Nullable GateFacts facts, List<Gates.Refusal> closed, Set<CutoverGate> byItself, @Nullable Problem unseen) {
    ObjectNode node = Json.MAPPER.createObjectNode().put("at", Documents.time(at));
    ArrayNode items = node.putArray("items");
    if (facts != null) {
      gates(items, facts, closed);
      items.forEach(
          one ->
              ((ObjectNode) one)
                  .put("byItself", CutoverGate.of(one.path("gate").asString()).filter(byItself::contains).isPresent()));
    }
    node.set("unseen", Documents.error(unseen, null));
    return node;
  }

  private static void gates(ArrayNode items, GateFacts facts, List<Gates.Refusal> closed) {
    for (CutoverGate gate : CutoverGate.values()) {
      ObjectNode one = items.addObject().put("gate", gate.label()).put("forcible", gate.forcible());
      Problem problem =
          closed.stream().filter(c -> c.gate() == gate).map(Gates.Refusal::problem).findFirst().orElse(null);
      one.put("open", problem == null);
      one.put("unknown", problem == null ? Gates.unknown(gate, facts) : null);
      one.set("problem", Documents.error(problem, null));
    }
  }
}
