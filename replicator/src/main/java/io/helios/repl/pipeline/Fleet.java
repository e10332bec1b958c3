package io.helios.repl.pipeline;

import io.helios.repl.postgres.Lsn;
import io.helios.repl.status.EndpointStatus;
import io.helios.repl.status.Finding;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.status.Verification;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** Shape only, on its way. */
public abstract class Fleet implements AutoCloseable {
  // new Fleet(FleetSettings settings, Keyring keyring, MeterRegistry meters, Consumer<FleetEvent> events)

  /** Starts the threads. Sources and targets that are out of reach are retried; this does not wait for them. */
  public abstract void start();

  public abstract List<EndpointStatus> sources();

  public abstract List<EndpointStatus> targets();

  public abstract List<Finding> checkSource(String name);

  public abstract List<Finding> checkTarget(String name);

  public abstract PreparationPlan prepareSource(String name, boolean dryRun);

  public abstract PreparationPlan prepareTarget(String name, boolean dryRun);

  /** Takes a tenant in, in the state that was asked of it last; at start once for each that the store knows. */
  public abstract void add(Tenant tenant, DesiredState desired);

  /** What starting would do: SQL and steps, in words. */
  public abstract List<String> planStart(UUID tenant);

  /** Each returns as soon as the wish is taken; the status tells how it goes. A wish already fulfilled is a no-op. */
  public abstract void startTenant(UUID tenant);

  public abstract void pauseTenant(UUID tenant);

  public abstract void resumeTenant(UUID tenant);

  public abstract void stopTenant(UUID tenant);

  /** Forgets position, journal and key, and lifts the guard; the rows stay at the target unless {@code purge}. Blocks. */
  public abstract void removeTenant(UUID tenant, boolean purge);

  /** Copies everything again, from a new consistent point. */
  public abstract void resyncTenant(UUID tenant);

  public abstract TenantStatus status(UUID tenant);

  public abstract Map<UUID, TenantStatus> statuses();

  /**
   * The barrier: completes when everything that had committed at the source before the call is committed at the target.
   * Completes exceptionally with a HeliosException when the tenant fails or needs a resync.
   */
  public abstract CompletableFuture<Lsn> caughtUp(UUID tenant);

  public abstract CompletableFuture<Verification> verify(UUID tenant, Duration patience);

  @Override
  public abstract void close();
}
