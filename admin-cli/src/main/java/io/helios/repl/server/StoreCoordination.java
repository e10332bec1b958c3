package io.helios.repl.server;

import io.helios.repl.failover.coordination.Coordination;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@code coordination: local}: the registers are rows of the control store. Right for one server: what it agrees on with itself
 * survives it, and ends with its disk. On a PostgreSQL store the servers that share it agree too, as long as that one database
 * answers. Any thread; throws as {@link ControlStore} does.
 */
public final class StoreCoordination implements Coordination {

  private final ControlStore store;

  public StoreCoordination(ControlStore store) {
    this.store = store;
  }

  @Override
  public Optional<Entry> read(String key) {
    return store.transaction(
        handle ->
            handle
                .createQuery(store.sql("SELECT * FROM {coordination} WHERE register = ?"))
                .bind(0, key)
                .map((row, context) -> entry(row))
                .findOne());
  }

  /** Compared by characters: the order of a range would be the database's collation. */
  @Override
  public List<Entry> list(String prefix) {
    List<Entry> entries =
        store.transaction(
            handle ->
                handle
                    .createQuery(store.sql("SELECT * FROM {coordination} WHERE substr(register, 1, ?) = ?"))
                    .bind(0, prefix.codePointCount(0, prefix.length()))
                    .bind(1, prefix)
                    .map((row, context) -> entry(row))
                    .list());
    return entries.stream().sorted(Comparator.comparing(Entry::key)).toList();
  }

  /** One at a time: each waits for the lock on the revision, which also numbers a register anew that was removed meanwhile. */
  @Override
  public boolean swap(String key, long version, @Nullable String value) {
    if (version == 0 && value == null) {
      return read(key).isEmpty();
    }
    return store.transaction(
        handle -> {
          handle.execute(store.sql("UPDATE {coordination_revision} SET revision = revision + 1"));
          int changed;
          if (value == null) {
            changed =
                handle.execute(store.sql("DELETE FROM {coordination} WHERE register = ? AND revision = ?"), key, version);
          } else if (version == 0) {
            changed =
                handle.execute(
                    store.sql(
                        "INSERT INTO {coordination} (register, content, revision) VALUES (?, ?, (SELECT revision FROM"
                            + " {coordination_revision})) ON CONFLICT (register) DO NOTHING"),
                    key,
                    value);
          } else {
            changed =
                handle.execute(
                    store.sql(
                        "UPDATE {coordination} SET content = ?, revision = (SELECT revision FROM {coordination_revision})"
                            + " WHERE register = ? AND revision = ?"),
                    value,
                    key,
                    version);
          }
          return changed == 1;
        });
  }

  @Override
  public boolean isShared() {
    return store.isShared();
  }

  /** The store is closed by nobody: it holds no connection. */
  @Override
  public void close() {}

  private static Entry entry(ResultSet row) throws SQLException {
    return new Entry(row.getString("register"), row.getString("content"), row.getLong("revision"));
  }
}
