package io.helios.repl.tests.simulation;

import io.helios.repl.capture.TenantRoute;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import java.time.Duration;
import java.util.UUID;

/** A tenant as the control store knows it: that survives every crash. */
final class Declared {

  final int number;
  final UUID id;
  long epoch = 1;

  /** Whether it was ever started; whether it is to run. */
  boolean started;

  boolean wanted;

  /** Judged, and rightly so, to lack what is gone: until its next resync it may stand still. */
  boolean excused;

  Declared(int number) {
    this.number = number;
    this.id = new UUID(0x5151_0000_0000_4000L, 0x8000_0000_0000_0000L + number);
  }

  Tenant tenant() {
    return new Tenant(
        id,
        "tenant-" + number,
        String.valueOf(number),
        "shop",
        SimulatedTarget.NAME,
        TableFilter.ALL,
        Tier.values()[number % Tier.values().length],
        Duration.ofSeconds(1),
        ConflictPolicy.SOURCE_WINS,
        epoch);
  }

  TenantRoute route() {
    return new TenantRoute(id, epoch, TenantRoute.Kind.KEYED, String.valueOf(number), TableFilter.ALL);
  }
}
