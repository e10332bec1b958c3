package io.helios.repl.server;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.failover.Failover;
import io.helios.repl.failover.FailoverDriver;
import io.helios.repl.failover.FailoverDriver.Surroundings;
import io.helios.repl.failover.FailoverEnds;
import io.helios.repl.failover.FailoverOptions;
import io.helios.repl.failover.FailoverState;
import io.helios.repl.failover.Failovers;
import io.helios.repl.failover.SourceSight.Sighting;
import io.helios.repl.migration.CutoverReport;
import io.helios.repl.migration.Migration;
import io.helios.repl.migration.Migrations;
import io.helios.repl.pipeline.StepLoop;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import tools.jackson.databind.node.ObjectNode;

/** What operators ask of failovers: looked at, refused or kept. The driver does the rest. Any thread. */
final class FailoverRequests {

  private final Tenants tenants;
  private final Failovers failovers;
  private final Migrations migrations;
  private final FailoverDriver driver;
  private final FailoverEnds ends;
  private final Surroundings around;
  private final StepLoop loop;

  FailoverRequests(
      Tenants tenants,
      Failovers failovers,
      Migrations migrations,
      FailoverDriver driver,
      FailoverEnds ends,
      Surroundings around,
      StepLoop loop) {
    this.tenants = tenants;
    this.failovers = failovers;
    this.migrations = migrations;
    this.driver = driver;
    this.ends = ends;
    this.around = around;
    this.loop = loop;
  }

  Failovers failovers() {
    return failovers;
  }

  ObjectNode plan(Tenant tenant, FailoverOptions options) {
    return new FailoverPlans(tenants, failovers, ends, around).of(tenant, options);
  }

  /** All that are replicated from a source and not taken over already, the most important first. */
  List<Tenant> ofSource(String source) {
    return ordered(
        tenants.replicated().stream()
            .filter(t -> t.source().equals(source))
            .filter(t -> failovers.find(t.id()).filter(f -> !f.state().rests()).isEmpty())
            .toList());
  }

  static List<Tenant> ordered(List<Tenant> some) {
    return some.stream().sorted(Comparator.comparing(Tenant::tier).thenComparing(Tenant::name)).toList();
  }

  /** Throws what forbids it. */
  void requireRunnable(Tenant tenant, FailoverOptions options) {
    failovers.requireAtRest(tenant);
    driver.requirePromotable(tenant, options);
  }

  /** Of many only what is so for all of them: one that cannot be promoted stops no other. */
  void requireRunnable(List<Tenant> many, FailoverOptions options) {
    many.forEach(failovers::requireAtRest);
    if (!options.forced()) {
      many.forEach(driver::requireDead);
    }
  }

  Failover run(Tenant tenant, FailoverOptions options) {
    return runAll(List.of(tenant), options).getFirst();
  }

  /** In their order; each then goes its own way. */
  List<Failover> runAll(List<Tenant> ordered, FailoverOptions options) {
    String batch = ordered.size() == 1 ? null : UUID.randomUUID().toString();
    List<Failover> begun = new ArrayList<>();
    for (Tenant tenant : ordered) {
      Sighting seen = around.sight().of(tenant.source());
      begun.add(
          failovers.begin(
              tenant,
              options.inBatch(batch, begun.size(), options.parallel()),
              seen.healthy() ? null : seen.lastAlive()));
      driver.wake(tenant.id());
    }
    loop.wake();
    return begun;
  }

  Failover rejoin(Tenant tenant) {
    Failover asked = failovers.rejoin(tenant);
    driver.wake(tenant.id());
    loop.wake();
    return asked;
  }

  void requireFailback(Tenant tenant) {
    failovers.requireFollowing(tenant);
    migrations.requireNone(tenant);
  }

  void failBack(Tenant tenant, Duration maxPause) {
    failovers.failBack(tenant, maxPause);
    driver.wake(tenant.id());
    loop.wake();
  }

  /** The account with the keys of its rows: the tenant's own data. */
  byte[] export(Tenant tenant) {
    Failover failover = failovers.of(tenant);
    if (failover.account() == null) {
      throw new OperatorException(
          new Problem(
              ErrorCode.FAILOVER_STATE,
              "there is no account of the failover of tenant \"" + tenant.name() + "\" yet",
              "it is made when the old home, " + failover.from() + ", is back: now it is " + failover.oldSource(),
              "helios-repl failover status " + tenant.name()));
    }
    return ends.export(failover.before(tenant), failover.epoch());
  }

  /** What can be waited for. */
  enum Goal {
    /** Promoted, and clients sent there. */
    PROMOTED,
    /** What never arrived is known. */
    ACCOUNTED,
    FOLLOWING,
    FAILED_BACK;

    private boolean reached(Failover f) {
      return switch (this) {
        case PROMOTED -> f.switchedAt() != null;
        case ACCOUNTED -> f.account() != null;
        case FOLLOWING -> f.state() == FailoverState.FOLLOWING;
        case FAILED_BACK -> f.state() == FailoverState.FAILED_BACK;
      };
    }

    private boolean lost(Failover f) {
      return f.state().rests() && (this != FAILED_BACK || f.state() != FailoverState.FOLLOWING || f.error() != null);
    }
  }

  /** Until the failover has come there; ends with its error when it will not. */
  Operations.Work until(Tenant tenant, Goal goal) {
    return () -> {
      Failover now = failovers.of(tenant);
      if (goal.reached(now)) {
        return goal == Goal.FAILED_BACK ? cutover(now) : FailoverDocuments.failover(now);
      }
      if (goal.lost(now)) {
        throw new OperatorException(Objects.requireNonNullElseGet(now.error(), () -> elsewhere(now)));
      }
      return null;
    };
  }

  /** Until each of them is promoted, or cannot be. */
  Operations.Work until(List<Tenant> many) {
    return () -> {
      List<Failover> now = many.stream().map(failovers::of).toList();
      boolean all = now.stream().allMatch(f -> f.switchedAt() != null || f.state() == FailoverState.FAILED);
      return all ? FailoverDocuments.list(now, Instant.now()) : null;
    };
  }

  private static Problem elsewhere(Failover now) {
    return new Problem(
        ErrorCode.FAILOVER_STATE,
        "the failover of tenant \"" + now.tenant() + "\" is " + now.state().label(),
        "it will not go where it is waited for by itself",
        "helios-repl failover status " + now.tenant());
  }

  private ObjectNode cutover(Failover failover) {
    Migration back = migrations.find(failover.tenantId()).orElseThrow();
    CutoverReport report = Objects.requireNonNull(back.there());
    return MigrationDocuments.cutover(back, report).put("direction", "back").put("rollback", "closed");
  }
}
