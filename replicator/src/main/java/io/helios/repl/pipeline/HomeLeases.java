package io.helios.repl.pipeline;

import io.helios.repl.apply.HomeGuard;
import io.helios.repl.apply.HomeLease;
import io.helios.repl.apply.Replicated;
import io.helios.repl.apply.TargetSchema;
import io.helios.repl.apply.TenantHome;
import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.postgres.SystemIdentifier;
import io.helios.repl.tenant.Fencing;
import io.helios.repl.tenant.Tenant;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;

/**
 * The leases of tenants in their databases: who asks for one where, and the register that is renewed. Who renews it, and for how
 * long, is decided elsewhere (module {@code failover}).
 *
 * <p>A tenant asks for the lease at both of its ends, each its own: so a replica that is promoted is under a lease from its first
 * write on. Any thread; one at a time for a tenant. What needs a database throws members of the {@link HeliosException} family.
 */
public final class HomeLeases {

  private final Endpoints endpoints;
  private final Function<Tenant, TenantTables> tables;
  private final BackRoutes moves;
  private final LeaseLedger ledger;
  private final Ticker ticker;

  HomeLeases(
      Endpoints endpoints, Function<Tenant, TenantTables> tables, BackRoutes moves, LeaseLedger ledger, Ticker ticker) {
    this.endpoints = endpoints;
    this.tables = tables;
    this.moves = moves;
    this.ledger = ledger;
    this.ticker = ticker;
  }

  /** Leases are this long from now on; returns the longest that may still be running. Durable before it returns. */
  public Duration lengthen(Duration ttl) {
    return ledger.lengthen(ttl);
  }

  /** Whether nobody can write the tenant in that database without its lease; known without asking it. */
  public boolean isBound(UUID tenant, String database) {
    return ledger.isBound(tenant, database);
  }

  /** Whether anything is to be done for {@link #settle}, as far as is known here. */
  public boolean isSettled(Tenant tenant) {
    Set<String> bound = ledger.databases(tenant.id());
    return tenant.fencing() == Fencing.LEASE
        ? bound.contains(tenant.source()) && bound.contains(tenant.target())
        : bound.isEmpty();
  }

  /**
   * Makes both of the tenant's ends ask for their leases, or for none, as it is declared; tables that came since are guarded. May be
   * called at any time, and again.
   *
   * @throws TransientException also while a transaction is open that began before the guard was there
   */
  public void settle(Tenant tenant) throws InterruptedException {
    if (tenant.fencing() == Fencing.LEASE) {
      bindHome(tenant);
      bindReplica(tenant);
    } else {
      remove(tenant);
    }
  }

  /** The tenant is removed: nobody asks for a lease for it any more. */
  void remove(Tenant tenant) {
    for (String database : ledger.databases(tenant.id())) {
      unbind(tenant, database);
    }
  }

  private void bindHome(Tenant tenant) throws InterruptedException {
    String home = tenant.source();
    try (Connection connection = PgConnections.openForDefinitions(settings(home), "lease", tenant.name())) {
      TargetSchema.install(connection);
      HomeLease lease = new HomeLease(connection, owner(home));
      lease.create();
      HomeGuard guard = new HomeGuard(connection, home);
      List<TenantTable> guarded = tables.apply(tenant).read(connection, tenant);
      boolean known = TenantHome.find(connection, tenant.id()).isPresent();
      guard.bind(tenant.turned(tenant.epoch()), known ? Optional.empty() : Optional.of(next(tenant)), guarded);
      if (!isStillBound(connection, tenant, home)) {
        lease.bind(tenant.id());
        OlderTransactions.await(connection, home, tenant.name(), ticker);
        ledger.enter(tenant.id(), home);
      }
    } catch (SQLException e) {
      throw failed(e, tenant, home);
    }
  }

  /** Nobody writes there, whom one would have to wait for. */
  private void bindReplica(Tenant tenant) {
    String target = tenant.target();
    try (Connection connection = PgConnections.openForDefinitions(settings(target), "lease", tenant.name())) {
      TargetSchema.install(connection);
      HomeLease lease = new HomeLease(connection, owner(target));
      lease.create();
      if (!isStillBound(connection, tenant, target) && lease.bind(tenant.id())) {
        ledger.enter(tenant.id(), target);
      }
    } catch (SQLException e) {
      throw failed(e, tenant, target);
    }
  }

  /** A database that was restored may not know any more what was noted of it. */
  private boolean isStillBound(Connection connection, Tenant tenant, String database) throws SQLException {
    if (!HomeLease.isBound(connection, tenant.id())) {
      ledger.strike(tenant.id(), database);
    }
    return ledger.isBound(tenant.id(), database);
  }

  private void unbind(Tenant tenant, String database) {
    try (Connection connection = PgConnections.openForDefinitions(settings(database), "lease", tenant.name())) {
      ledger.strike(tenant.id(), database);
      HomeLease.unbind(connection, tenant.id());
      if (moves.of(tenant.id()) == null) { // else a move has armed the guard, too
        new HomeGuard(connection, database).disarm(tenant.id());
      }
    } catch (SQLException e) {
      throw failed(e, tenant, database);
    }
  }

  /** What a row of the tenant's says of where it would come from, once it is written at its target. */
  private Replicated next(Tenant tenant) throws SQLException {
    TargetSettings target = endpoints.target(tenant.target()).settings();
    try (Connection connection = PgConnections.open(target.connection(), "lease", tenant.name())) {
      String system = SystemIdentifier.read(connection);
      return new Replicated(
          tables.apply(tenant).source().tenancy(),
          tables.apply(tenant).reference(),
          target.name(),
          system == null ? 0 : Long.parseLong(system),
          target.region());
    }
  }

  /** How the database is reached. */
  public ConnectionSettings settings(String database) {
    SourceEngine source = endpoints.sources().get(database);
    return source != null ? source.settings().connection() : endpoints.target(database).settings().connection();
  }

  /** Who renews the lease there: the slot with which this server captures the database, or would. */
  public String owner(String database) {
    SourceEngine source = endpoints.sources().get(database);
    return source != null ? source.settings().slot() : endpoints.target(database).settings().mirror();
  }

  private static HeliosException failed(SQLException e, Tenant tenant, String database) {
    return SqlStates.classify(
        e,
        ErrorCode.LEASE_NOT_ARMED,
        "tenant \"" + tenant.name() + "\" cannot be put under a lease at \"" + database + "\", or taken from it",
        "its role needs there what a target's role needs: helios-repl target check " + tenant.target());
  }
}
