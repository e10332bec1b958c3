package io.helios.repl.server;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.TransientException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Every change that was asked for through the API, with who, what, when and how it ended, and wrong tokens, in the control store.
 * Only ever added to. A change that cannot be written down is not made. Any thread; throws as {@link ControlStore} does.
 */
final class AuditLog {

  private static final Logger LOG = LoggerFactory.getLogger(AuditLog.class);
  private static final int FETCH = 500;

  private final ControlStore store;
  private final ReentrantLock writing = new ReentrantLock();

  AuditLog(ControlStore store) {
    this.store = store;
  }

  /** Before the change is tried. Returns the line to which its outcome refers. */
  AuditEntry asked(Principal who, String address, String action, @Nullable String detail) {
    return append(
        new AuditEntry(
            0, now(), who.name(), who.role().label(), address, action, detail, "asked", null, null, null, "", ""));
  }

  /**
   * Wrong tokens. One line, which is its own end.
   *
   * @param address where they came from, or from how many
   */
  void refusedLogins(String address, String detail) {
    append(
        new AuditEntry(
            0, now(), "unknown", "none", address, "login", detail, "refused", 401, ErrorCode.UNAUTHENTICATED.id(), null, "", ""));
  }

  /** After it. The answer does not wait for a store that went away meanwhile: the log of the server tells it then. */
  void ended(AuditEntry asked, int status, @Nullable String detail, @Nullable String code) {
    String outcome = status < 400 ? "done" : status < 500 ? "refused" : "failed";
    try {
      append(
          new AuditEntry(
              0, now(), asked.who(), asked.role(), asked.address(), asked.action(), detail, outcome, status, code, asked.seq(), "", ""));
    } catch (TransientException e) {
      LOG.error("the audit log lacks the outcome of line {}, which was {} with {}: {}", asked.seq(), outcome, status, e.getMessage());
    }
  }

  private AuditEntry append(AuditEntry entry) {
    writing.lock();
    try {
      return store.transaction(
          handle -> {
            store.takeTurn(handle);
            AuditEntry last = last(handle);
            AuditEntry sealed =
                last == null ? entry.sealed(1, AuditEntry.NOTHING) : entry.sealed(last.seq() + 1, last.hash());
            handle.execute(
                store.sql(
                    "INSERT INTO {audit} (seq, at_micros, who, role, address, action, detail, outcome, status, code, refers,"
                        + " previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
                sealed.seq(),
                ControlStore.micros(sealed.at()),
                sealed.who(),
                sealed.role(),
                sealed.address(),
                sealed.action(),
                sealed.detail(),
                sealed.outcome(),
                sealed.status(),
                sealed.code(),
                sealed.refers(),
                sealed.previous(),
                sealed.hash());
            return sealed;
          });
    } finally {
      writing.unlock();
    }
  }

  /**
   * A change and how it ended.
   *
   * @param end null while it goes on, and when it was cut off
   */
  record Change(AuditEntry asked, @Nullable AuditEntry end) {}

  /** The newest first, so many of those before a line. */
  List<Change> changes(long before, int limit) {
    return store.transaction(
        handle -> {
          List<AuditEntry> asked =
              handle
                  .createQuery(
                      store.sql("SELECT * FROM {audit} WHERE refers IS NULL AND seq < :before ORDER BY seq DESC LIMIT :limit"))
                  .bind("before", before)
                  .bind("limit", limit)
                  .map((row, context) -> entry(row))
                  .list();
          if (asked.isEmpty()) {
            return List.of();
          }
          Map<Long, AuditEntry> ends = new HashMap<>();
          handle
              .createQuery(store.sql("SELECT * FROM {audit} WHERE refers IN (<asked>)"))
              .bindList("asked", asked.stream().map(AuditEntry::seq).toList())
              .map((row, context) -> entry(row))
              .forEach(end -> ends.put(Objects.requireNonNull(end.refers()), end));
          return asked.stream().map(entry -> new Change(entry, ends.get(entry.seq()))).toList();
        });
  }

  /** Its last line; null while it is empty. */
  @Nullable AuditEntry last() {
    return store.transaction(this::last);
  }

  private @Nullable AuditEntry last(Handle handle) {
    return handle
        .createQuery(store.sql("SELECT * FROM {audit} ORDER BY seq DESC LIMIT 1"))
        .map((row, context) -> entry(row))
        .findOne()
        .orElse(null);
  }

  /** Reads all of it. */
  ObjectNode verify(@Nullable String noted) {
    AuditChain chain = new AuditChain(noted);
    store.transaction(
        handle -> {
          try (var lines =
              handle
                  .createQuery(store.sql("SELECT * FROM {audit} ORDER BY seq"))
                  .setFetchSize(FETCH)
                  .map((row, context) -> entry(row))
                  .iterator()) {
            lines.forEachRemaining(chain::next);
          }
          return true;
        });
    return chain.document();
  }

  /** Of microseconds, as it is stored: the hash is over what comes back. */
  private static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.MICROS);
  }

  private static AuditEntry entry(ResultSet row) throws SQLException {
    int status = row.getInt("status");
    Integer answered = row.wasNull() ? null : status;
    long refers = row.getLong("refers");
    Long first = row.wasNull() ? null : refers;
    return new AuditEntry(
        row.getLong("seq"),
        ControlStore.instant(row.getLong("at_micros")),
        row.getString("who"),
        row.getString("role"),
        row.getString("address"),
        row.getString("action"),
        row.getString("detail"),
        row.getString("outcome"),
        answered,
        row.getString("code"),
        first,
        row.getString("previous"),
        row.getString("hash"));
  }
}
