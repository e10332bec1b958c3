package io.helios.repl.server;

import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.config.TenantNames;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.failover.FailoverDriver;
import io.helios.repl.failover.Failovers;
import io.helios.repl.migration.MigrationDriver;
import io.helios.repl.migration.MigrationState;
import io.helios.repl.migration.Migrations;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.postgres.SequenceSample;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.tenant.Tenant;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tenants of this server. A change goes to the store first, then to the engine, so that what was answered with
 * success survives; what is asked is answered from memory, so that status needs no store. Any thread; changes one at a
 * time.
 */
final class Tenants {

  private static final Logger LOG = LoggerFactory.getLogger(Tenants.class);

  /**
   * @param refusal why the engine does not have it; null when it has it
   */
  private record Entry(StoredTenant stored, @Nullable Problem refusal) {}

  /** More than that at once are one event: a history of thousands of alike lines tells less. */
  private static final int TOLD_SINGLY = 100;

  private final ServerConfiguration configuration;
  private final ControlStore store;
  private final VerificationHistory verifications;
  private final Fleet fleet;
  private final Consumer<FleetEvent> events;
  private final ConcurrentSkipListMap<String, Entry> entries = new ConcurrentSkipListMap<>();
  private final ReentrantLock changing = new ReentrantLock();
  private volatile @Nullable Migrations moves;
  private volatile @Nullable Failovers takeovers;

  Tenants(
      ServerConfiguration configuration,
      ControlStore store,
      VerificationHistory verifications,
      Fleet fleet,
      Consumer<FleetEvent> events) {
    this.configuration = configuration;
    this.store = store;
    this.verifications = verifications;
    this.fleet = fleet;
    this.events = events;
  }

  /**
   * Hands every tenant of the store to the engine; one that does not fit the configuration any more shows as failed.
   */
  void restore() {
    for (StoredTenant stored : store.tenants()) {
      entries.put(stored.tenant().name(), adopt(stored));
    }
  }

  /** From now on a tenant that is moved shows it, and is kept from being deleted meanwhile. */
  void movedBy(Migrations migrations) {
    moves = migrations;
  }

  /** From now on a tenant that is failed over shows it, and nothing else changes where its rows are meanwhile. */
  void failedOverBy(Failovers failovers) {
    takeovers = failovers;
  }

  /** Throws {@link OperatorException} (HR-8102) as long as something is done about its failover. */
  void requireNoFailover(Tenant tenant) {
    Failovers failovers = takeovers;
    if (failovers != null) {
      failovers.requireNone(tenant);
    }
  }

  /**
   * Takes over that a tenant's source and target have changed places. The store has it already: it was written with the
   * migration that did it.
   */
  void turned(Tenant turned) {
    changing.lock();
    try {
      StoredTenant before = entry(turned.name()).stored();
      entries.put(
          turned.name(), new Entry(new StoredTenant(turned, before.desired(), before.created()), null));
    } finally {
      changing.unlock();
    }
  }

  /** The engine has let go of it, for it was moved for good. The store has that already. */
  void left(Tenant moved) {
    changing.lock();
    try {
      StoredTenant stored = entry(moved.name()).stored();
      entries.put(
          moved.name(),
          new Entry(
              new StoredTenant(stored.tenant(), DesiredState.CREATED, stored.created()), movedAway(stored.tenant())));
    } finally {
      changing.unlock();
    }
  }

  private static Problem movedAway(Tenant moved) {
    return new Problem(
        ErrorCode.TENANT_STATE,
        "tenant \"" + moved.name() + "\" was moved to " + moved.source() + " for good",
        "its migration is completed, and nothing of it is replicated any more",
        "helios-repl tenant delete " + moved.name() + ", then declare it anew with the source that it has now");
  }

  private boolean isMoved(UUID id) {
    Migrations migrations = moves;
    return migrations != null && migrations.find(id).filter(m -> m.state() == MigrationState.COMPLETED).isPresent();
  }

  /** Throws {@link OperatorException} (HR-1301). */
  Tenant byId(UUID id) {
    return entries.values().stream()
        .map(entry -> entry.stored().tenant())
        .filter(t -> t.id().equals(id))
        .findFirst()
        .orElseThrow(() -> absent(id.toString()));
  }

  private Entry adopt(StoredTenant stored) {
    Tenant t = stored.tenant();
    if (isMoved(t.id())) {
      return new Entry(stored, movedAway(t));
    }
    String lost =
        !configuration.hasEndpoint(t.source())
            ? "source \"" + t.source() + "\""
            : !configuration.hasEndpoint(t.target()) ? "target \"" + t.target() + "\"" : null;
    if (lost != null) {
      return new Entry(
          stored,
          new Problem(
              lost.startsWith("source") ? ErrorCode.NO_SUCH_SOURCE : ErrorCode.NO_SUCH_TARGET,
              "the " + lost + " is not in the configuration any more",
              "tenant " + t.name() + " is declared with it",
              "put it back into the configuration, or: helios-repl tenant delete " + t.name()));
    }
    try {
      fleet.add(t, stored.desired());
      return new Entry(stored, null);
    } catch (HeliosException e) {
      LOG.error("tenant {} cannot be taken up: {}", t.name(), e.getMessage(), e);
      return new Entry(stored, e.problem());
    }
  }

  List<StoredTenant> all() {
    return entries.values().stream().map(Entry::stored).toList();
  }

  /** Those that were started, and that the engine has. */
  List<Tenant> replicated() {
    return entries.values().stream()
        .filter(entry -> entry.refusal() == null && entry.stored().desired() != DesiredState.CREATED)
        .map(entry -> entry.stored().tenant())
        .toList();
  }

  /** Throws {@link OperatorException} (HR-1301). */
  StoredTenant get(String name) {
    return entry(name).stored();
  }

  private Entry entry(String name) {
    Entry entry = entries.get(name);
    if (entry == null) {
      throw absent(name);
    }
    return entry;
  }

  private static OperatorException absent(String name) {
    return new OperatorException(
        new Problem(
            ErrorCode.NO_SUCH_TENANT,
            "there is no tenant \"" + TenantNames.printable(name) + "\"",
            "no tenant of that name is declared",
            "helios-repl tenant list"));
  }

  TenantStatus status(String name) {
    Entry entry = entry(name);
    return entry.refusal() == null
        ? shown(entry.stored().tenant().id(), fleet.status(entry.stored().tenant().id()))
        : unengaged(entry.stored(), entry.refusal());
  }

  /** As it is, but for what a failover or a migration knows better. */
  private TenantStatus shown(UUID id, TenantStatus status) {
    Migrations migrations = moves;
    Failovers failovers = takeovers;
    TenantState promoted = failovers == null ? null : failovers.find(id).map(FailoverDriver::shown).orElse(null);
    TenantState moved = migrations == null ? null : migrations.find(id).map(MigrationDriver::shown).orElse(null);
    return promoted != null ? status.in(promoted) : moved != null ? status.in(moved) : status;
  }

  /** One that the engine has; throws why it does not have it. */
  Tenant engaged(String name) {
    Entry entry = entry(name);
    if (entry.refusal() != null) {
      throw new OperatorException(entry.refusal());
    }
    return entry.stored().tenant();
  }

  /** Asks the target; nothing for a tenant that the engine does not have. */
  List<SequenceSample> sequences(String name) {
    Entry entry = entry(name);
    return entry.refusal() == null ? fleet.sequences(entry.stored().tenant().id()) : List.of();
  }

  List<TenantStatus> statuses() {
    Map<UUID, TenantStatus> running = fleet.statuses();
    List<TenantStatus> all = new ArrayList<>();
    for (Entry entry : entries.values()) {
      TenantStatus status = running.get(entry.stored().tenant().id());
      if (status != null) {
        all.add(shown(entry.stored().tenant().id(), status));
      } else if (entry.refusal() != null) {
        all.add(unengaged(entry.stored(), entry.refusal()));
      }
    }
    return all;
  }

  /** One that the engine does not have: moved away, or refused. */
  private TenantStatus unengaged(StoredTenant stored, Problem refusal) {
    return isMoved(stored.tenant().id())
        ? status(stored, TenantState.MOVED, null)
        : status(stored, TenantState.FAILED, refusal);
  }

  private static TenantStatus status(StoredTenant stored, TenantState state, @Nullable Problem problem) {
    Tenant t = stored.tenant();
    return new TenantStatus(
        t.name(),
        state,
        t.source(),
        t.target(),
        t.tier().label(),
        t.epoch(),
        null,
        null,
        t.lagTarget().toMillis() / 1000.0,
        0,
        null,
        null,
        TenantStatus.CopyProgress.NONE,
        0,
        0,
        0,
        stored.created(),
        problem,
        null,
        null,
        null,
        null);
  }

  /** Declares tenants, all or none. */
  void create(List<StoredTenant> declared, boolean dryRun) {
    changing.lock();
    try {
      List<StoredTenant> together = new ArrayList<>(all());
      for (StoredTenant one : declared) {
        refuseTwin(one.tenant(), together);
        together.add(one);
      }
      if (dryRun) {
        return;
      }
      store.insert(declared);
      for (StoredTenant one : declared) {
        entries.put(one.tenant().name(), adopt(one));
        tellCreated(one);
      }
    } finally {
      changing.unlock();
    }
  }

  /**
   * Makes the tenants what is declared, all or none: new ones are created, others changed where they differ. Who is not
   * declared is left alone. Nothing is done when the plan has problems.
   */
  TenantPlan apply(List<StoredTenant> declared, boolean dryRun) {
    changing.lock();
    try {
      TenantPlan plan = TenantPlan.of(all(), declared);
      for (TenantPlan.Change change : plan.changed()) {
        engaged(change.name());
      }
      if (dryRun || plan.isEmpty() || !plan.problems().isEmpty()) {
        return plan;
      }
      store.apply(plan.created(), plan.changed().stream().map(c -> c.after().tenant()).toList());
      plan.created().forEach(one -> entries.put(one.tenant().name(), adopt(one)));
      if (plan.created().size() > TOLD_SINGLY) {
        tell(null, "tenants-created", plan.created().size() + " tenants were declared together");
      } else {
        plan.created().forEach(this::tellCreated);
      }
      for (TenantPlan.Change change : plan.changed()) {
        fleet.change(change.after().tenant());
        entries.put(change.name(), new Entry(change.after(), null));
        tell(
            change.name(),
            "tenant-changed",
            "declared otherwise: "
                + String.join(
                    ", ", change.fields().stream().map(f -> f.name() + " " + f.from() + " to " + f.to()).toList()));
      }
      return plan;
    } finally {
      changing.unlock();
    }
  }

  private void tellCreated(StoredTenant declared) {
    Tenant t = declared.tenant();
    tell(t.name(), "tenant-created", "declared, from source " + t.source() + " to target " + t.target());
  }

  private static void refuseTwin(Tenant tenant, List<StoredTenant> others) {
    for (StoredTenant other : others) {
      Tenant o = other.tenant();
      boolean sameName = o.name().equals(tenant.name());
      boolean sameStream =
          o.source().equals(tenant.source()) && o.target().equals(tenant.target()) && o.key().equals(tenant.key());
      if (sameName || sameStream) {
        throw new OperatorException(
            new Problem(
                ErrorCode.TENANT_EXISTS,
                sameName
                    ? "there is a tenant \"" + o.name() + "\" already"
                    : "tenant \""
                        + o.name()
                        + "\" replicates the key of \""
                        + tenant.name()
                        + "\" from "
                        + o.source()
                        + " to "
                        + o.target()
                        + " already",
                sameName
                    ? "names of tenants are unique"
                    : "two streams of the same rows to the same target would undo each other",
                "helios-repl tenant describe " + o.name()));
      }
    }
  }

  /**
   * What the tenant's target has not, or would not have, of what its schema or database defines. A database that does not
   * answer is told of, since nothing is done by it.
   */
  List<String> leftOut(Tenant tenant) {
    try {
      return fleet.leftOut(tenant.id());
    } catch (HeliosException e) {
      return List.of("what would be left out cannot be told now: " + e.problem().message() + ": " + e.problem().why());
    }
  }

  /** What the verb would do, in steps; nothing is done. Refuses what {@link #carryOut} refuses. */
  List<String> plan(Verb verb, String name, boolean copy) {
    Entry entry = permitted(verb, name);
    Tenant t = entry.stored().tenant();
    return switch (verb) {
      case START -> fleet.planStart(t.id());
      case STOP ->
          List.of(
              "stop applying "
                  + name
                  + " to target "
                  + t.target()
                  + "; its changes stay in the relay journal, within its quota");
      case PAUSE ->
          List.of(
              "pause applying "
                  + name
                  + " to target "
                  + t.target()
                  + "; its changes stay in the relay journal, within its quota");
      case RESUME -> List.of("go on applying " + name + " to target " + t.target() + " from its position");
      case RESYNC ->
          copy
              ? List.of(
                  "delete the rows of " + name + " at target " + t.target() + " and copy all its tables again from source "
                      + t.source(),
                  "then stream")
              : List.of(
                  "take a new consistent point at source " + t.source(),
                  "compare all tables of " + name + " there with target " + t.target() + " and move the rows that differ;"
                      + " copy a table again where most of it differs",
                  "then stream");
    };
  }

  /** What a repair would do, in steps. */
  List<String> planRepair(StoredTenant stored) {
    Tenant t = stored.tenant();
    return List.of(
        "compare all tables of " + t.name() + " at source " + t.source() + " and target " + t.target(),
        "where they differ, hold what is applied of " + t.name() + " at one point of the WAL, and make its rows at target "
            + t.target() + " what the source's are there",
        "go on streaming, and compare again");
  }

  /**
   * Returns as soon as the wish is kept and the engine has it.
   *
   * @param copy whether a resync copies everything; nothing to the other verbs
   */
  void carryOut(Verb verb, String name, boolean copy) {
    changing.lock();
    try {
      Entry entry = permitted(verb, name);
      UUID id = entry.stored().tenant().id();
      DesiredState before = entry.stored().desired();
      if (verb == Verb.STOP && before == DesiredState.CREATED) {
        return;
      }
      if (before != verb.wish()) {
        keep(name, entry, verb.wish());
      }
      if (verb == Verb.RESYNC) {
        verifications.supersede(id);
      }
      try {
        switch (verb) {
          case START -> {
            if (before == DesiredState.PAUSED) {
              fleet.resumeTenant(id);
            } else {
              fleet.startTenant(id);
            }
          }
          case STOP -> fleet.stopTenant(id);
          case PAUSE -> fleet.pauseTenant(id);
          case RESUME -> fleet.resumeTenant(id);
          case RESYNC -> fleet.resyncTenant(id, copy);
        }
      } catch (RuntimeException e) {
        if (before != verb.wish()) {
          keep(name, entry, before);
        }
        throw e;
      }
      tell(name, "tenant-" + verb.word(), verb.word() + " was asked for");
    } finally {
      changing.unlock();
    }
  }

  private void keep(String name, Entry entry, DesiredState desired) {
    StoredTenant stored = entry.stored();
    store.setDesired(stored.tenant().id(), desired);
    entries.put(name, new Entry(new StoredTenant(stored.tenant(), desired, stored.created()), entry.refusal()));
  }

  private Entry permitted(Verb verb, String name) {
    Entry entry = entry(name);
    if (entry.refusal() != null) {
      throw new OperatorException(entry.refusal());
    }
    requireNoFailover(entry.stored().tenant());
    fleet.refuseIfPromoted(entry.stored().tenant().id());
    TenantStatus status = fleet.status(entry.stored().tenant().id());
    Verb first = verb.needsFirst(entry.stored().desired(), status.state());
    if (first != null) {
      Problem error = status.error();
      throw new OperatorException(
          new Problem(
              ErrorCode.TENANT_STATE,
              "tenant \"" + name + "\" is " + status.state() + ", which does not allow " + verb.word(),
              error == null
                  ? "it has to be asked to " + first.word() + " first"
                  : error.code().id() + ": " + error.message(),
              "helios-repl tenant " + first.word() + " " + name));
    }
    return entry;
  }

  /** 0 when it has no key: before its first start, and after shredding. */
  int keyGeneration(String name) {
    Entry entry = entry(name);
    return entry.refusal() != null ? 0 : fleet.keyGeneration(entry.stored().tenant().id());
  }

  /** Seals with a new key from now on. */
  void rotateKey(String name) {
    changing.lock();
    try {
      UUID id = owned(name, "rotate");
      fleet.rotateKey(id);
    } finally {
      changing.unlock();
    }
  }

  /** Destroys all keys of the tenant. */
  void shredKey(String name) {
    changing.lock();
    try {
      fleet.shredKey(owned(name, "shred"));
    } finally {
      changing.unlock();
    }
  }

  /** A tenant that has a key. */
  private UUID owned(String name, String verb) {
    Entry entry = entry(name);
    if (entry.refusal() != null) {
      throw new OperatorException(entry.refusal());
    }
    UUID id = entry.stored().tenant().id();
    if (fleet.keyGeneration(id) == 0) {
      throw new OperatorException(
          new Problem(
              ErrorCode.TENANT_STATE,
              "tenant \"" + name + "\" has no key to " + verb,
              "it gets one with its first start, and after shredding with its resync",
              "helios-repl key list"));
    }
    return id;
  }

  /** What deleting would do, in steps. */
  List<String> planDelete(String name, boolean purge) {
    Tenant t = entry(name).stored().tenant();
    return List.of(
        "stop " + name + " and forget its position, its part of the relay journal and its key",
        "lift the read-only guard on target " + t.target(),
        purge ? "DELETE its rows on target " + t.target() : "leave its rows on target " + t.target() + " as they are",
        "leave source " + t.source() + " untouched");
  }

  /** Blocks until the engine has let go of it. May be repeated after a failure. */
  void delete(String name, boolean purge) {
    changing.lock();
    try {
      Entry entry = entry(name);
      UUID id = entry.stored().tenant().id();
      Migrations migrations = moves;
      Failovers failovers = takeovers;
      requireNoFailover(entry.stored().tenant());
      if (migrations != null) {
        migrations.requireNone(entry.stored().tenant());
      }
      if (entry.refusal() == null) {
        keep(name, entry, DesiredState.STOPPED);
        fleet.removeTenant(id, purge);
        entries.put(
            name,
            new Entry(
                entry.stored(),
                new Problem(
                    ErrorCode.TENANT_STATE,
                    "tenant \"" + name + "\" is half deleted",
                    "the control store did not answer at the end of its deletion",
                    "helios-repl tenant delete " + name)));
      }
      verifications.forget(id);
      if (migrations != null) {
        migrations.forget(entry.stored().tenant());
      }
      if (failovers != null) {
        failovers.forget(entry.stored().tenant());
      }
      store.delete(id);
      entries.remove(name);
      tell(
          name,
          "tenant-deleted",
          purge ? "deleted, its rows on the target too" : "deleted; its rows stay on the target");
    } finally {
      changing.unlock();
    }
  }

  private void tell(@Nullable String tenant, String kind, String message) {
    events.accept(new FleetEvent(Instant.now(), FleetEvent.Severity.INFO, tenant, kind, message, null));
  }
}
