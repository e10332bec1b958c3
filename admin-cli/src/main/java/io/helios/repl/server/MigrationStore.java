package io.helios.repl.server;

import io.helios.repl.migration.Migration;
import io.helios.repl.migration.MigrationJournal;
import io.helios.repl.migration.MigrationState;
import io.helios.repl.migration.Transition;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.tenant.Tenant;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * The journal of migrations in the control store: a row each, and a table of their passages that is only added to. What a
 * migration does to its tenant's row is one transaction with it. Any thread; throws as {@link ControlStore} does.
 */
public final class MigrationStore implements MigrationJournal {

  /** Of each tenant so many migrations are kept; older ones are forgotten. */
  static final int KEPT = 20;

  private final ControlStore store;
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
    this.rows = rows;
  }

  @Override
  public List<Migration> newest() {
    return store.transaction(
        handle ->
            handle
                .createQuery(
                    store.sql(
                        "SELECT m.record FROM {tenant_migration} m WHERE NOT EXISTS (SELECT 1 FROM {tenant_migration} n WHERE"
                            + " n.tenant_id = m.tenant_id AND n.begun_micros > m.begun_micros)"))
                .mapTo(String.class)
                .map(text -> Json.MAPPER.readValue(text, Migration.class))
                .list());
  }

  @Override
  public void write(Migration migration, @Nullable Transition by, @Nullable Tenant turned) {
    boolean left = by != null && by.to() == MigrationState.COMPLETED;
    store.transaction(
        handle -> {
          keep(handle, migration);
          if (by != null) {
            handle.execute(
                store.sql(
                    "INSERT INTO {tenant_migration_passage} (migration_id, at_micros, from_state, to_state, reason, epoch)"
                        + " VALUES (?, ?, ?, ?, ?, ?)"),
                migration.id().toString(),
                ControlStore.micros(migration.since()),
                by.from().name(),
                by.to().name(),
                by.reason().name(),
                migration.epoch());
          }
          if (turned != null) {
            handle.execute(
                store.sql("UPDATE {tenant} SET source = ?, target = ?, epoch = ? WHERE id = ?"),
                turned.source(),
                turned.target(),
                turned.epoch(),
                turned.id().toString());
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

  private void keep(Handle handle, Migration migration) {
    String record = Json.MAPPER.writeValueAsString(migration);
    int known =
        handle.execute(
            store.sql("UPDATE {tenant_migration} SET state = ?, record = ? WHERE id = ?"),
            migration.state().name(),
            record,
            migration.id().toString());
    if (known == 0) {
      handle.execute(
          store.sql("INSERT INTO {tenant_migration} (id, tenant_id, begun_micros, state, record) VALUES (?, ?, ?, ?, ?)"),
          migration.id().toString(),
          migration.tenantId().toString(),
          ControlStore.micros(migration.begunAt()),
          migration.state().name(),
          record);
      forgetOld(handle, migration.tenantId());
    }
  }

  private void forgetOld(Handle handle, UUID tenant) {
    handle.execute(
        store.sql(
            "DELETE FROM {tenant_migration} WHERE tenant_id = ? AND id NOT IN (SELECT id FROM {tenant_migration} WHERE"
                + " tenant_id = ? ORDER BY begun_micros DESC, id LIMIT ?)"),
        tenant.toString(),
        tenant.toString(),
        KEPT);
    handle.execute(
        store.sql(
            "DELETE FROM {tenant_migration_passage} WHERE migration_id NOT IN (SELECT id FROM {tenant_migration})"));
  }

  @Override
  public void forget(UUID tenant) {
    store.transaction(
        handle -> {
          handle.execute(
              store.sql(
                  "DELETE FROM {tenant_migration_passage} WHERE migration_id IN (SELECT id FROM {tenant_migration} WHERE"
                      + " tenant_id = ?)"),
              tenant.toString());
          return handle.execute(
              store.sql("DELETE FROM {tenant_migration} WHERE tenant_id = ?"), tenant.toString());
        });
  }

  @Override
  public List<Passage> passages(UUID migration) {
    return store.transaction(
        handle ->
            handle
                .createQuery(
                    store.sql("SELECT * FROM {tenant_migration_passage} WHERE migration_id = ? ORDER BY id"))
                .bind(0, migration.toString())
                .map(
                    (row, context) ->
                        new Passage(
                            ControlStore.instant(row.getLong("at_micros")),
                            MigrationState.valueOf(row.getString("from_state")),
                            MigrationState.valueOf(row.getString("to_state")),
                            Transition.Reason.valueOf(row.getString("reason")),
                            row.getLong("epoch")))
                .list());
  }
}
