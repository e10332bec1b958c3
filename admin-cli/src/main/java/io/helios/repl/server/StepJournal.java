package io.helios.repl.server;

import io.helios.repl.tenant.Tenant;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;

/**
 * What is done to tenants step by step, in the control store: a row for each migration or failover, and a table of passages
 * that is only added to. Any thread; throws as {@link ControlStore} does.
 */
final class StepJournal<T> {

  /** Of each tenant so many are kept; older ones are forgotten. */
  static final int KEPT = 20;

  private final ControlStore store;
  private final String noun;
  private final Class<T> type;
  private final Function<T, Head> head;

  /** What is found without reading the record. */
  record Head(UUID id, UUID tenant, Instant begunAt, String state) {}

  /** A passage that is to be written. */
  record Step(Instant at, String from, String to, String reason, long epoch) {}

  /** @param noun {@code migration} or {@code failover}: the tables are named after it */
  StepJournal(ControlStore store, String noun, Class<T> type, Function<T, Head> head) {
    this.store = store;
    this.noun = noun;
    this.type = type;
    this.head = head;
  }

  private String sql(String portable) {
    return store.sql(
        portable.replace("{journal}", "{tenant_" + noun + "}").replace("{passage}", "{tenant_" + noun + "_passage}")
            .replace("{owner}", noun + "_id"));
  }

  /** The newest of each tenant. */
  List<T> newest() {
    return records(
        "SELECT m.record FROM {journal} m WHERE NOT EXISTS (SELECT 1 FROM {journal} n WHERE n.tenant_id = m.tenant_id AND"
            + " n.begun_micros > m.begun_micros)");
  }

  /** All that are kept, the newest first. */
  List<T> all() {
    return records("SELECT m.record FROM {journal} m ORDER BY m.begun_micros DESC, m.id");
  }

  private List<T> records(String query) {
    return store.transaction(
        handle -> handle.createQuery(sql(query)).mapTo(String.class).map(text -> Json.MAPPER.readValue(text, type)).list());
  }

  void keep(Handle handle, T written) {
    Head of = head.apply(written);
    String record = Json.MAPPER.writeValueAsString(written);
    int known =
        handle.execute(sql("UPDATE {journal} SET state = ?, record = ? WHERE id = ?"), of.state(), record, of.id().toString());
    if (known == 0) {
      handle.execute(
          sql("INSERT INTO {journal} (id, tenant_id, begun_micros, state, record) VALUES (?, ?, ?, ?, ?)"),
          of.id().toString(),
          of.tenant().toString(),
          ControlStore.micros(of.begunAt()),
          of.state(),
          record);
      forgetOld(handle, of.tenant().toString());
    }
  }

  void passed(Handle handle, T written, Step step) {
    handle.execute(
        sql("INSERT INTO {passage} ({owner}, at_micros, from_state, to_state, reason, epoch) VALUES (?, ?, ?, ?, ?, ?)"),
        head.apply(written).id().toString(),
        ControlStore.micros(step.at()),
        step.from(),
        step.to(),
        step.reason(),
        step.epoch());
  }

  /** Its source and target have changed places. */
  void turn(Handle handle, Tenant turned) {
    handle.execute(
        store.sql("UPDATE {tenant} SET source = ?, target = ?, epoch = ? WHERE id = ?"),
        turned.source(),
        turned.target(),
        turned.epoch(),
        turned.id().toString());
  }

  private void forgetOld(Handle handle, String tenant) {
    handle.execute(
        sql(
            "DELETE FROM {journal} WHERE tenant_id = ? AND id NOT IN (SELECT id FROM {journal} WHERE tenant_id = ? ORDER BY"
                + " begun_micros DESC, id LIMIT ?)"),
        tenant,
        tenant,
        KEPT);
    handle.execute(sql("DELETE FROM {passage} WHERE {owner} NOT IN (SELECT id FROM {journal})"));
  }

  void forget(UUID tenant) {
    store.transaction(
        handle -> {
          handle.execute(
              sql("DELETE FROM {passage} WHERE {owner} IN (SELECT id FROM {journal} WHERE tenant_id = ?)"), tenant.toString());
          return handle.execute(sql("DELETE FROM {journal} WHERE tenant_id = ?"), tenant.toString());
        });
  }

  <P> List<P> passages(UUID of, RowMapper<P> mapper) {
    return store.transaction(
        handle ->
            handle
                .createQuery(sql("SELECT * FROM {passage} WHERE {owner} = ? ORDER BY id"))
                .bind(0, of.toString())
                .map(mapper)
                .list());
  }
}
