package io.helios.repl.server;

import io.helios.repl.migration.Migration;
import io.helios.repl.migration.MigrationJournal;
import io.helios.repl.migration.MigrationState;
import io.helios.repl.migration.Transition;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.tenant.Tenant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The journal of migrations in the control store. What a migration does to its tenant's row is one transaction with it. Any
 * thread; throws as {@link ControlStore} does.
 */
public final class MigrationStore implements MigrationJournal {

  private final ControlStore store;
  private final StepJournal<Migration> journal;
  private final TenantRows rows;

  /** Told of tenants' rows when they are written. */
  public interface TenantRows {

    /** Its source and target have changed places. */
    void turned(Tenant tenant);

    /** It was moved for good: nothing of it runs any more. */
    void left(UUID tenant);
  }

  public MigrationStore(ControlStore store, TenantRows rows) {
    this.store = store;
    this.journal =
        new StepJournal<>(
            store,
            "migration",
            Migration.class,
            m -> new StepJournal.Head(m.id(), m.tenantId(), m.begunAt(), m.state().name()));
    this.rows = rows;
  }

  @Override
  public List<Migration> newest() {
    return journal.newest();
  }

  @Override
  public void write(Migration migration, @Nullable Transition by, @Nullable Tenant turned) {
    boolean left = by != null && by.to() == MigrationState.COMPLETED;
    store.transaction(
        handle -> {
          journal.keep(handle, migration);
          if (by != null) {
            journal.passed(
                handle,
                migration,
                new StepJournal.Step(
                    migration.since(), by.from().name(), by.to().name(), by.reason().name(), migration.epoch()));
          }
          if (turned != null) {
            journal.turn(handle, turned);
          }
          if (left) {
            handle.execute(
                store.sql("UPDATE {tenant} SET desired = ? WHERE id = ?"),
                DesiredState.CREATED.name(),
                migration.tenantId().toString());
          }
          return 1;
        });
    if (turned != null) {
      rows.turned(turned);
    }
    if (left) {
      rows.left(migration.tenantId());
    }
  }

  @Override
  public void forget(UUID tenant) {
    journal.forget(tenant);
  }

  @Override
  public List<Passage> passages(UUID migration) {
    return journal.passages(
        migration,
        (row, context) ->
            new Passage(
                ControlStore.instant(row.getLong("at_micros")),
                MigrationState.valueOf(row.getString("from_state")),
                MigrationState.valueOf(row.getString("to_state")),
                Transition.Reason.valueOf(row.getString("reason")),
                row.getLong("epoch")));
  }
}
