package io.helios.repl.failover;

import io.helios.repl.tenant.Tenant;
import java.time.Duration;

/** Where a tenant's clients are sent. A seam; calls may be made again; throws members of the HeliosException family. */
public interface FailoverTraffic {

  /**
   * Sends the tenant's clients to what has become its home. The old one is gone: nobody is held back before.
   *
   * @param epoch that was taken there
   * @param from the old home's configured name
   * @param to the new home's
   */
  void send(Tenant tenant, long epoch, String from, String to);

  /** Goes the whole way but changes nothing. Returns how long it took. */
  Duration check(Tenant tenant, long epoch);
}
