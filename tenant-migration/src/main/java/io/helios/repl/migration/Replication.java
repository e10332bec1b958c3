package io.helios.repl.migration;

import io.helios.repl.status.TenantStatus;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.util.UUID;

/**
 * What the server knows of its tenants, and does for them whether they are moved or not. A seam. Any thread; throws members
 * of the {@link io.helios.repl.error.HeliosException} family.
 */
public interface Replication {

  /** As it is now: after a cutover source and target have changed places. */
  Tenant tenant(UUID id);

  TenantStatus status(UUID id);

  /** Starts or resumes its stream; one that streams is left alone. */
  void start(UUID id);

  /** Whether both sides are known to be equal. Does not block on the databases. */
  Proof proof(UUID id, Duration maxAge);

  /** Begins a verification, or attaches to the one that runs. Returns at once. */
  void prove(UUID id);

  /** Everything that the gates look at, asked for now. */
  GateFacts facts(UUID id, Duration proofAge);
}
