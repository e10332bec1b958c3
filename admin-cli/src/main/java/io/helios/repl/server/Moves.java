package io.helios.repl.server;

import io.helios.repl.config.TenantNames;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.migration.CutoverGate;
import io.helios.repl.migration.CutoverReport;
import io.helios.repl.migration.GateFacts;
import io.helios.repl.migration.Gates;
import io.helios.repl.migration.Migration;
import io.helios.repl.migration.MigrationDriver;
import io.helios.repl.migration.MigrationOptions;
import io.helios.repl.migration.MigrationService;
import io.helios.repl.migration.MigrationState;
import io.helios.repl.migration.Migrations;
import io.helios.repl.migration.Prediction;
import io.helios.repl.migration.Proof;
import io.helios.repl.migration.Wish;
import io.helios.repl.tenant.Tenant;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** What operators ask of migrations: looked at, refused or kept. The driver does the rest. Any thread. */
final class Moves {

  private final Tenants tenants;
  private final MovedTenants facts;
  private final Migrations migrations;
  private final MigrationDriver driver;
  private final MigrationService service;

  Moves(
      Tenants tenants,
      MovedTenants facts,
      Migrations migrations,
      MigrationDriver driver,
      MigrationService service) {
    this.tenants = tenants;
    this.facts = facts;
    this.migrations = migrations;
    this.driver = driver;
    this.service = service;
  }

  Migrations migrations() {
    return migrations;
  }

  /**
   * A tenant that can be moved there.
   *
   * @param to where; null for the tenant's target
   */
  Tenant movable(String name, @Nullable String to) {
    Tenant tenant = tenants.engaged(name);
    if (to != null && !to.equals(tenant.target())) {
      throw new OperatorException(
          new Problem(
              ErrorCode.MIGRATION_OTHER_TARGET,
              "tenant \"" + name + "\" does not replicate to " + TenantNames.printable(to),
              "its target is " + tenant.target() + ", and a tenant is moved to where it is replicated",
              "helios-repl tenant create " + name + "-2 --key KEY --source " + tenant.source() + " --target NAME; then:"
                  + " helios-repl migrate start " + name + "-2"));
    }
    return tenant;
  }

  /** What a migration of it would do, and what would not come along. */
  List<String> steps(Tenant tenant, MigrationOptions options) {
    List<String> steps = new ArrayList<>(stages(tenant, options));
    tenants.leftOut(tenant).forEach(what -> steps.add("left out at " + tenant.target() + ": " + what));
    return steps;
  }

  private static List<String> stages(Tenant tenant, MigrationOptions options) {
    return List.of(
        "copy " + tenant.name() + " from " + tenant.source() + " to " + tenant.target() + ", unless it streams already",
        "arm the guard at " + tenant.source() + " and make " + tenant.target() + " ready to be captured",
        "verify both sides, unless that was done within " + options.proofAge().toMinutes() + " minutes",
        options.cutOver()
            ? "cut over by itself, with a pause of " + options.maxPause().toMillis() + " ms at the most"
            : "wait for helios-repl migrate cutover " + tenant.name());
  }

  static List<String> cutoverSteps(Tenant tenant, MigrationOptions options) {
    return List.of(
        "hold the clients of " + tenant.name() + " back, and close it at " + tenant.source() + " for its next epoch",
        "wait until " + tenant.target() + " has applied the last write, for "
            + options.maxPause().toMillis() + " ms in all at the most; else undo it",
        "send the clients to " + tenant.target() + "; " + tenant.source() + " follows it, read-only");
  }

  /** Gates and rehearsal; kept with the migration where there is one. */
  ObjectNode plan(Tenant tenant, MigrationOptions options, int rehearsals) {
    GateFacts now = facts.facts(tenant.id(), options.proofAge());
    Prediction prediction = null;
    Problem unrehearsed = null;
    try {
      prediction = driver.rehearse(tenant, rehearsals);
      keep(tenant, prediction);
    } catch (HeliosException e) {
      unrehearsed = e.problem();
    }
    return MigrationDocuments.plan(
        tenant, now, Gates.all(tenant.name(), now, options), prediction, unrehearsed, steps(tenant, options));
  }

  private void keep(Tenant tenant, Prediction prediction) {
    migrations.find(tenant.id()).filter(m -> !m.state().ended()).ifPresent(m -> migrations.predict(m, prediction));
  }

  void requireStartable(Tenant tenant, MigrationOptions options) {
    tenants.requireNoFailover(tenant);
    migrations.requireNone(tenant);
    Gates.closed(tenant.name(), facts.facts(tenant.id(), options.proofAge()), options).stream()
        .filter(refusal -> refusal.gate() == CutoverGate.CAPTURE || refusal.gate().beforeCopy())
        .findFirst()
        .ifPresent(
            refusal -> {
              throw new OperatorException(refusal.problem());
            });
  }

  Migration start(Tenant tenant, MigrationOptions options) {
    Migration begun = migrations.begin(tenant, options);
    service.wake();
    return begun;
  }

  /**
   * Whether that may be asked now: its state, and for a cutover its gates; an old verification is no refusal, for a new one is
   * made.
   */
  void requireAskable(Tenant tenant, Wish wish, MigrationOptions options) {
    Migration now = migrations.of(tenant);
    Migrations.requireAllowed(now, wish);
    if (wish != Wish.CUTOVER && wish != Wish.ROLLBACK) {
      return;
    }
    tenants.requireNoFailover(tenant);
    GateFacts seen = facts.facts(tenant.id(), options.proofAge());
    Gates.closed(tenant.name(), seen, options).stream()
        .filter(refusal -> !opensByItself(refusal.gate(), seen, now))
        .findFirst()
        .ifPresent(
            refusal -> {
              throw new OperatorException(refusal.problem());
            });
  }

  /** An old verification is made anew, and what is not armed yet is armed first. */
  private static boolean opensByItself(CutoverGate gate, GateFacts seen, Migration now) {
    Proof.Standing proof = seen.proof().standing();
    return (gate == CutoverGate.VERIFICATION && (proof == Proof.Standing.OLD || proof == Proof.Standing.RUNNING))
        || (gate == CutoverGate.TARGET && !now.armed());
  }

  /** How the gates stand for its next cutover, looked at now in both databases; what keeps them from being seen is told. */
  ObjectNode gates(Tenant tenant, Migration now) {
    Instant at = Instant.now();
    try {
      GateFacts seen = facts.facts(tenant.id(), now.options().proofAge());
      List<Gates.Refusal> closed = Gates.all(tenant.name(), seen, now.options());
      return MigrationDocuments.gates(
          at,
          seen,
          closed,
          closed.stream()
              .map(Gates.Refusal::gate)
              .filter(gate -> opensByItself(gate, seen, now))
              .collect(Collectors.toSet()),
          null);
    } catch (HeliosException e) {
      return MigrationDocuments.gates(at, null, List.of(), Set.of(), e.problem());
    }
  }

  Migration ask(Tenant tenant, Wish wish, UnaryOperator<MigrationOptions> options) {
    Migration asked = migrations.ask(tenant, wish, options);
    driver.wake(tenant.id());
    service.wake();
    return asked;
  }

  /** Until the migration has come there; ends with its error when it will not by itself. */
  Operations.Work until(Tenant tenant, Goal goal) {
    return () -> {
      Migration now = migrations.of(tenant);
      CutoverReport report = goal == Goal.ROLLBACK ? now.back() : now.there();
      if (goal.reached(now)) {
        return report != null && (goal == Goal.CUTOVER || goal == Goal.ROLLBACK)
            ? MigrationDocuments.cutover(now, report)
            : MigrationDocuments.migration(now);
      }
      boolean byItself = now.options().cutOver() && now.error() == null && goal == Goal.CUTOVER;
      boolean waiting = now.wish() == Wish.NONE && goal.asked(now.state()) && !byItself;
      if (waiting || (now.wish() == Wish.NONE && now.state().ended())) {
        Problem error = now.error();
        throw new OperatorException(
            error != null
                ? error
                : new Problem(
                    ErrorCode.MIGRATION_STATE,
                    "the migration of tenant \"" + tenant.name() + "\" is " + now.state().label(),
                    "it will not go where it is waited for by itself",
                    "helios-repl migrate status " + tenant.name()));
      }
      return null;
    };
  }

  /** What can be waited for. */
  enum Goal {
    READY,
    CUTOVER,
    ROLLBACK,
    COMPLETED,
    CANCELLED;

    boolean reached(Migration m) {
      return switch (this) {
        case READY -> m.state() == MigrationState.READY || m.state() == MigrationState.SWITCHED;
        case CUTOVER -> m.there() != null && afterSwitch(m.state());
        case ROLLBACK -> m.state() == MigrationState.ROLLED_BACK;
        case COMPLETED -> m.state() == MigrationState.COMPLETED;
        case CANCELLED -> m.state() == MigrationState.CANCELLED;
      };
    }

    private static boolean afterSwitch(MigrationState state) {
      return switch (state) {
        case SWITCHED, CUTTING_BACK, COMPLETING, COMPLETED, SETTLING, SETTLED -> true;
        case PLANNED, COPYING, CATCHING_UP, READY, CUTTING_OVER, CLEARING_UP, CANCELLING, ROLLED_BACK, CANCELLED, FAILED -> false;
      };
    }

    /** Whether a migration in that state gets there only when it is asked for it. */
    boolean asked(MigrationState state) {
      return switch (this) {
        case READY -> false;
        case CUTOVER -> state == MigrationState.READY;
        case ROLLBACK, COMPLETED, CANCELLED -> state == MigrationState.READY || state == MigrationState.SWITCHED;
      };
    }
  }
}
