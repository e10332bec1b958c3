package io.helios.repl.server;

import io.helios.repl.config.StoreLocation;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.Fencing;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/**
 * What must survive a server: tenants as declared, what was asked of them, and the history. SQLite or PostgreSQL, the
 * same SQL for both. Any thread. When the database does not answer, every method throws {@link TransientException}
 * (HR-9006); nothing in the data path waits for it.
 */
public final class ControlStore {

  /** How many events are kept; older ones are forgotten. */
  static final int EVENTS_KEPT = 10_000;

  private final ControlDatabase database;

  private ControlStore(ControlDatabase database) {
    this.database = database;
  }

  /** Opens the store and brings its schema up to date. */
  public static ControlStore open(StoreLocation location, Path dataDirectory) {
    ControlStore store = new ControlStore(ControlDatabase.of(location, dataDirectory));
    try {
      store.migrate();
    } catch (TransientException e) {
      Problem problem = e.problem();
      throw new TransientException(
          new Problem(
              problem.code(), problem.message(), problem.why(), store.database.remedy() + "; then start the server again"),
          e);
    }
    return store;
  }

  /** Where it is, for messages. */
  public String place() {
    return database.place();
  }

  /** Whether several servers may be on it. */
  boolean isShared() {
    return !database.turn().isEmpty();
  }

  /** A statement for this store's database, as {@link ControlDatabase#sql} has it. */
  String sql(String portable) {
    return database.sql(portable);
  }

  private void migrate() {
    transaction(
        handle -> {
          takeTurn(handle);
          if (!database.preparation().isEmpty()) {
            handle.execute(database.preparation());
          }
          handle.execute(
              database.sql(
                  "CREATE TABLE IF NOT EXISTS {migration} (version integer PRIMARY KEY, at_micros bigint NOT NULL)"));
          int version =
              handle
                  .createQuery(database.sql("SELECT coalesce(max(version), 0) FROM {migration}"))
                  .mapTo(Integer.class)
                  .one();
          if (version > ControlSchema.MIGRATIONS.size()) {
            throw new OperatorException(
                new Problem(
                    ErrorCode.STORE_TOO_NEW,
                    "the control store "
                        + place()
                        + " has schema version "
                        + version
                        + ", this program knows "
                        + ControlSchema.MIGRATIONS.size(),
                    "a newer version of helios-repl has written it",
                    "start that version, or a newer one"));
          }
          for (; version < ControlSchema.MIGRATIONS.size(); version++) {
            ControlSchema.MIGRATIONS.get(version).forEach(statement -> handle.execute(database.sql(statement)));
            handle.execute(
                database.sql("INSERT INTO {migration} (version, at_micros) VALUES (?, ?)"),
                version + 1,
                micros(Instant.now()));
          }
          return version;
        });
  }

  /** All tenants by name. */
  public List<StoredTenant> tenants() {
    return transaction(
        handle ->
            handle
                .createQuery(database.sql("SELECT * FROM {tenant} ORDER BY name"))
                .map((row, context) -> tenant(row))
                .list());
  }

  public Optional<StoredTenant> tenant(String name) {
    return transaction(
        handle ->
            handle
                .createQuery(database.sql("SELECT * FROM {tenant} WHERE name = ?"))
                .bind(0, name)
                .map((row, context) -> tenant(row))
                .findOne());
  }

  /** All or none. Throws {@link OperatorException} (HR-1304) when one of the names is taken. */
  public void insert(List<StoredTenant> tenants) {
    transaction(handle -> insert(handle, tenants));
  }

  /** Inserts some and overwrites what others were declared with, all or none. What was asked of a tenant stays. */
  void apply(List<StoredTenant> created, List<Tenant> changed) {
    transaction(
        handle -> {
          if (!created.isEmpty()) {
            insert(handle, created);
          }
          for (Tenant t : changed) {
            handle.execute(
                database.sql(
                    """
                    UPDATE {tenant} SET tenant_key = ?, source = ?, target = ?, tables = ?, tier = ?, lag_target_millis = ?,
                      conflicts = ?, fencing = ? WHERE id = ?\
                    """),
                t.key(),
                t.source(),
                t.target(),
                String.join("\n", t.tables().globs()),
                t.tier().name(),
                t.lagTarget().toMillis(),
                t.conflicts().name(),
                t.fencing().name(),
                t.id().toString());
          }
          return changed.size();
        });
  }

  private int insert(Handle handle, List<StoredTenant> tenants) {
    for (StoredTenant stored : tenants) {
      Tenant t = stored.tenant();
      int inserted =
          handle.execute(
              database.sql(
                  """
                  INSERT INTO {tenant} (id, name, tenant_key, source, target, tables, tier, lag_target_millis, conflicts,
                    epoch, fencing, desired, created_micros)
                  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING\
                  """),
              t.id().toString(),
              t.name(),
              t.key(),
              t.source(),
              t.target(),
              String.join("\n", t.tables().globs()),
              t.tier().name(),
              t.lagTarget().toMillis(),
              t.conflicts().name(),
              t.epoch(),
              t.fencing().name(),
              stored.desired().name(),
              micros(stored.created()));
      if (inserted == 0) {
        throw new OperatorException(
            new Problem(
                ErrorCode.TENANT_EXISTS,
                "there is a tenant \"" + t.name() + "\" already",
                "names of tenants are unique",
                "helios-repl tenant describe " + t.name()));
      }
    }
    return tenants.size();
  }

  public void setDesired(UUID tenant, DesiredState desired) {
    transaction(
        handle ->
            handle.execute(
                database.sql("UPDATE {tenant} SET desired = ? WHERE id = ?"), desired.name(), tenant.toString()));
  }

  public void setEpoch(UUID tenant, long epoch) {
    transaction(
        handle -> handle.execute(database.sql("UPDATE {tenant} SET epoch = ? WHERE id = ?"), epoch, tenant.toString()));
  }

  public void delete(UUID tenant) {
    transaction(handle -> handle.execute(database.sql("DELETE FROM {tenant} WHERE id = ?"), tenant.toString()));
  }

  /**
   * Adds to the history and forgets what is beyond {@link #EVENTS_KEPT}. One server at a time: ids show in their order, so
   * that who has read up to one has missed none below it.
   */
  public void append(List<FleetEvent> events) {
    transaction(
        handle -> {
          takeTurn(handle);
          for (FleetEvent event : events) {
            Problem problem = event.problem();
            handle.execute(
                database.sql(
                    "INSERT INTO {event} (at_micros, severity, tenant, kind, message, code, hint) VALUES (?, ?, ?, ?,"
                        + " ?, ?, ?)"),
                micros(event.at()),
                event.severity().name(),
                event.tenant(),
                event.kind(),
                event.message(),
                problem == null ? null : problem.code().id(),
                problem == null ? null : problem.hint());
          }
          return handle.execute(
              database.sql("DELETE FROM {event} WHERE id <= (SELECT max(id) FROM {event}) - ?"), EVENTS_KEPT);
        });
  }

  /** The newest first, of one tenant or of everything. */
  public List<StoredEvent> events(@Nullable String tenant, int limit) {
    return newest(tenant == null ? EventQuery.ALL : EventQuery.ALL.of(tenant), limit);
  }

  /** Of those asked for the newest, so many; the newest first. */
  List<StoredEvent> newest(EventQuery query, int limit) {
    return events(query, "DESC", limit);
  }

  /** Of those asked for the oldest, so many; the oldest first. */
  List<StoredEvent> oldest(EventQuery query, int limit) {
    return events(query, "ASC", limit);
  }

  private List<StoredEvent> events(EventQuery query, String order, int limit) {
    List<String> loud =
        Stream.of(FleetEvent.Severity.values()).filter(s -> s.compareTo(query.least()) >= 0).map(Enum::name).toList();
    return transaction(
        handle ->
            handle
                .createQuery(
                    database.sql(
                        "SELECT * FROM {event} WHERE id > :after AND id < :before AND at_micros >= :since AND severity IN"
                            + " (<loud>)"
                            + (query.tenant() == null ? "" : " AND tenant = :tenant")
                            + " ORDER BY id " + order + " LIMIT :limit"))
                .bindList("loud", loud)
                .bindMap(query.tenant() == null ? Map.of() : Map.of("tenant", query.tenant()))
                .bind("after", query.after())
                .bind("before", query.before())
                .bind("since", query.since() == null ? Long.MIN_VALUE : micros(query.since()))
                .bind("limit", limit)
                .map((row, context) -> event(row))
                .list());
  }

  /** Of several servers on one store one goes on; the others wait for the end of its transaction. */
  void takeTurn(Handle handle) {
    if (!database.turn().isEmpty()) {
      handle.createQuery(database.turn()).mapToMap().list();
    }
  }

  interface Work<T extends @Nullable Object> {
    T on(Handle handle);
  }

  <T extends @Nullable Object> T transaction(Work<T> work) {
    try {
      return database.jdbi().inTransaction(work::on);
    } catch (HeliosException e) {
      throw e;
    } catch (JdbiException e) {
      throw new TransientException(
          new Problem(
              ErrorCode.STORE_UNAVAILABLE,
              "the control store " + place() + " does not answer",
              cause(e),
              database.remedy() + "; replication goes on meanwhile"),
          e);
    }
  }

  /** The database's own words, first line only: what follows it may hold values. */
  private static String cause(JdbiException e) {
    Throwable cause = e;
    while (cause.getCause() != null && !(cause instanceof SQLException)) {
      cause = cause.getCause();
    }
    String message = cause instanceof SQLException ? cause.getMessage() : null;
    return message == null ? "the database gave no reason" : message.lines().findFirst().orElse("");
  }

  private static StoredTenant tenant(ResultSet row) throws SQLException {
    Tenant tenant =
        new Tenant(
            UUID.fromString(row.getString("id").strip()),
            row.getString("name"),
            row.getString("tenant_key"),
            row.getString("source"),
            row.getString("target"),
            new TableFilter(row.getString("tables").lines().toList()),
            Tier.valueOf(row.getString("tier")),
            Duration.ofMillis(row.getLong("lag_target_millis")),
            ConflictPolicy.valueOf(row.getString("conflicts")),
            row.getLong("epoch"),
            Fencing.valueOf(row.getString("fencing")));
    return new StoredTenant(
        tenant, DesiredState.valueOf(row.getString("desired")), instant(row.getLong("created_micros")));
  }

  private static StoredEvent event(ResultSet row) throws SQLException {
    return new StoredEvent(
        row.getLong("id"),
        instant(row.getLong("at_micros")),
        FleetEvent.Severity.valueOf(row.getString("severity")),
        row.getString("tenant"),
        row.getString("kind"),
        row.getString("message"),
        row.getString("code"),
        row.getString("hint"));
  }

  static long micros(Instant instant) {
    return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1_000_000L), instant.getNano() / 1_000);
  }

  static Instant instant(long micros) {
    return Instant.ofEpochSecond(Math.floorDiv(micros, 1_000_000L), Math.floorMod(micros, 1_000_000L) * 1_000L);
  }
}
