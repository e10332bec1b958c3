package io.helios.repl.failover;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.pipeline.Ticker;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The newest failover of each tenant. The one place where one changes: the journal first, then memory, so that nothing is
 * done that a restart would not know of. Any thread; changes one at a time.
 */
public final class Failovers {

  /** What was asked first goes first; of a batch, in its order. */
  private static final Comparator<Failover> ORDER =
      Comparator.comparing(Failover::begunAt)
          .thenComparing(f -> f.options().rank())
          .thenComparing(Failover::tenant);

  private final FailoverJournal journal;
  private final FailoverWatch watch;
  private final Ticker clock;
  private final Map<UUID, Failover> byTenant = new ConcurrentHashMap<>();

  public Failovers(FailoverJournal journal, FailoverWatch watch, Ticker clock) {
    this.journal = journal;
    this.watch = watch;
    this.clock = clock;
  }

  /** Takes up what the journal has. */
  public void restore() {
    journal.newest().forEach(f -> byTenant.put(f.tenantId(), f));
  }

  public Optional<Failover> find(UUID tenant) {
    return Optional.ofNullable(byTenant.get(tenant));
  }

  /** Throws {@link OperatorException} (HR-8101) when the tenant was never failed over. */
  public Failover of(Tenant tenant) {
    return find(tenant.id())
        .orElseThrow(
            () ->
                new OperatorException(
                    new Problem(
                        ErrorCode.FAILOVER_NONE,
                        "there is no failover of tenant \"" + tenant.name() + "\"",
                        "none was begun",
                        "helios-repl failover plan " + tenant.name())));
  }

  /** The newest of each tenant, in the order in which they are to be begun. */
  public List<Failover> all() {
    return byTenant.values().stream().sorted(ORDER).toList();
  }

  /** All that are kept, the newest first. */
  public List<Failover> history() {
    return journal.history();
  }

  public List<FailoverJournal.Passage> passages(Failover failover) {
    return journal.passages(failover.id());
  }

  /**
   * Begins those that are asked for together.
   *
   * @param lastAlive when the old home was last known to be alive; null for now
   */
  public synchronized Failover begin(Tenant tenant, FailoverOptions options, @Nullable Instant lastAlive) {
    requireAtRest(tenant);
    Instant now = clock.now();
    Failover before = byTenant.get(tenant.id());
    if (before != null && before.state() == FailoverState.FAILING_BACK) {
      move(before, FailoverState.FOLLOWING, f -> f);
    }
    Failover begun =
        Failover.planned(
            UUID.randomUUID(), tenant, options, lastAlive == null || lastAlive.isAfter(now) ? now : lastAlive, now);
    journal.write(begun, null, null);
    byTenant.put(tenant.id(), begun);
    watch.changed(begun, begun, null);
    return begun;
  }

  /** Throws {@link OperatorException} (HR-8102) when a failover of it is under way; one that is on its way back may be begun anew. */
  public void requireAtRest(Tenant tenant) {
    find(tenant.id())
        .filter(f -> !f.state().rests() && f.state() != FailoverState.FAILING_BACK)
        .ifPresent(Failovers::refuse);
  }

  /** Throws {@link OperatorException} (HR-8102) as long as something is done about its failover. */
  public void requireNone(Tenant tenant) {
    find(tenant.id()).filter(f -> !f.state().rests()).ifPresent(Failovers::refuse);
  }

  private static void refuse(Failover f) {
    throw new OperatorException(
        new Problem(
            ErrorCode.FAILOVER_RUNS,
            "tenant \"" + f.tenant() + "\" is being failed over, from " + f.from() + " to " + f.to(),
            "its failover is " + f.state().label(),
            "helios-repl failover status " + f.tenant()));
  }

  /** The tenant is deleted. Throws {@link OperatorException} (HR-8102) while a failover of it is under way. */
  public synchronized void forget(Tenant tenant) {
    requireNone(tenant);
    journal.forget(tenant.id());
    byTenant.remove(tenant.id());
  }

  /** The old home may follow. Throws {@link OperatorException} (HR-8103) when it is not being waited for that. */
  public synchronized Failover rejoin(Tenant tenant) {
    Failover now = of(tenant);
    if (!now.state().promoted() || now.state().rests() || now.state() == FailoverState.FAILING_BACK) {
      throw unfit(now);
    }
    return note(now, f -> f.with(f.options().withRejoin(true)));
  }

  /** Begins the way back. Throws {@link OperatorException} (HR-8103) when the old home does not follow. */
  public synchronized Failover failBack(Tenant tenant, Duration maxPause) {
    requireFollowing(tenant);
    return move(of(tenant), FailoverState.FAILING_BACK, f -> f.pausing(maxPause));
  }

  /** Throws {@link OperatorException} (HR-8103). */
  public void requireFollowing(Tenant tenant) {
    Failover now = of(tenant);
    if (now.state() != FailoverState.FOLLOWING) {
      throw unfit(now);
    }
  }

  private static OperatorException unfit(Failover now) {
    Problem error = now.error();
    return new OperatorException(
        new Problem(
            ErrorCode.FAILOVER_STATE,
            "the failover of tenant \"" + now.tenant() + "\" is " + now.state().label() + ", which does not allow that",
            error == null ? "each step has its place" : error.code().id() + ": " + error.message(),
            "helios-repl failover status " + now.tenant()));
  }

  /** Makes a transition of the table; journaled before anything is done about it. */
  Failover move(Failover seen, FailoverState to, UnaryOperator<Failover> change) {
    return move(seen, to, change, null);
  }

  /** The same, and the tenant's source and target have changed places. */
  synchronized Failover move(
      Failover seen, FailoverState to, UnaryOperator<Failover> change, @Nullable Tenant turned) {
    Failover now = current(seen);
    Transition by = Transitions.between(now.state(), to);
    return write(now, change.apply(now.in(to, clock.now())), by, turned);
  }

  /** Changes something else about it. Nothing is written when nothing is new. */
  synchronized Failover note(Failover seen, UnaryOperator<Failover> change) {
    Failover now = current(seen);
    Failover next = change.apply(now);
    return next.equals(now) ? now : write(now, next, null, null);
  }

  private Failover current(Failover seen) {
    Failover now = byTenant.get(seen.tenantId());
    if (now == null || !now.id().equals(seen.id())) {
      throw new IllegalStateException("the failover of tenant " + seen.tenant() + " is not the newest any more");
    }
    return now;
  }

  private Failover write(Failover before, Failover after, @Nullable Transition by, @Nullable Tenant turned) {
    journal.write(after, by, turned);
    byTenant.put(after.tenantId(), after);
    watch.changed(before, after, by);
    return after;
  }
}
