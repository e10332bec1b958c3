package io.helios.repl.failover.lease;

import io.helios.repl.failover.OldLease;
import io.helios.repl.tenant.Fencing;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;

/** The lease of a tenant's old home, where the tenant is declared with one; of any other there is nothing to wait for. Any thread. */
public final class WithheldLease implements OldLease {

  private final Leases leases;

  public WithheldLease(Leases leases) {
    this.leases = leases;
  }

  @Override
  public void withhold(Tenant tenant) {
    if (tenant.fencing() == Fencing.LEASE) {
      leases.withhold(tenant);
    }
  }

  @Override
  public Duration remaining(Tenant tenant) {
    return tenant.fencing() == Fencing.LEASE ? leases.untilOver(tenant) : Duration.ZERO;
  }

  @Override
  public void release(Tenant tenant) {
    leases.release(tenant.id());
  }
}
