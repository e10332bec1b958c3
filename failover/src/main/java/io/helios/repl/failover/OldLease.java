package io.helios.repl.failover;

import io.helios.repl.tenant.Tenant;
import java.time.Duration;

/**
 * What lets a tenant's old home take writes, where it needs something for that ({@code fencing: lease}). A seam; the tenant is
 * given as it was before the failover. Calls may be made again.
 */
public interface OldLease {

  /** Nothing does: the old home learns of the new epoch when it can be reached ({@code fencing: epoch}). */
  OldLease NONE =
      new OldLease() {
        @Override
        public void withhold(Tenant tenant) {}

        @Override
        public Duration remaining(Tenant tenant) {
          return Duration.ZERO;
        }

        @Override
        public void release(Tenant tenant) {}
      };

  /** It is not renewed from now on, until this process ends: then it is said again. */
  void withhold(Tenant tenant);

  /**
   * How long it may last yet; zero when it is provably over. Before it is withheld: what would have to be waited for.
   *
   * @throws io.helios.repl.error.HeliosException when nobody knows, or nothing can be promised of it
   */
  Duration remaining(Tenant tenant);

  /** The old home is closed to the tenant by its role: others there may have theirs again. */
  void release(Tenant tenant);
}
