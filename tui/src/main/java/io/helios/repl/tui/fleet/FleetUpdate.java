package io.helios.repl.tui.fleet;

import java.time.Instant;
import java.util.List;

/**
 * What a server says each second.
 *
 * @param full whether {@code tenants} and {@code migrations} are all there are; else those that changed since the last update
 * @param at by the server's clock
 * @param migrationsRemoved tenants that have none any more
 * @param failover as {@code full} says, too
 */
public record FleetUpdate(
    boolean full,
    Instant at,
    Server server,
    Totals totals,
    List<Endpoint> sources,
    List<Endpoint> targets,
    List<Tenant> tenants,
    List<String> removed,
    List<Migration> migrations,
    List<String> migrationsRemoved,
    FailoverNews failover) {

  public FleetUpdate {
    sources = List.copyOf(sources);
    targets = List.copyOf(targets);
    tenants = List.copyOf(tenants);
    removed = List.copyOf(removed);
    migrations = List.copyOf(migrations);
    migrationsRemoved = List.copyOf(migrationsRemoved);
  }
}
