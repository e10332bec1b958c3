package io.helios.repl.postgres;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The permanent logical slot of a source (PostgreSQL: view {@code pg_replication_slots}). One statement each; any
 * thread that owns the connection.
 */
public final class ReplicationSlot {

  static final Pattern NAME = Pattern.compile("[a-z0-9_]{1,63}");

  /** Columns that only some majors have are read through jsonb, where a missing one is null. */
  private static final String ALL =
      """
      SELECT s.slot_name, s.plugin, s.database, s.temporary, s.active, s.active_pid,
             s.confirmed_flush_lsn, s.restart_lsn, s.wal_status,
             pg_catalog.to_jsonb(s) OPERATOR(pg_catalog.->>) 'invalidation_reason',
             pg_catalog.pg_wal_lsn_diff(
               CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                    ELSE pg_catalog.pg_current_wal_lsn() END, s.restart_lsn)
        FROM pg_catalog.pg_replication_slots AS s""";

  private static final String FIND = ALL + " WHERE s.slot_name OPERATOR(pg_catalog.=) ?";

  /** From 17 on a slot can be one that standbys keep up with, and that is there after a promotion. */
  private static final int FAILOVER_SINCE = 170_000;

  private ReplicationSlot() {}

  /**
   * @param plugin null for a physical slot
   * @param database null for a physical slot
   * @param activePid the walsender or backend that holds it, or null
   * @param confirmedFlush transactions that commit before it are not sent any more; INVALID for a physical slot
   * @param restart the oldest WAL it needs; INVALID when it has lost it
   * @param walStatus {@code reserved}, {@code extended}, {@code unreserved} or {@code lost}
   * @param invalidation why it is of no use any more, or null (17 and later)
   * @param retainedBytes WAL that it holds back
   */
  public record SlotState(
      String name,
      @Nullable String plugin,
      @Nullable String database,
      boolean temporary,
      boolean active,
      @Nullable Integer activePid,
      Lsn confirmedFlush,
      Lsn restart,
      @Nullable String walStatus,
      @Nullable String invalidation,
      long retainedBytes) {

    /** Whether what it stands for is gone for good. */
    public boolean isLost() {
      return "lost".equals(walStatus) || invalidation != null;
    }
  }

  public static Optional<SlotState> find(Connection connection, String name) {
    try (PreparedStatement statement = connection.prepareStatement(FIND)) {
      statement.setString(1, name);
      try (ResultSet row = statement.executeQuery()) {
        return row.next() ? Optional.of(state(row)) : Optional.empty();
      }
    } catch (SQLException e) {
      throw SqlStates.classify(
          e, ErrorCode.SOURCE_QUERY_FAILED, "replication slot " + name + " cannot be looked up", "helios-repl source check NAME");
    }
  }

  /** All slots of the server, of whatever kind and database, by name. */
  public static List<SlotState> all(Connection connection) throws SQLException {
    List<SlotState> all = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(ALL + " ORDER BY s.slot_name")) {
      while (row.next()) {
        all.add(state(row));
      }
    }
    return all;
  }

  /**
   * Creates the permanent logical slot with pgoutput, or returns it when it stands already and is fit. Waits until
   * transactions that are running have ended.
   *
   * @throws OperatorException no right, no slot left, wal_level, or a slot of this name that is something else
   */
  public static SlotState create(ConnectionSettings settings, String name) {
    checkName(name);
    try (Connection connection = PgConnections.open(settings, "prepare", null)) {
      Optional<SlotState> standing = find(connection, name);
      if (standing.isEmpty()) {
        try (Statement statement = connection.createStatement()) {
          statement.execute(creation(connection, name));
        } catch (SQLException e) {
          if (!SqlStates.DUPLICATE_OBJECT.equals(e.getSQLState())) {
            throw creationRefused(connection, settings, name, e);
          }
        }
        standing = find(connection, name);
      }
      SlotState state = standing.orElseThrow(() -> new IllegalStateException("a slot that was created is not there"));
      checkFit(state, settings);
      return state;
    } catch (SQLException e) {
      throw SqlStates.classify(
          e, ErrorCode.SOURCE_QUERY_FAILED, "replication slot " + name + " cannot be created", "helios-repl source check NAME");
    }
  }

  /**
   * The call that makes the permanent slot: one for failover where the server knows such, so that replication goes on at a
   * standby that is promoted, if that keeps the slot in step (sync_replication_slots). Without such a standby it costs nothing.
   */
  public static String creation(Connection connection, String name) throws SQLException {
    checkName(name);
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SHOW server_version_num")) {
      row.next();
      return "SELECT pg_catalog.pg_create_logical_replication_slot('" + name + "', 'pgoutput'"
          + (row.getInt(1) >= FAILOVER_SINCE ? ", failover => true)" : ")");
    }
  }

  /** Drops the slot; one that is not there is no error. */
  public static void drop(Connection connection, String name) {
    try (PreparedStatement statement = connection.prepareStatement("SELECT pg_catalog.pg_drop_replication_slot(?)")) {
      statement.setString(1, name);
      statement.execute();
    } catch (SQLException e) {
      if (SqlStates.UNDEFINED_OBJECT.equals(e.getSQLState())) {
        return;
      }
      if (SqlStates.OBJECT_IN_USE.equals(e.getSQLState())) {
        throw inUse(connection, name, e);
      }
      throw SqlStates.classify(
          e, ErrorCode.SOURCE_QUERY_FAILED, "replication slot " + name + " cannot be dropped", "helios-repl slot list");
    }
  }

  /** Refuses a slot that belongs to something else. */
  public static void checkFit(SlotState state, ConnectionSettings settings) {
    String unfit =
        !"pgoutput".equals(state.plugin())
            ? "it is " + (state.plugin() == null ? "a physical slot" : "for plugin " + state.plugin())
            : settings.way() == null && !settings.database().equals(state.database()) // else the server refuses it by itself
                ? "it is for database " + state.database()
                : state.temporary() ? "it is temporary" : null;
    if (unfit != null) {
      throw new OperatorException(
          new Problem(
              ErrorCode.SLOT_UNFIT,
              "replication slot " + state.name() + " of " + settings.place() + " is not one of ours",
              unfit,
              "SELECT pg_drop_replication_slot('" + state.name() + "'); or configure another slot:"));
    }
  }

  static void checkName(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new OperatorException(
          new Problem(
              ErrorCode.SLOT_UNFIT,
              "\"" + name + "\" cannot be the name of a replication slot",
              "PostgreSQL allows lower-case letters, digits and underscores, 63 at the most",
              "configure slot: with such a name"));
    }
  }

  /** Somebody holds the slot: says who, as far as this role may see. Passing, since a lost walsender goes after a while. */
  static HeliosException inUse(Connection connection, String name, SQLException e) {
    return new TransientException(
        new Problem(
            ErrorCode.SLOT_IN_USE,
            "replication slot " + name + " is being read by somebody else",
            "held by " + holder(connection, name),
            "stop the other reader, or on the source: SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots"
                + " WHERE slot_name = '" + name + "'"),
        SqlStates.clean(e));
  }

  private static String holder(Connection connection, String name) {
    String sql =
        """
        SELECT s.active_pid, a.application_name, pg_catalog.host(a.client_addr)
          FROM pg_catalog.pg_replication_slots AS s
          LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid OPERATOR(pg_catalog.=) s.active_pid
         WHERE s.slot_name OPERATOR(pg_catalog.=) ?""";
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setString(1, name);
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next() || row.getString(1) == null) {
          return "a reader that has just gone";
        }
        String application = row.getString(2);
        String address = row.getString(3);
        return "process " + row.getString(1)
            + (application == null || application.isEmpty() ? "" : ", application_name " + application)
            + (address == null ? "" : ", from " + address);
      }
    } catch (SQLException e) {
      return "a process that cannot be seen (" + SqlStates.reason(e) + ")";
    }
  }

  private static HeliosException creationRefused(
      Connection connection, ConnectionSettings settings, String name, SQLException e) throws SQLException {
    String state = String.valueOf(e.getSQLState());
    return switch (state) {
      case SqlStates.NO_RIGHT -> noRight(settings, e);
      case SqlStates.LIMIT_EXCEEDED ->
          new OperatorException(
              new Problem(
                  ErrorCode.SLOTS_USED_UP,
                  settings.place() + " has no replication slot left for " + name,
                  SqlStates.reason(e),
                  "ALTER SYSTEM SET max_replication_slots = …; restart; or drop one: SELECT slot_name, active FROM"
                      + " pg_replication_slots"),
              SqlStates.clean(e));
      case SqlStates.NOT_IN_PREREQUISITE_STATE -> {
        HeliosException walLevel = walLevel(connection, settings);
        yield walLevel != null ? walLevel : refused(settings, name, e);
      }
      default -> refused(settings, name, e);
    };
  }

  private static HeliosException refused(ConnectionSettings settings, String name, SQLException e) {
    return SqlStates.classify(
        e,
        ErrorCode.SOURCE_QUERY_FAILED,
        "replication slot " + name + " cannot be created in " + settings.place(),
        "helios-repl source check NAME");
  }

  static OperatorException noRight(ConnectionSettings settings, SQLException e) {
    String role = Identifiers.quote(settings.user());
    return new OperatorException(
        new Problem(
            ErrorCode.NO_REPLICATION_RIGHT,
            "role " + role + " may not replicate from " + settings.place(),
            SqlStates.reason(e),
            "ALTER ROLE " + role + " REPLICATION"),
        SqlStates.clean(e));
  }

  /** The problem that wal_level is, or null when it is logical. */
  static @Nullable HeliosException walLevel(Connection connection, ConnectionSettings settings) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SHOW wal_level")) {
      row.next();
      String level = row.getString(1);
      if (level.equals("logical")) {
        return null;
      }
      return new OperatorException(
          new Problem(
              ErrorCode.WAL_LEVEL_NOT_LOGICAL,
              settings.place() + " has wal_level=" + level + ", needs logical",
              "row changes cannot be decoded from its WAL",
              "ALTER SYSTEM SET wal_level = logical; restart; then: helios-repl source check NAME"));
    }
  }

  private static SlotState state(ResultSet row) throws SQLException {
    int pid = row.getInt(6);
    Integer activePid = row.wasNull() ? null : pid;
    return new SlotState(
        row.getString(1),
        row.getString(2),
        row.getString(3),
        row.getBoolean(4),
        row.getBoolean(5),
        activePid,
        lsn(row.getString(7)),
        lsn(row.getString(8)),
        row.getString(9),
        row.getString(10),
        row.getLong(11));
  }

  private static Lsn lsn(@Nullable String text) {
    return text == null ? Lsn.INVALID : Lsn.parse(text);
  }
}
