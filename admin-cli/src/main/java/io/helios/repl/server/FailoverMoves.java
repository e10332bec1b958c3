package io.helios.repl.server;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.failover.Failover;
import io.helios.repl.failover.PlannedMoves;
import io.helios.repl.migration.Migration;
import io.helios.repl.migration.MigrationDriver;
import io.helios.repl.migration.MigrationOptions;
import io.helios.repl.migration.MigrationService;
import io.helios.repl.migration.MigrationState;
import io.helios.repl.migration.Migrations;
import io.helios.repl.migration.Wish;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.util.function.UnaryOperator;

/** Migrations as failovers see them: what is open ends with its home, and a failback is a migration of its own. Any thread. */
final class FailoverMoves implements PlannedMoves {

  private static final int TRIES = 5;
  private static final Duration AFTER = Duration.ofSeconds(1);

  private final Migrations migrations;
  private final MigrationDriver driver;
  private final MigrationService service;

  FailoverMoves(Migrations migrations, MigrationDriver driver, MigrationService service) {
    this.migrations = migrations;
    this.driver = driver;
    this.service = service;
  }

  @Override
  public void requireEndable(Tenant tenant) {
    migrations
        .find(tenant.id())
        .filter(m -> m.state().cutting() || m.state() == MigrationState.COMPLETING)
        .ifPresent(
            m -> {
              throw new OperatorException(
                  new Problem(
                      ErrorCode.MOVE_UNDECIDED,
                      "tenant \"" + tenant.name() + "\" is in the middle of a move from " + m.from() + " to " + m.to(),
                      "it is " + m.state().label() + ", and only " + tenant.target() + " knows how that ends",
                      "wait until it has ended: helios-repl migrate status " + tenant.name()));
            });
  }

  @Override
  public void end(Tenant tenant) {
    requireEndable(tenant);
    migrations.homeFailed(
        tenant,
        new Problem(
            ErrorCode.HOME_FAILED_OVER,
            "the move of tenant \"" + tenant.name() + "\" is over",
            "a failover takes it from " + tenant.source() + " to " + tenant.target(),
            "helios-repl failover status " + tenant.name()));
  }

  @Override
  public boolean back(Tenant tenant, Failover failover) {
    Migration move = migrations.find(tenant.id()).orElse(null);
    if (move == null || move.begunAt().isBefore(failover.since())) {
      if (move == null || move.state().ended()) {
        migrations.begin(tenant, options(failover));
        service.wake();
      }
      return false; // one that was undone before is being cleared away
    }
    boolean asked = move.wish() != Wish.NONE;
    switch (move.state()) {
      case SETTLED -> {
        return true;
      }
      case SWITCHED -> {
        if (!asked) {
          ask(tenant, Wish.SETTLE);
        }
      }
      case READY -> {
        if (!asked && move.error() != null) {
          ask(tenant, Wish.CANCEL);
          throw undone(move);
        }
      }
      case FAILED -> {
        if (!asked) {
          ask(tenant, Wish.CANCEL);
        }
        throw undone(move);
      }
      case CANCELLING, CANCELLED, COMPLETED, ROLLED_BACK -> throw undone(move);
      case PLANNED, COPYING, CATCHING_UP, CUTTING_OVER, CUTTING_BACK, CLEARING_UP, COMPLETING, SETTLING -> {}
    }
    return false;
  }

  private void ask(Tenant tenant, Wish wish) {
    migrations.ask(tenant, wish, UnaryOperator.identity());
    driver.wake(tenant.id());
    service.wake();
  }

  private static MigrationOptions options(Failover failover) {
    MigrationOptions byItself = MigrationOptions.DEFAULT.withCutOver(true, null).withRetries(TRIES, AFTER);
    Duration pause = failover.maxPause();
    return pause == null ? byItself : byItself.withMaxPause(pause);
  }

  private static OperatorException undone(Migration move) {
    Problem why = move.error();
    return new OperatorException(
        new Problem(
            ErrorCode.FAILBACK_UNDONE,
            "tenant \"" + move.tenant() + "\" did not come back to " + move.to(),
            why == null ? "its move is " + move.state().label() : why.code().id() + ": " + why.message(),
            "helios-repl events list --tenant " + move.tenant() + "; then: helios-repl failover failback " + move.tenant()));
  }
}
