package io.helios.repl.server;

import io.helios.repl.apply.GuardTrial;
import io.helios.repl.error.Problem;
import io.helios.repl.failover.Account;
import io.helios.repl.failover.Failover;
import io.helios.repl.failover.FailoverEnds.Standing;
import io.helios.repl.failover.FailoverJournal.Passage;
import io.helios.repl.failover.FailoverState;
import io.helios.repl.failover.SourceSight.Sighting;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Failovers in the JSON that operators' scripts rely on. Pure. */
final class FailoverDocuments {

  private FailoverDocuments() {}

  static ObjectNode failover(Failover f) {
    Failover.Promotion promotion = f.promotion();
    Duration rto = f.rto();
    ObjectNode node =
        Json.document("Failover")
            .put("id", f.id().toString())
            .put("tenant", f.tenant())
            .put("epoch", f.epoch())
            .put("rtoMillis", rto == null ? null : (Long) rto.toMillis())
            .put("promotedLsn", promotion == null ? null : promotion.position());
    node.set("unreplicated", unreplicated(f.account()));
    node.put("state", f.state().name())
        .put("oldSource", f.oldSource())
        .put("from", f.from())
        .put("to", f.to())
        .put("askedBy", f.options().askedBy())
        .put("forced", f.options().forced())
        .put("rejoin", f.options().rejoins() ? "auto" : "manual")
        .put("place", f.options().batch() == null ? null : (Integer) (f.options().rank() + 1))
        .put("drained", promotion == null ? null : (Boolean) f.drained())
        .put("begunAt", Documents.time(f.begunAt()))
        .put("since", Documents.time(f.since()))
        .put("lastAlive", Documents.time(f.lastAlive()))
        .put("lastCommit", promotion == null ? null : time(promotion.lastCommit()))
        .put("promotedAt", promotion == null ? null : time(promotion.at()))
        .put("switchedAt", time(f.switchedAt()))
        .put("fenceLsn", f.fence());
    node.set("error", Documents.error(f.error(), null));
    ArrayNode next = node.putArray("nextSteps");
    nextSteps(f).forEach(next::add);
    return node;
  }

  private static @Nullable String time(@Nullable Instant at) {
    return at == null ? null : Documents.time(at);
  }

  /** Known once the old home could be read again. */
  private static ObjectNode unreplicated(@Nullable Account account) {
    ObjectNode node =
        Json.MAPPER
            .createObjectNode()
            .put("known", account != null && account.missing() == null)
            .put("transactions", account == null ? null : (Long) account.transactions())
            .put("first", account == null ? null : time(account.first()))
            .put("last", account == null ? null : time(account.last()))
            .put("missing", account == null ? null : account.missing());
    ArrayNode tables = node.putArray("tables");
    if (account != null) {
      account.tables().forEach(
          t ->
              tables.addObject()
                  .put("table", t.table())
                  .put("inserts", t.inserts())
                  .put("updates", t.updates())
                  .put("deletes", t.deletes())
                  .put("truncates", t.truncates())
                  .put("keys", t.keys()));
    }
    return node;
  }

  static ObjectNode failover(Failover f, List<Passage> passages) {
    ObjectNode node = failover(f);
    ArrayNode list = node.putArray("passages");
    Instant before = f.begunAt();
    for (Passage p : passages) {
      list.addObject()
          .put("at", Documents.time(p.at()))
          .put("from", p.from().name())
          .put("to", p.to().name())
          .put("reason", p.reason().words())
          .put("epoch", p.epoch())
          .put("tookMillis", Duration.between(before, p.at()).toMillis());
      before = p.at();
    }
    return node;
  }

  /** The newest of each tenant, in their order; and how far those are that were begun together. */
  static ObjectNode list(List<Failover> all, Instant now) {
    ObjectNode node = Documents.list("FailoverList", all.stream().map(FailoverDocuments::failover).toList());
    node.putObject("progress")
        .put("waiting", all.stream().filter(f -> f.state() == FailoverState.PLANNED).count())
        .put("promoting", all.stream().filter(f -> f.state().promoting()).count())
        .put("promoted", all.stream().filter(f -> f.state().promoted()).count())
        .put("failed", all.stream().filter(f -> f.state() == FailoverState.FAILED).count())
        .put("promotedInLastMinute", all.stream().filter(f -> isRecent(f, now)).count());
    return node;
  }

  private static boolean isRecent(Failover f, Instant now) {
    Failover.Promotion promotion = f.promotion();
    return promotion != null && promotion.at().isAfter(now.minusSeconds(60));
  }

  /** What an operator would do next, as commands. */
  static List<String> nextSteps(Failover f) {
    String name = f.tenant();
    return switch (f.state()) {
      case PLANNED, WAITING, DRAINING, PROMOTING, PROMOTED, FENCED, REPAIRING, FAILING_BACK ->
          List.of("helios-repl failover status " + name + " --watch");
      case ACCOUNTED ->
          f.options().rejoins()
              ? List.of("helios-repl failover status " + name + " --watch")
              : List.of(
                  "helios-repl failover status " + name + " --export " + name + "-account.json",
                  "helios-repl failover run " + name + " --rejoin");
      case FOLLOWING -> List.of("helios-repl failover failback " + name);
      case FAILED -> List.of("helios-repl failover plan " + name);
      case FAILED_BACK -> List.of();
    };
  }

  /** A part of a failover's time, as it is expected. */
  record Part(String name, long millis, String why) {}

  /**
   * What a failover would meet.
   *
   * @param epoch that it would claim
   * @param standing null when the replica cannot be looked at
   */
  static ObjectNode plan(
      Tenant tenant, long epoch, Sighting source, @Nullable Standing standing, TenantStatus status, List<Part> timeline,
      List<Problem> obstacles, List<String> warnings, List<String> steps) {
    ObjectNode node =
        Json.document("FailoverPlan")
            .put("tenant", tenant.name())
            .put("from", tenant.source())
            .put("to", tenant.target())
            .put("epoch", epoch);
    node.putObject("source")
        .put("healthy", source.healthy())
        .put("lastAlive", time(source.lastAlive()))
        .set("trouble", Documents.error(source.trouble(), null));
    node.put("lagSeconds", status.lagSeconds())
        .put("lagBytes", status.lagBytes())
        .put("appliedLsn", standing == null ? null : standing.applied().toString())
        .put("capturedLsn", standing == null ? null : standing.captured().toString())
        .put("lastCommit", standing == null ? null : time(standing.lastCommit()))
        .put("unappliedBytes", standing == null ? null : (Long) unapplied(standing));
    ArrayNode parts = node.putArray("timeline");
    timeline.forEach(p -> parts.addObject().put("part", p.name()).put("millis", p.millis()).put("why", p.why()));
    node.put("expectedMillis", timeline.stream().mapToLong(Part::millis).sum());
    ArrayNode closed = node.putArray("obstacles");
    obstacles.forEach(problem -> closed.add(Documents.error(problem, null)));
    warnings.forEach(node.putArray("warnings")::add);
    steps.forEach(node.putArray("steps")::add);
    return node;
  }

  /** Whether the tenant's target refused what was written there to try it. */
  static ObjectNode trial(Tenant tenant, GuardTrial.Outcome outcome) {
    ObjectNode node =
        Json.document("GuardTrial")
            .put("tenant", tenant.name())
            .put("database", tenant.target())
            .put("holds", outcome.holds())
            .put("refused", outcome.refused())
            .put("empty", outcome.empty());
    outcome.accepted().forEach(node.putArray("accepted")::add);
    outcome.untried().forEach(node.putArray("untried")::add);
    return node;
  }

  static long unapplied(Standing standing) {
    return Math.max(0, standing.captured().value() - standing.applied().value());
  }
}
