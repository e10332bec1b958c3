package io.helios.repl.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * The session settings that every connection is pinned to, so that neither a server's configuration nor ALTER DATABASE
 * nor ALTER ROLE changes how a value reads, where a name is looked up, how long a statement may take, or whether a commit
 * lasts. They are SET in the session: that outranks all of those (PostgreSQL: {@code GucSource} in {@code utils/guc.h}),
 * also in a walsender, whose output functions they govern. No thread of its own.
 */
public final class SessionSettings {

  private static final Map<String, String> PINNED = new LinkedHashMap<>();

  static {
    // How values read, both ways. xmloption 'content' takes documents and fragments alike.
    PINNED.put("datestyle", "ISO, YMD");
    PINNED.put("intervalstyle", "postgres");
    PINNED.put("timezone", "UTC");
    PINNED.put("extra_float_digits", "3");
    PINNED.put("bytea_output", "hex");
    PINNED.put("xmloption", "content");
    PINNED.put("array_nulls", "on");
    PINNED.put("xmlbinary", "base64");
    PINNED.put("lc_monetary", "C");
    PINNED.put("lc_numeric", "C");
    PINNED.put("client_encoding", "UTF8");
    PINNED.put("standard_conforming_strings", "on");
    PINNED.put("backslash_quote", "safe_encoding");
    PINNED.put("transform_null_equals", "off");
    PINNED.put("quote_all_identifiers", "off");
    // Whose rows are seen: an error rather than silently fewer of them.
    PINNED.put("row_security", "off");
    PINNED.put("restrict_nonsystem_relation_kind", "view, foreign-table");
    PINNED.put("gin_fuzzy_search_limit", "0");
    // How long anything may take is the replicator's business.
    PINNED.put("statement_timeout", "0");
    PINNED.put("lock_timeout", "0");
    PINNED.put("idle_session_timeout", "0");
    PINNED.put("transaction_timeout", "0");
    // No transaction of ours idles but those that keep a snapshot: what does, has lost us, and holds locks.
    PINNED.put("idle_in_transaction_session_timeout", "5min");
    // A session whose client's machine is gone ends within two minutes, and with it its locks and its hold on the slot.
    PINNED.put("tcp_keepalives_idle", "60");
    PINNED.put("tcp_keepalives_interval", "10");
    PINNED.put("tcp_keepalives_count", "6");
    // And one whose client has hung up ends at once, also while it waits for a lock or runs a long statement.
    PINNED.put("client_connection_check_interval", "10s");
    // What is told: notices may be as many as rows, and an error must leave the session to us.
    PINNED.put("client_min_messages", "warning");
    PINNED.put("exit_on_error", "off");
    // A commit is told once it is on that server's own disk, for what is acknowledged is trimmed. It waits for no standby,
    // which may be dead: what a promoted one lacks is found out. PostgreSQL's own subscriptions do not wait either.
    PINNED.put("synchronous_commit", "local");
    // What a transaction is.
    PINNED.put("default_transaction_isolation", "read committed");
    PINNED.put("default_transaction_read_only", "off");
    PINNED.put("default_transaction_deferrable", "off");
  }

  private SessionSettings() {}

  /** Names (lower case) and values, without search_path, which is empty. */
  public static Map<String, String> pinned() {
    return Map.copyOf(PINNED);
  }

  /** Pins the session: {@link #pinned} and an empty search_path. */
  public static void apply(Connection connection) throws SQLException {
    pin(connection);
  }

  /**
   * Pins the session, in one round trip. Settings that this server does not have (restrict_nonsystem_relation_kind
   * before the minor releases of August 2024, transaction_timeout before 17) are left out, and so is
   * client_connection_check_interval where the server's kernel may not tell it of a closed connection.
   *
   * @return whom to ask about at the server when it does not answer
   */
  static ServerSession pin(Connection connection) throws SQLException {
    String values =
        PINNED.entrySet().stream()
            .map(e -> "('" + e.getKey() + "', '" + e.getValue() + "')")
            .collect(Collectors.joining(", "));
    try (Statement statement = connection.createStatement()) {
      // First of all: time for the rest; and from then on no name in our SQL is looked up anywhere but in pg_catalog, since a
      // statement is analysed when those before it are done.
      statement.execute(
          "SET statement_timeout = 0; SET search_path = ''; SELECT pg_catalog.set_config(s.name, v.value, false), " + ServerSession.COLUMNS + " FROM (VALUES "
                  + values
                  + ") AS v (name, value) JOIN pg_catalog.pg_settings AS s"
                  + " ON pg_catalog.lower(s.name) OPERATOR(pg_catalog.=) v.name"
                  + " WHERE v.name OPERATOR(pg_catalog.<>) 'client_connection_check_interval'"
                  + " OR pg_catalog.strpos(pg_catalog.version(), 'linux') OPERATOR(pg_catalog.>) 0");
      while (statement.getResultSet() == null) {
        statement.getMoreResults();
      }
      try (ResultSet rows = statement.getResultSet()) {
        ServerSession session = null;
        while (rows.next()) {
          // Each row is one setting made.
          session = new ServerSession(rows.getInt("pid"), rows.getLong("started"));
        }
        return Objects.requireNonNull(session, "a server without settings");
      }
    }
  }
}
