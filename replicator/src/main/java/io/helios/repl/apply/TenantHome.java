package io.helios.repl.apply;

import io.helios.repl.apply.TargetSession.Advance;
import io.helios.repl.change.CutoverMarker;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.tenant.Tenant;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;

/**
 * Where a tenant is written: the role of its row in {@code helios.replica}, in each of its two databases. The one in the
 * database that takes it over is the only arbiter of whether it has.
 *
 * <pre>
 *   home      primary ──close──► closed ──follow──► replica            (or ──leave──► moved)
 *                ▲──────lift────────┘
 *   target    replica ──promote──► primary
 *                └ announce, refuse: which epoch it may take, which it never will
 * </pre>
 *
 * <p>All methods run in the caller's transaction, on a connection of the role that prepared the database, and belong to
 * its thread. Each may be called again: it finds what is done.
 */
public final class TenantHome {

  /** @param refused the highest epoch that is never taken here; 0 for none */
  public record State(Role role, long epoch, long refused) {}

  /** What the tenant is in this database. */
  public enum Role {
    /** It is written here, by its users. */
    PRIMARY,
    /** It was, and a cutover away from here is under way: nobody writes. */
    CLOSED,
    /** It follows another database. */
    REPLICA,
    /** It was written here, and is elsewhere now. */
    MOVED
  }

  private TenantHome() {}

  public static Optional<State> find(Connection connection, UUID tenant) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(
        "SELECT pg_catalog.upper(role), epoch, refused FROM helios.replica WHERE tenant = ?::pg_catalog.uuid")) {
      query.setString(1, tenant.toString());
      try (ResultSet row = query.executeQuery()) {
        return row.next()
            ? Optional.of(new State(Role.valueOf(row.getString(1)), row.getLong(2), row.getLong(3)))
            : Optional.empty();
      }
    }
  }

  /**
   * Makes a tenant known at its home: who follows it back from there, once it has moved, begins at this position. Its
   * users go on writing.
   *
   * @param back the tenant as it will be then: from where it will be written, to here
   * @return false when it is not written here
   */
  static boolean arm(Connection connection, Tenant back, Replicated what, Lsn position) throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(
        """
        INSERT INTO helios.replica AS r
          (tenant, name, tenant_key, epoch, source, source_system, source_region, position, role)
        VALUES (?::pg_catalog.uuid, ?, ?, ?, ?, ?, ?, ?::pg_catalog.pg_lsn, 'primary')
        ON CONFLICT (tenant) DO UPDATE SET name = EXCLUDED.name, source = EXCLUDED.source,
          source_system = EXCLUDED.source_system, source_region = EXCLUDED.source_region, position = EXCLUDED.position,
          through = '0/0'
        WHERE r.role = 'primary'
        """)) {
      insert.setString(1, back.id().toString());
      insert.setString(2, back.name());
      insert.setString(3, back.key());
      insert.setLong(4, back.epoch());
      insert.setString(5, what.sourceName());
      insert.setLong(6, what.sourceSystem());
      insert.setString(7, what.sourceRegion());
      insert.setString(8, position.toString());
      return insert.executeUpdate() == 1;
    }
  }

  /** Closes the tenant for its users; false when it is not open, or in that epoch already. */
  static boolean close(Connection connection, UUID tenant, long epoch) throws SQLException {
    return update(
        connection,
        "UPDATE helios.replica SET role = 'closed', epoch = ?, updated_at = pg_catalog.now()"
            + " WHERE tenant = ?::pg_catalog.uuid AND role = 'primary' AND epoch < ?",
        epoch, tenant, epoch);
  }

  /** Opens it again after {@link #close}; false when it was not closed for that epoch. */
  public static boolean lift(Connection connection, UUID tenant, long epoch) throws SQLException {
    return update(
        connection,
        "UPDATE helios.replica SET role = 'primary', updated_at = pg_catalog.now()"
            + " WHERE tenant = ?::pg_catalog.uuid AND role = 'closed' AND epoch = ?",
        tenant, epoch);
  }

  /** The old home follows from now on, in the epoch that was taken elsewhere; false when it was not closed for that one. */
  public static boolean follow(Connection connection, UUID tenant, long epoch) throws SQLException {
    return update(
        connection,
        "UPDATE helios.replica SET role = 'replica', token = NULL, updated_at = pg_catalog.now()"
            + " WHERE tenant = ?::pg_catalog.uuid AND role IN ('closed', 'replica') AND epoch = ?",
        tenant, epoch);
  }

  /** The old home follows no more, and stays closed. */
  public static boolean leave(Connection connection, UUID tenant, long epoch) throws SQLException {
    return update(
        connection,
        "UPDATE helios.replica SET role = 'moved', updated_at = pg_catalog.now()"
            + " WHERE tenant = ?::pg_catalog.uuid AND role IN ('closed', 'replica', 'moved') AND epoch = ?",
        tenant, epoch);
  }

  /** A target is told which marker it may take next; false when it has refused that epoch, or is no replica. */
  public static boolean announce(Connection connection, UUID tenant, long epoch, UUID token) throws SQLException {
    return update(
        connection,
        "UPDATE helios.replica SET token = ?::pg_catalog.uuid, updated_at = pg_catalog.now()"
            + " WHERE tenant = ?::pg_catalog.uuid AND role = 'replica' AND epoch < ? AND refused < ?",
        token, tenant, epoch, epoch);
  }

  /** The target never takes that epoch, nor one below; false when it has taken it already, or one above. */
  public static boolean refuse(Connection connection, UUID tenant, long epoch) throws SQLException {
    return update(
        connection,
        "UPDATE helios.replica SET refused = GREATEST(refused, ?), token = NULL, updated_at = pg_catalog.now()"
            + " WHERE tenant = ?::pg_catalog.uuid AND role = 'replica' AND epoch < ?",
        epoch, tenant, epoch);
  }

  /**
   * The target takes the marker's epoch, and is the tenant's home when the transaction commits; false, with nothing
   * changed, where it was not told of this marker or has refused it. Its WAL then says so, by the same marker.
   */
  static boolean promote(Connection connection, Advance advance, CutoverMarker marker) throws SQLException {
    boolean taken = update(
        connection,
        """
        UPDATE helios.replica SET epoch = ?, role = 'primary', token = NULL, position = ?::pg_catalog.pg_lsn,
          updated_at = pg_catalog.now()
        WHERE tenant = ?::pg_catalog.uuid AND role = 'replica' AND epoch = ? AND epoch < ? AND refused < ?
          AND token = ?::pg_catalog.uuid AND position = ?::pg_catalog.pg_lsn
        """,
        marker.epoch(), advance.to(), advance.tenant().id(), advance.tenant().epoch(), marker.epoch(), marker.epoch(),
        marker.token(), advance.from());
    if (!taken) {
      return false;
    }
    SequenceHandover.set(connection, marker.sequences());
    emit(connection, marker);
    return true;
  }

  /** Puts the marker into this database's WAL, where the transaction commits. */
  static void emit(Connection connection, CutoverMarker marker) throws SQLException {
    try (PreparedStatement message = connection.prepareStatement(
        "SELECT pg_catalog.pg_logical_emit_message(true, ?::pg_catalog.text, ?::pg_catalog.bytea)")) {
      message.setString(1, CutoverMarker.PREFIX);
      message.setBytes(2, marker.content());
      message.executeQuery().close();
    }
  }

  private static boolean update(Connection connection, String sql, Object... values) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        if (values[i] instanceof Long epoch) {
          update.setLong(i + 1, epoch);
        } else {
          update.setString(i + 1, values[i].toString());
        }
      }
      return update.executeUpdate() == 1;
    }
  }
}
