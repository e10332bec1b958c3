package io.helios.repl.server;

import io.helios.repl.failover.Failover;
import io.helios.repl.failover.FailoverJournal;
import io.helios.repl.failover.FailoverState;
import io.helios.repl.failover.Transition;
import io.helios.repl.tenant.Tenant;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The journal of failovers in the control store. That a tenant's source and target have changed places is one transaction with
 * it. Any thread; throws as {@link ControlStore} does.
 */
public final class FailoverStore implements FailoverJournal {

  private final ControlStore store;
  private final StepJournal<Failover> journal;
  private final Consumer<Tenant> turns;

  /** @param turns told of a tenant whose row was written */
  public FailoverStore(ControlStore store, Consumer<Tenant> turns) {
    this.store = store;
    this.journal =
        new StepJournal<>(
            store,
            "failover",
            Failover.class,
            f -> new StepJournal.Head(f.id(), f.tenantId(), f.begunAt(), f.state().name()));
    this.turns = turns;
  }

  @Override
  public List<Failover> newest() {
    return journal.newest();
  }

  @Override
  public List<Failover> history() {
    return journal.all();
  }

  @Override
  public void write(Failover failover, @Nullable Transition by, @Nullable Tenant turned) {
    store.transaction(
        handle -> {
          journal.keep(handle, failover);
          if (by != null) {
            journal.passed(
                handle,
                failover,
                new StepJournal.Step(failover.since(), by.from().name(), by.to().name(), by.reason().name(), failover.epoch()));
          }
          if (turned != null) {
            journal.turn(handle, turned);
          }
          return 1;
        });
    if (turned != null) {
      turns.accept(turned);
    }
  }

  @Override
  public void forget(UUID tenant) {
    journal.forget(tenant);
  }

  @Override
  public List<Passage> passages(UUID failover) {
    return journal.passages(
        failover,
        (row, context) ->
            new Passage(
                ControlStore.instant(row.getLong("at_micros")),
                FailoverState.valueOf(row.getString("from_state")),
                FailoverState.valueOf(row.getString("to_state")),
                Transition.Reason.valueOf(row.getString("reason")),
                row.getLong("epoch")));
  }
}
