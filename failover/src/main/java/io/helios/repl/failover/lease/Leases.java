package io.helios.repl.failover.lease;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.failover.coordination.Coordination;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.pipeline.HomeLeases;
import io.helios.repl.tenant.Fencing;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The leases of this server: each database in which a tenant with {@code fencing: lease} is written, or would be after a failover, has
 * a keeper on a thread of its own ({@code helios-lease-<database>}), and thread {@code helios-leases} sees to it that tenants
 * ask for the lease where they are declared to. Any thread.
 *
 * <p>A failover in this mode is, in this order: {@link #withhold}, {@link #untilOver} and wait, promote; and when the old home
 * has been closed by its role, {@link #release}. Who is withheld is not kept here: after a restart the driver says it again,
 * before {@link #start}.
 */
public final class Leases implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Leases.class);
  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** After so long also tenants that ask for their lease are looked at: they may have tables that are not guarded yet. */
  private static final long TABLES_NANOS = TimeUnit.MINUTES.toNanos(5);

  private static final long STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private record Kept(LeaseKeeper keeper, Thread thread) {}

  private final LeaseSettings settings;
  private final HomeLeases homes;
  private final Supplier<List<Tenant>> tenants;
  private final @Nullable Coordination coordination;
  private final String holder;
  private final Consumer<FleetEvent> events;
  private final Duration longest;
  private final Map<String, Kept> keepers = new HashMap<>();
  private final Map<UUID, Tenant> withheld = new HashMap<>();
  private final Map<UUID, Long> settled = new HashMap<>();
  private final Map<UUID, Long> refused = new HashMap<>();
  private @Nullable Thread settler;
  private volatile boolean closed;

  /**
   * @param tenants as they are now
   * @param coordination null where no other server could give a lease of these databases
   * @param holder what this server calls itself in the coordination, the same after each start, without blanks
   */
  public Leases(
      LeaseSettings settings, HomeLeases homes, Supplier<List<Tenant>> tenants, @Nullable Coordination coordination,
      String holder, Consumer<FleetEvent> events) {
    this.settings = settings;
    this.homes = homes;
    this.tenants = tenants;
    this.coordination = coordination;
    this.holder = holder;
    this.events = events;
    this.longest = homes.lengthen(settings.ttl());
  }

  /** Starts the threads; waits for no database. */
  public synchronized void start() {
    keep();
    settler = Thread.ofPlatform().name("helios-leases").daemon(true).start(this::settleAll);
  }

  /** Nothing is renewed at the tenant's home from now on, for whichever tenant: it closes by itself. */
  public synchronized void withhold(Tenant tenant) {
    withheld.put(tenant.id(), tenant);
    Kept kept = keepers.get(tenant.source());
    if (kept != null) {
      kept.keeper.withhold(tenant.id());
    }
  }

  /** The tenant is closed by its role at its old home, which may be renewed for others again; or nothing came of its failover. */
  public synchronized void release(UUID tenant) {
    withheld.remove(tenant);
    keepers.values().forEach(kept -> kept.keeper.release(tenant));
  }

  /**
   * How long until it is certain that nobody writes the tenant at its home any more. True for as long as it is {@link #withhold
   * withheld}; before, it is what would have to be waited for. Who has waited asks again, and promotes when this says zero: meanwhile
   * another server may have taken the hold, and renew what is withheld here.
   *
   * @throws OperatorException when nothing can be promised of it: it is not under a lease there
   * @throws TransientException while it is not certain that this server holds that home's lease
   */
  public synchronized Duration untilOver(Tenant tenant) {
    if (!homes.isBound(tenant.id(), tenant.source())) {
      throw new OperatorException(
          new Problem(
              ErrorCode.LEASE_NOT_ARMED,
              "tenant \"" + tenant.name() + "\" can be written at \"" + tenant.source() + "\" without a lease",
              tenant.fencing() == Fencing.LEASE ? "its guard was not armed there yet" : "it is declared with fencing: epoch",
              "make sure that nobody can write there, and promote it with fencing: epoch"));
    }
    Kept kept = keepers.get(tenant.source());
    if (kept == null || !kept.keeper.isHeld()) {
      Problem problem = kept == null ? null : kept.keeper.status().problem();
      throw new TransientException(
          problem != null
              ? problem
              : new Problem(
                  ErrorCode.LEASE_NOT_HELD,
                  "this server does not hold the lease of \"" + tenant.source() + "\"",
                  "its keeper has not begun",
                  "helios-repl failover status"));
    }
    return kept.keeper.untilOver();
  }

  /** By database. */
  public synchronized List<LeaseStatus> statuses() {
    return keepers.values().stream()
        .map(kept -> kept.keeper.status())
        .sorted(Comparator.comparing(LeaseStatus::database))
        .toList();
  }

  /** A keeper for each database that needs one, and for no other. */
  private synchronized void keep() {
    Set<String> needed = new TreeSet<>();
    for (Tenant tenant : tenants.get()) {
      if (tenant.fencing() == Fencing.LEASE || !homes.isSettled(tenant)) {
        needed.add(tenant.source());
        needed.add(tenant.target());
      }
    }
    for (String database : needed) {
      if (!keepers.containsKey(database) && !closed) {
        keepers.put(database, keeper(database));
      }
    }
    // One that is needed no more ends at its next turn.
    keepers.entrySet().removeIf(entry -> !needed.contains(entry.getKey()));
  }

  private Kept keeper(String database) {
    String owner = homes.owner(database);
    LeaseKeeper keeper =
        new LeaseKeeper(
            database,
            settings,
            longest,
            new LeaseHold(coordination, "lease/" + owner, holder, settings.over(), System::nanoTime),
            LeaseHome.of(homes.settings(database), owner, settings.ttl()),
            System::nanoTime,
            this::tell);
    withheld.values().stream()
        .filter(tenant -> tenant.source().equals(database))
        .forEach(tenant -> keeper.withhold(tenant.id()));
    Thread thread = Thread.ofPlatform().name("helios-lease-" + database).daemon(true).unstarted(() -> turns(database, keeper));
    Kept kept = new Kept(keeper, thread);
    thread.start();
    return kept;
  }

  private void turns(String database, LeaseKeeper keeper) {
    try {
      while (!closed && isKept(database, keeper)) {
        park(keeper.runOnce().toNanos());
      }
    } catch (RuntimeException bug) {
      LOG.error("a bug has stopped the lease at {}: its tenants with fencing: lease cannot be written", database, bug);
    } finally {
      keeper.close();
    }
  }

  private synchronized boolean isKept(String database, LeaseKeeper keeper) {
    Kept kept = keepers.get(database);
    return kept != null && kept.keeper == keeper;
  }

  private void settleAll() {
    while (!closed) {
      try {
        keep();
        settle();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
      park(LOOK_NANOS);
    }
  }

  private void settle() throws InterruptedException {
    Set<String> unreachable = new HashSet<>();
    for (Tenant tenant : tenants.get()) {
      boolean wanted = !homes.isSettled(tenant) || tenant.fencing() == Fencing.LEASE && isOld(settled.get(tenant.id()));
      if (!wanted || closed || isWithheld(tenant) || unreachable.contains(tenant.source())
          || !isOld(refused.get(tenant.id()))) {
        continue;
      }
      try {
        homes.settle(tenant);
        settled.put(tenant.id(), System.nanoTime());
      } catch (TransientException e) {
        LOG.debug("tenant {}: {}", tenant.name(), e.problem().message());
        unreachable.add(tenant.source());
      } catch (HeliosException e) {
        refused.put(tenant.id(), System.nanoTime()); // it needs somebody, and is not tried all the time
        event(FleetEvent.Severity.ERROR, tenant.name(), "lease-not-armed", e.problem());
      }
    }
  }

  private static boolean isOld(@Nullable Long lookedNanos) {
    return lookedNanos == null || System.nanoTime() - lookedNanos > TABLES_NANOS;
  }

  private synchronized boolean isWithheld(Tenant tenant) {
    return withheld.containsKey(tenant.id());
  }

  private void tell(LeaseStatus now) {
    Problem problem = now.problem();
    if (problem != null) {
      event(FleetEvent.Severity.WARN, null, "lease-lost", problem);
    } else if (now.given()) {
      events.accept(
          new FleetEvent(
              Instant.now(), FleetEvent.Severity.INFO, null, "lease-given",
              "the lease at \"" + now.database() + "\" is renewed", null));
    }
  }

  private void event(FleetEvent.Severity severity, @Nullable String tenant, String kind, Problem problem) {
    events.accept(new FleetEvent(Instant.now(), severity, tenant, kind, problem.message(), problem));
  }

  /** In steps: nobody here is ever interrupted, and a close need not wait. */
  private void park(long nanos) {
    long until = System.nanoTime() + nanos;
    for (long left = nanos; left > 0 && !closed; left = until - System.nanoTime()) {
      LockSupport.parkNanos(Math.min(left, STEP_NANOS));
    }
  }

  /** Renews nothing any more; what was given runs out by itself. */
  @Override
  public void close() {
    closed = true;
    List<Thread> threads = new ArrayList<>();
    synchronized (this) {
      keepers.values().forEach(kept -> threads.add(kept.thread));
      Thread own = settler;
      if (own != null) {
        threads.add(own);
      }
    }
    try {
      for (Thread thread : threads) {
        if (!thread.join(settings.ttl().multipliedBy(4))) {
          LOG.warn("{} does not end; it is left behind", thread.getName());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
