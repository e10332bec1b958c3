package io.helios.repl.migration;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;

/** The ends of tenants that this process replicates. */
public final class FleetEnds implements TenantEnds {

  private final Fleet fleet;

  public FleetEnds(Fleet fleet) {
    this.fleet = fleet;
  }

  @Override
  public void arm(Tenant tenant) {
    throw absent(tenant);
  }

  @Override
  public void disarm(Tenant tenant) {
    // nothing was armed
  }

  @Override
  public Arbiter arbiter(Tenant tenant) {
    throw absent(tenant);
  }

  @Override
  public Rehearsal rehearse(Tenant tenant, Duration patience) {
    throw absent(tenant);
  }

  @Override
  public Fence fence(Tenant tenant, long epoch, Duration patience) {
    throw absent(tenant);
  }

  @Override
  public boolean awaitPromoted(Tenant tenant, long epoch, Duration patience) {
    throw absent(tenant);
  }

  @Override
  public boolean refuse(Tenant tenant, long epoch) {
    throw absent(tenant);
  }

  @Override
  public void lift(Tenant tenant, long epoch) {
    throw absent(tenant);
  }

  @Override
  public Tenant turn(Tenant tenant, long epoch) {
    throw absent(tenant);
  }

  @Override
  public void leave(Tenant turned, boolean purge) {
    throw absent(turned);
  }

  private OperatorException absent(Tenant tenant) {
    return new OperatorException(
        new Problem(
            ErrorCode.CONFIGURATION_UNSUPPORTED,
            "tenant \"" + tenant.name() + "\" cannot be moved",
            "moving is not in this release, with " + fleet.targets().size() + " targets or any other number",
            "helios-repl tenant status " + tenant.name()));
  }
}
