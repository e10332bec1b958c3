package io.helios.repl.failover;

import io.helios.repl.tenant.Tenant;

/** The planned moves of tenants, which a failover ends and a failback makes. A seam; calls may be made again. */
public interface PlannedMoves {

  /**
   * Throws {@link io.helios.repl.error.OperatorException} when a move of the tenant stands where only its own arbiter may tell
   * how it ends.
   */
  void requireEndable(Tenant tenant);

  /** A move of the tenant that is under way is over: its home is gone. Throws as {@link #requireEndable}. */
  void end(Tenant tenant);

  /**
   * Brings the tenant nearer to the home that it had before the failover. Does not block on the databases.
   *
   * @param tenant as it is now
   * @return whether it is there, and in its old roles
   * @throws io.helios.repl.error.OperatorException when that was undone, and the tenant is where it was
   */
  boolean back(Tenant tenant, Failover failover);
}
