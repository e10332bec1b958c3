package io.helios.repl.migration;

import io.helios.repl.error.HeliosException;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.util.function.UnaryOperator;

/** One run of the driver in a simulated world, through as many lives of its process as it takes. */
final class SimulatedHistory {

  final SimulatedWorld world;
  Migrations migrations;
  private MigrationDriver driver;
  private final MigrationOptions options;

  SimulatedHistory(SimulatedWorld world, MigrationOptions options) {
    this.world = world;
    this.options = options;
    this.migrations = new Migrations(world, MigrationWatch.NOBODY, world);
    this.driver = driver();
  }

  private MigrationDriver driver() {
    return new MigrationDriver(migrations, world, world, world, world, Runnable::run, 4);
  }

  private void restart() {
    world.restarted();
    migrations = new Migrations(world, MigrationWatch.NOBODY, world);
    migrations.restore();
    driver = driver();
  }

  Tenant tenant() {
    return world.tenant(new java.util.UUID(0, 1));
  }

  Migration migration() {
    return migrations.of(tenant());
  }

  /** One turn of the driver, and some time. A crash begins a new life. */
  boolean turn(Duration time) {
    try {
      driver.runOnce();
      world.pass(time);
      return true;
    } catch (SimulatedWorld.Crash e) {
      restart();
      return false;
    }
  }

  /** As an operator does: what is refused, or does not come through, is left. */
  void ask(Wish wish) {
    try {
      if (migrations.find(tenant().id()).isEmpty()) {
        migrations.begin(tenant(), options);
      } else {
        migrations.ask(tenant(), wish, UnaryOperator.identity());
      }
      driver.wake(tenant().id());
    } catch (SimulatedWorld.Crash e) {
      restart();
    } catch (HeliosException e) {
      // refused, or not written: an operator sees it and asks again, or not
    }
  }

  /** Until nothing is under way. */
  void settle() {
    world.heal();
    for (int i = 0; i < 400; i++) {
      turn(Duration.ofMillis(500));
      if (migrations.find(tenant().id()).isEmpty()) {
        return;
      }
      Migration now = migration();
      if (now.wish() == Wish.NONE && (now.state().ended() || now.state() == MigrationState.READY || now.state() == MigrationState.SWITCHED)) {
        world.checkEnd(now);
        return;
      }
    }
    throw new SimulatedWorld.Violation("does not come to an end: " + migration());
  }
}
