package io.helios.repl.server;

import io.helios.repl.status.Evidence;
import io.helios.repl.status.TableEvidence;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * The evidence of the latest verifications of each tenant, in the control store. Holds hashes and numbers, no row value.
 * Any thread; throws as {@link ControlStore} does.
 */
public final class VerificationHistory {

  /** Of each tenant so many verifications are kept; older ones are forgotten. */
  public static final int KEPT = 20;

  /**
   * One of them.
   *
   * @param superseded whether the tenant was resynced since: it tells of rows that are not there any more
   */
  public record Entry(Evidence evidence, boolean superseded) {}

  private final ControlStore store;

  public VerificationHistory(ControlStore store) {
    this.store = store;
  }

  /** Keeps it as it is now, in the place of what was kept of it before. */
  public void keep(Evidence evidence) {
    String id = evidence.id().toString();
    String head = Json.MAPPER.writeValueAsString(evidence.keeping(evidence.tablesWanted(), List.of()));
    store.transaction(
        handle -> {
          int known =
              handle.execute(
                  store.sql("UPDATE {verification} SET ended_micros = ?, head = ? WHERE id = ?"),
                  evidence.endedAt() == null ? null : ControlStore.micros(evidence.endedAt()),
                  head,
                  id);
          if (known == 0) {
            handle.execute(
                store.sql(
                    "INSERT INTO {verification} (id, tenant_id, begun_micros, ended_micros, superseded, head) VALUES (?, ?,"
                        + " ?, ?, 0, ?)"),
                id,
                evidence.tenantId().toString(),
                ControlStore.micros(evidence.begunAt()),
                evidence.endedAt() == null ? null : ControlStore.micros(evidence.endedAt()),
                head);
            forgetOld(handle, evidence.tenantId());
          }
          keepTables(handle, id, evidence.tables());
          return known;
        });
  }

  private void keepTables(Handle handle, String id, List<TableEvidence> tables) {
    Set<String> kept =
        new HashSet<>(
            handle
                .createQuery(store.sql("SELECT table_name FROM {verification_table} WHERE verification_id = ?"))
                .bind(0, id)
                .mapTo(String.class)
                .list());
    for (TableEvidence table : tables) {
      if (!kept.remove(table.table())) {
        handle.execute(
            store.sql("INSERT INTO {verification_table} (verification_id, table_name, found) VALUES (?, ?, ?)"),
            id,
            table.table(),
            Json.MAPPER.writeValueAsString(table));
      }
    }
    for (String gone : kept) {
      handle.execute(
          store.sql("DELETE FROM {verification_table} WHERE verification_id = ? AND table_name = ?"), id, gone);
    }
  }

  private void forgetOld(Handle handle, UUID tenant) {
    handle.execute(
        store.sql(
            "DELETE FROM {verification} WHERE tenant_id = ? AND id NOT IN (SELECT id FROM {verification} WHERE tenant_id ="
                + " ? ORDER BY begun_micros DESC, id LIMIT ?)"),
        tenant.toString(),
        tenant.toString(),
        KEPT);
    handle.execute(
        store.sql("DELETE FROM {verification_table} WHERE verification_id NOT IN (SELECT id FROM {verification})"));
  }

  /** The newest first, so many at the most; each with its tables, by name. */
  public List<Entry> of(UUID tenant, int most) {
    return store.transaction(
        handle ->
            handle
                .createQuery(
                    store.sql(
                        "SELECT head, superseded FROM {verification} WHERE tenant_id = ? ORDER BY begun_micros DESC, id LIMIT"
                            + " ?"))
                .bind(0, tenant.toString())
                .bind(1, most)
                .map(
                    (row, context) ->
                        new Entry(
                            Json.MAPPER.readValue(row.getString("head"), Evidence.class),
                            row.getInt("superseded") != 0))
                .list()
                .stream()
                .map(entry -> withTables(handle, entry))
                .toList());
  }

  /** When the latest verification of each tenant ended that compared all tables, and still tells of the rows that are there. */
  public Map<UUID, Instant> lastCompleted() {
    return store.transaction(
        handle ->
            handle
                .createQuery(
                    store.sql(
                        "SELECT tenant_id, MAX(ended_micros) AS ended FROM {verification} WHERE superseded = 0 AND"
                            + " ended_micros IS NOT NULL GROUP BY tenant_id"))
                .reduceRows(
                    new HashMap<UUID, Instant>(),
                    (found, row) -> {
                      found.put(
                          UUID.fromString(row.getColumn("tenant_id", String.class)),
                          Instant.EPOCH.plus(row.getColumn("ended", Long.class), ChronoUnit.MICROS));
                      return found;
                    }));
  }

  private Entry withTables(Handle handle, Entry entry) {
    Evidence head = entry.evidence();
    List<TableEvidence> tables =
        handle
            .createQuery(
                store.sql("SELECT found FROM {verification_table} WHERE verification_id = ? ORDER BY table_name"))
            .bind(0, head.id().toString())
            .mapTo(String.class)
            .map(found -> Json.MAPPER.readValue(found, TableEvidence.class))
            .list();
    return new Entry(head.keeping(head.tablesWanted(), tables), entry.superseded());
  }

  /** Nothing that was found before may be relied on, or gone on with. */
  public void supersede(UUID tenant) {
    store.transaction(
        handle ->
            handle.execute(
                store.sql("UPDATE {verification} SET superseded = 1 WHERE tenant_id = ?"), tenant.toString()));
  }

  /** Forgets all of them. */
  public void forget(UUID tenant) {
    store.transaction(
        handle -> {
          handle.execute(
              store.sql(
                  "DELETE FROM {verification_table} WHERE verification_id IN (SELECT id FROM {verification} WHERE tenant_id"
                      + " = ?)"),
              tenant.toString());
          return handle.execute(store.sql("DELETE FROM {verification} WHERE tenant_id = ?"), tenant.toString());
        });
  }
}
