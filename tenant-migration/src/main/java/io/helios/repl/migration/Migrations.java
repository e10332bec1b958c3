package io.helios.repl.migration;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.tenant.Tenant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The newest migration of each tenant. The one place where one changes: the journal first, then memory, so that nothing is
 * done that a restart would not know of. Any thread; changes one at a time.
 */
public final class Migrations {

  private static final Comparator<Migration> ORDER =
      Comparator.<Migration, Integer>comparing(m -> m.options().rank())
          .thenComparing(Migration::begunAt)
          .thenComparing(Migration::tenant);

  private final MigrationJournal journal;
  private final MigrationWatch watch;
  private final MoveClock clock;
  private final Map<UUID, Migration> byTenant = new ConcurrentHashMap<>();

  public Migrations(MigrationJournal journal, MigrationWatch watch, MoveClock clock) {
    this.journal = journal;
    this.watch = watch;
    this.clock = clock;
  }

  /** Takes up what the journal has. */
  public void restore() {
    journal.newest().forEach(m -> byTenant.put(m.tenantId(), m));
  }

  public Optional<Migration> find(UUID tenant) {
    return Optional.ofNullable(byTenant.get(tenant));
  }

  /** Throws {@link OperatorException} (HR-7101) when the tenant was never moved. */
  public Migration of(Tenant tenant) {
    return find(tenant.id())
        .orElseThrow(
            () ->
                new OperatorException(
                    new Problem(
                        ErrorCode.MIGRATION_NONE,
                        "there is no migration of tenant \"" + tenant.name() + "\"",
                        "none was started",
                        "helios-repl migrate start " + tenant.name())));
  }

  /** All of them, in the order in which they are to be begun. */
  public List<Migration> all() {
    return byTenant.values().stream().sorted(ORDER).toList();
  }

  public List<MigrationJournal.Passage> passages(Migration migration) {
    return journal.passages(migration.id());
  }

  /** Begins one. Throws {@link OperatorException} (HR-7102) when one is open. */
  public synchronized Migration begin(Tenant tenant, MigrationOptions options) {
    requireNone(tenant);
    Migration begun =
        Migration.planned(
            UUID.randomUUID(), tenant.id(), tenant.name(), tenant.source(), tenant.target(), options, clock.now());
    journal.write(begun, null, null);
    byTenant.put(tenant.id(), begun);
    watch.changed(begun, begun, null);
    return begun;
  }

  /** Throws {@link OperatorException} (HR-7102) when one is open. */
  public void requireNone(Tenant tenant) {
    find(tenant.id())
        .filter(m -> !m.state().ended())
        .ifPresent(
            m -> {
              throw new OperatorException(
                  new Problem(
                      ErrorCode.MIGRATION_RUNS,
                      "tenant \"" + tenant.name() + "\" is being moved already, from " + m.from() + " to " + m.to(),
                      "its migration is " + m.state().label(),
                      "helios-repl migrate status " + tenant.name()));
            });
  }

  /** The tenant is deleted. Throws {@link OperatorException} (HR-7102) when a migration of it is open. */
  public synchronized void forget(Tenant tenant) {
    requireNone(tenant);
    journal.forget(tenant.id());
    byTenant.remove(tenant.id());
  }

  /**
   * Keeps what an operator asks of it.
   *
   * @throws OperatorException (HR-7103) when its state does not allow that, or another wish is on its way
   */
  public synchronized Migration ask(Tenant tenant, Wish wish, UnaryOperator<MigrationOptions> options) {
    Migration now = of(tenant);
    requireAllowed(now, wish);
    return write(now, now.with(options.apply(now.options())).wishing(wish), null, null);
  }

  /** Throws {@link OperatorException} (HR-7103) when that cannot be asked of it now. */
  public static void requireAllowed(Migration now, Wish wish) {
    boolean busy = now.wish() != Wish.NONE && now.wish() != wish && wish != Wish.CANCEL;
    if (wish.allowedIn(now.state()) && !busy) {
      return;
    }
    Problem error = now.error();
    throw new OperatorException(
        new Problem(
            ErrorCode.MIGRATION_STATE,
            "the migration of tenant \"" + now.tenant() + "\" is " + now.state().label()
                + (busy ? ", and on its way to something else" : "")
                + ", which does not allow that",
            error == null ? "each step has its place" : error.code().id() + ": " + error.message(),
            "helios-repl migrate status " + now.tenant()));
  }

  /** Its home failed, and a failover takes the tenant to its replica: ends what is open, but for a cutover. */
  public synchronized void homeFailed(Tenant tenant, Problem why) {
    Migration now = byTenant.get(tenant.id());
    if (now != null && !now.state().ended()) {
      move(now, MigrationState.FAILED, m -> m.content().failing(why));
    }
  }

  /** Keeps what rehearsals let expect. */
  public void predict(Migration seen, Prediction prediction) {
    note(seen, m -> m.predicted(prediction));
  }

  /** Begins a cutover to that epoch; null when something else was asked meanwhile. */
  synchronized @Nullable Migration begin(Migration seen, MigrationState cutting, long epoch) {
    return current(seen).wish() == seen.wish() ? move(seen, cutting, m -> m.trying(epoch)) : null;
  }

  /** Makes a transition of the table; journaled before anything is done about it. */
  Migration move(Migration seen, MigrationState to, UnaryOperator<Migration> change) {
    return move(seen, to, change, null);
  }

  /** The same, and the tenant's source and target have changed places. */
  synchronized Migration move(
      Migration seen, MigrationState to, UnaryOperator<Migration> change, @Nullable Tenant turned) {
    Migration now = current(seen);
    if (now.state() != seen.state()) {
      throw new Overtaken(seen.state().label() + " is " + now.state().label() + " by now");
    }
    Transition by = Transitions.between(now.state(), to);
    return write(now, change.apply(now.in(to, clock.now())), by, turned);
  }

  /** Changes something else about it. Nothing is written when nothing is new. */
  synchronized Migration note(Migration seen, UnaryOperator<Migration> change) {
    Migration now = current(seen);
    Migration next = change.apply(now);
    return next.equals(now) ? now : write(now, next, null, null);
  }

  /** A step was under way when a failover ended its migration. */
  static final class Overtaken extends RuntimeException {
    Overtaken(String what) {
      super(what);
    }
  }

  private Migration current(Migration seen) {
    Migration now = byTenant.get(seen.tenantId());
    if (now == null || !now.id().equals(seen.id())) {
      throw new IllegalStateException("the migration of tenant " + seen.tenant() + " is not the newest any more");
    }
    return now;
  }

  private Migration write(Migration before, Migration after, @Nullable Transition by, @Nullable Tenant turned) {
    journal.write(after, by, turned);
    byTenant.put(after.tenantId(), after);
    watch.changed(before, after, by);
    return after;
  }
}
