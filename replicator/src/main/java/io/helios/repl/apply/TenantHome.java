package io.helios.repl.apply;

import io.helios.repl.apply.TargetSession.Advance;
import io.helios.repl.change.CutoverMarker;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.tenant.Tenant;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Where a tenant is written: the role of its row in {@code helios.replica}, in each of its two databases. The one in the
 * database that takes it over is the only arbiter of whether it has.
 *
 * <pre>
 *   home      primary ──close──► closed ──follow──► replica            (or ──leave──► moved)
 *                ▲──────lift────────┘
 *   target    replica ──promote──► primary
 *                └ announce, refuse: which epoch it may take, which it never will
 *
 *   when the home has died:
 *   target    replica ──succeed──► primary
 *   home      primary, closed, nothing ──fence──► closed ──rejoin──► replica
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

  /**
   * What became of closing; nothing is to be committed unless it is done.
   *
   * @param done false when it is not open, or in that epoch already
   * @param elsewhere another tenant of the same rows that is not written here: they would have two homes
   * @param lastValues of the sequences, in their order; null for one that has not been used, or is not there
   */
  record Closing(boolean done, SharedRows.@Nullable Sharer elsewhere, List<@Nullable Long> lastValues) {}

  /** The last values of sequences by their quoted names, in their order. */
  static final String LAST_VALUES =
      """
      SELECT pg_catalog.pg_sequence_last_value(pg_catalog.to_regclass(s.n))
      FROM pg_catalog.unnest(?::pg_catalog.text[]) WITH ORDINALITY AS s (n, i) ORDER BY s.i""";

  /**
   * Closes the tenant for its users. All that share its rows must be written here, and stay so until the transaction ends; its own
   * record is changed first and nobody is waited for then, so of two that are closed at a time at least one is not.
   *
   * @param sequences quoted names of those whose values are wanted as they are then: nobody draws from them for the tenant any more
   * @throws SQLException with SQLSTATE 55P03 also when one of the others is just being changed
   */
  static Closing close(Connection connection, UUID tenant, long epoch, List<String> sequences) throws SQLException {
    // One way there and back: writers are waiting.
    try (PreparedStatement close = connection.prepareStatement(
        "UPDATE helios.replica SET role = 'closed', epoch = ?, updated_at = pg_catalog.now()"
            + " WHERE tenant = ?::pg_catalog.uuid AND role = 'primary' AND epoch < ?; " + SharedRows.KEEP + "; " + LAST_VALUES)) {
      close.setLong(1, epoch);
      close.setString(2, tenant.toString());
      close.setLong(3, epoch);
      close.setString(4, tenant.toString());
      close.setArray(5, connection.createArrayOf("text", sequences.toArray()));
      close.execute();
      boolean done = close.getUpdateCount() == 1;
      close.getMoreResults();
      SharedRows.Sharer elsewhere;
      try (ResultSet others = close.getResultSet()) {
        elsewhere = SharedRows.first(others, role -> role != Role.PRIMARY).orElse(null);
      }
      close.getMoreResults();
      try (ResultSet values = close.getResultSet()) {
        return new Closing(done, elsewhere, lastValues(values));
      }
    }
  }

  /** As {@link #LAST_VALUES} finds them. */
  static List<@Nullable Long> lastValues(ResultSet row) throws SQLException {
    List<@Nullable Long> values = new ArrayList<>();
    while (row.next()) {
      long value = row.getLong(1);
      values.add(row.wasNull() ? null : value);
    }
    return values;
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
   * changed, where it was not told of this marker or has refused it, or where its users could not write for another replica
   * of the same rows. Its WAL then says so, by the same marker. Who had moved away with these rows for good has no say in
   * them any more.
   */
  static boolean promote(Connection connection, Advance advance, CutoverMarker marker) throws SQLException {
    String tenant = advance.tenant().id().toString();
    try (PreparedStatement promote = connection.prepareStatement(
        """
        UPDATE helios.replica SET epoch = ?, role = 'primary', token = NULL, position = ?::pg_catalog.pg_lsn,
          updated_at = pg_catalog.now()
        WHERE tenant = ?::pg_catalog.uuid AND role = 'replica' AND epoch = ? AND epoch < ? AND refused < ?
          AND token = ?::pg_catalog.uuid AND position = ?::pg_catalog.pg_lsn
          AND NOT EXISTS (SELECT FROM helios.replica s WHERE s.role IN ('replica', 'closed') AND s.tenant IN (%s))"""
            .formatted(SharedRows.OTHERS))) {
      promote.setLong(1, marker.epoch());
      promote.setString(2, advance.to().toString());
      promote.setString(3, tenant);
      promote.setLong(4, advance.tenant().epoch());
      promote.setLong(5, marker.epoch());
      promote.setLong(6, marker.epoch());
      promote.setString(7, marker.token().toString());
      promote.setString(8, advance.from().toString());
      promote.setString(9, tenant);
      if (promote.executeUpdate() == 0) {
        return false;
      }
    }
    SharedRows.succeed(connection, advance.tenant().id());
    SequenceHandover.set(connection, marker.sequences());
    emit(connection, marker);
    return true;
  }

  /**
   * The home is dead: the target takes the epoch without its marker, and is the tenant's home when the transaction commits. Waits
   * for an applier that is just committing; one of the old epoch commits nothing afterwards.
   *
   * @return the position of what is here then; empty, with nothing changed, where it is no replica of the tenant's epoch, has refused
   *     this one, has not all tables of it, or its users could not write for another replica of the same rows
   */
  static Optional<Lsn> succeed(Connection connection, Tenant tenant, long epoch) throws SQLException {
    try (PreparedStatement succeed = connection.prepareStatement(
        """
        UPDATE helios.replica r SET epoch = ?, role = 'primary', token = NULL, updated_at = pg_catalog.now()
        WHERE tenant = ?::pg_catalog.uuid AND role = 'replica' AND epoch = ? AND epoch < ? AND refused < ?
          AND EXISTS (SELECT FROM helios.copied_table c WHERE c.tenant = r.tenant)
          AND NOT EXISTS (SELECT FROM helios.copied_table c WHERE c.tenant = r.tenant AND NOT c.finished)
          AND NOT EXISTS (SELECT FROM helios.replica s WHERE s.role IN ('replica', 'closed') AND s.tenant IN (%s))
        RETURNING position::pg_catalog.text""".formatted(SharedRows.OTHERS))) {
      succeed.setLong(1, epoch);
      succeed.setString(2, tenant.id().toString());
      succeed.setLong(3, tenant.epoch());
      succeed.setLong(4, epoch);
      succeed.setLong(5, epoch);
      succeed.setString(6, tenant.id().toString());
      try (ResultSet row = succeed.executeQuery()) {
        return row.next() ? Optional.of(Lsn.parse(row.getString(1))) : Optional.empty();
      }
    }
  }

  /** The epoch was taken elsewhere while this home was dead: it is closed, also where a cutover had just closed it. */
  static boolean fence(Connection connection, UUID tenant, long epoch) throws SQLException {
    return update(
        connection,
        "UPDATE helios.replica SET role = 'closed', epoch = ?, token = NULL, updated_at = pg_catalog.now()"
            + " WHERE tenant = ?::pg_catalog.uuid AND (role IN ('primary', 'closed') AND epoch < ? OR role = 'closed' AND epoch = ?)",
        epoch, tenant, epoch, epoch);
  }

  /** What was fenced begins to follow, from nothing: whatever is here counts for what a comparison finds of it. */
  static boolean rejoin(Connection connection, Tenant turned, Replicated what) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(
        """
        UPDATE helios.replica SET role = 'replica', token = NULL, position = '0/0', through = '0/0', source = ?, source_system = ?,
          source_region = ?, updated_at = pg_catalog.now()
        WHERE tenant = ?::pg_catalog.uuid AND role IN ('closed', 'replica') AND epoch = ?""")) {
      update.setString(1, what.sourceName());
      update.setLong(2, what.sourceSystem());
      update.setString(3, what.sourceRegion());
      update.setString(4, turned.id().toString());
      update.setLong(5, turned.epoch());
      return update.executeUpdate() == 1;
    }
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
