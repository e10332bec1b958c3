package io.helios.repl.apply;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.tenant.Tenant;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * The rows of {@code helios.replica}: who is written here, under which epoch, from which source, how far. Runs in the
 * caller's transaction.
 */
public final class Replicas {

  private Replicas() {}

  /**
   * Makes the tenant known. Where it is known already nothing changes but its name and region, and that it comes back to where it
   * had been written before: epoch, source and position
   * are only ever changed by who is entitled to, and the caller compares what {@link #find} returns.
   *
   * @param position where applying begins: transactions up to this commit LSN are not wanted
   */
  public static void register(Connection connection, Tenant tenant, Replicated what, Lsn position)
      throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(
        """
        INSERT INTO helios.replica (tenant, name, tenant_key, epoch, source, source_system, source_region, position)
        VALUES (?::pg_catalog.uuid, ?, ?, ?, ?, ?, ?, ?::pg_catalog.pg_lsn)
        ON CONFLICT (tenant) DO UPDATE SET name = EXCLUDED.name, source_region = EXCLUDED.source_region,
          role = CASE replica.role WHEN 'moved' THEN 'replica' ELSE replica.role END
        """)) {
      insert.setString(1, tenant.id().toString());
      insert.setString(2, tenant.name());
      insert.setString(3, tenant.key());
      insert.setLong(4, tenant.epoch());
      insert.setString(5, what.sourceName());
      insert.setLong(6, what.sourceSystem());
      insert.setString(7, what.sourceRegion());
      insert.setString(8, position.toString());
      insert.executeUpdate();
    }
  }

  public static Optional<ReplicaState> find(Connection connection, UUID tenant) throws SQLException {
    long epoch;
    long system;
    Lsn position;
    try (PreparedStatement query = connection.prepareStatement(
        "SELECT epoch, source_system, position::pg_catalog.text FROM helios.replica"
            + " WHERE tenant = ?::pg_catalog.uuid")) {
      query.setString(1, tenant.toString());
      try (ResultSet row = query.executeQuery()) {
        if (!row.next()) {
          return Optional.empty();
        }
        epoch = row.getLong(1);
        system = row.getLong(2);
        position = Lsn.parse(row.getString(3));
      }
    }
    Map<String, Lsn> copiedAt = new HashMap<>();
    try (PreparedStatement query = connection.prepareStatement(
        "SELECT schema_name, table_name, copied_at_lsn::pg_catalog.text FROM helios.copied_table"
            + " WHERE tenant = ?::pg_catalog.uuid AND finished")) {
      query.setString(1, tenant.toString());
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          copiedAt.put(Identifiers.quote(row.getString(1), row.getString(2)), Lsn.parse(row.getString(3)));
        }
      }
    }
    return Optional.of(new ReplicaState(epoch, system, position, copiedAt));
  }

  /** Whether a table of the tenant is being copied, or was left half copied. */
  static boolean hasUnfinishedCopy(Connection connection, UUID tenant) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(
        "SELECT FROM helios.copied_table WHERE tenant = ?::pg_catalog.uuid AND NOT finished LIMIT 1")) {
      query.setString(1, tenant.toString());
      try (ResultSet row = query.executeQuery()) {
        return row.next();
      }
    }
  }

  /**
   * Moves the tenant to a new epoch: from then on no applier of the old one can commit. Waits for one that is just
   * committing. False when the tenant is not at {@code from}.
   */
  public static boolean raiseEpoch(Connection connection, UUID tenant, long from, long to) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(
        "UPDATE helios.replica SET epoch = ?, updated_at = pg_catalog.now()"
            + " WHERE tenant = ?::pg_catalog.uuid AND epoch = ? AND epoch < ?")) {
      update.setLong(1, to);
      update.setString(2, tenant.toString());
      update.setLong(3, from);
      update.setLong(4, to);
      return update.executeUpdate() == 1;
    }
  }

  /**
   * Keeps the tenant in this epoch until the transaction ends.
   *
   * @throws OperatorException when another epoch rules; a tenant that is not known has none
   */
  static void refuseOtherEpoch(Connection connection, UUID tenant, String name, long epoch) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(
        "SELECT epoch FROM helios.replica WHERE tenant = ?::pg_catalog.uuid FOR SHARE")) {
      query.setString(1, tenant.toString());
      try (ResultSet row = query.executeQuery()) {
        if (row.next() && row.getLong(1) != epoch) {
          throw new OperatorException(new Problem(
              ErrorCode.APPLIER_FENCED,
              "epoch " + epoch + " of tenant \"" + name + "\" is over: the target is at epoch " + row.getLong(1),
              "a cutover or failover moved the tenant",
              "ask the server that owns the tenant now: helios-repl tenant status " + name));
        }
      }
    }
  }

  /**
   * What writes the tenant's rows while its applier stands still asks: the tenant stays in this epoch and at this position
   * until the transaction ends.
   */
  public static CopyWriter.Permit permit(Tenant tenant, Lsn position) {
    return new CopyWriter.Permit() {
      @Override
      public boolean takesParts() {
        return true;
      }

      @Override
      public void hold(Connection connection) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(
            "SELECT 1 FROM helios.replica WHERE tenant = ?::pg_catalog.uuid AND epoch = ? AND position = ?::pg_catalog.pg_lsn"
                + " FOR UPDATE")) {
          query.setString(1, tenant.id().toString());
          query.setLong(2, tenant.epoch());
          query.setString(3, position.toString());
          try (ResultSet row = query.executeQuery()) {
            if (!row.next()) {
              throw new TransientException(new Problem(
                  ErrorCode.REPAIR_DISPLACED,
                  "tenant \"" + tenant.name() + "\" did not stand still at the target while it was repaired",
                  "its position or epoch there is another now: a resync began, or another server applies it",
                  "helios-repl tenant status " + tenant.name() + "; then again: helios-repl verify repair " + tenant.name()));
            }
          }
        }
      }

      @Override
      public void finish(Connection connection) {
        // Where the tenant stands says all there is to say.
      }
    };
  }

  /**
   * Lets the tenant begin again, from the source as it is now: whatever was applied before counts for nothing. In the same
   * transaction the copy must be begun again too.
   *
   * @throws OperatorException when another epoch rules
   */
  public static void restart(Connection connection, Tenant tenant, long sourceSystem) throws SQLException {
    refuseOtherEpoch(connection, tenant.id(), tenant.name(), tenant.epoch());
    try (PreparedStatement update = connection.prepareStatement(
        "UPDATE helios.replica SET position = '0/0', through = '0/0', source_system = ?, updated_at = pg_catalog.now()"
            + " WHERE tenant = ?::pg_catalog.uuid")) {
      update.setLong(1, sourceSystem);
      update.setString(2, tenant.id().toString());
      update.executeUpdate();
    }
  }

  /**
   * What a tenant has, whether or not the last of it was changes of its own.
   *
   * @param position what we take its recorded position to be
   * @param through everything of the tenant that committed at the source before this is here
   */
  public record Mark(UUID tenant, long epoch, Lsn position, Lsn through) {}

  /**
   * Writes marks down and returns those that were written: not where another epoch rules, nor where an applier is just
   * committing, whose position moves anyway; and not where the position is another one, since the target may have been
   * restored from an older copy.
   */
  public static List<Mark> mark(Connection connection, List<Mark> marks) throws SQLException {
    List<Mark> written = new ArrayList<>();
    try (PreparedStatement update = connection.prepareStatement(
        """
        UPDATE helios.replica AS r SET through = v.through
        FROM (SELECT u.tenant, u.epoch, u.through
              FROM ROWS FROM (pg_catalog.unnest(?::pg_catalog.uuid[]), pg_catalog.unnest(?::pg_catalog.int8[]),
                   pg_catalog.unnest(?::pg_catalog.pg_lsn[]), pg_catalog.unnest(?::pg_catalog.pg_lsn[]))
                   AS u (tenant, epoch, position, through)
              JOIN helios.replica l ON l.tenant = u.tenant AND l.epoch = u.epoch AND l.position = u.position
                AND l.through <= u.through
              FOR UPDATE OF l SKIP LOCKED) v
        WHERE r.tenant = v.tenant RETURNING r.tenant::pg_catalog.text
        """)) {
      update.setArray(1, connection.createArrayOf("text", marks.stream().map(m -> m.tenant().toString()).toArray()));
      update.setArray(2, connection.createArrayOf("int8", marks.stream().map(Mark::epoch).toArray()));
      update.setArray(3, connection.createArrayOf("text", marks.stream().map(m -> m.position().toString()).toArray()));
      update.setArray(4, connection.createArrayOf("text", marks.stream().map(m -> m.through().toString()).toArray()));
      Map<UUID, Mark> byTenant = new HashMap<>();
      marks.forEach(mark -> byTenant.put(mark.tenant(), mark));
      try (ResultSet row = update.executeQuery()) {
        while (row.next()) {
          written.add(Objects.requireNonNull(byTenant.get(UUID.fromString(row.getString(1)))));
        }
      }
    }
    return written;
  }

  /**
   * Everything of the tenant that committed before this at the source of that system identifier is here, going by what was
   * applied and noted, and before anything was, by what was copied (later that may be a point of another server's WAL, which the
   * tenant followed before it was moved); {@link Lsn#INVALID} when that is not known, or its record was taken away; empty when nothing of it
   * was ever here, or no table of it counts as copied, so that all of them are going to be, from a later point.
   */
  public static Optional<Lsn> through(Connection connection, UUID tenant, long sourceSystem) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(
        """
        SELECT CASE WHEN r.source_system <> ? THEN '0/0'
            WHEN GREATEST(r.position, r.through) > '0/0' THEN GREATEST(r.position, r.through)
            ELSE c.copied_at END::pg_catalog.text
        FROM helios.replica r CROSS JOIN LATERAL (
          SELECT pg_catalog.count(*) AS tables, pg_catalog.count(*) FILTER (WHERE t.finished) AS finished,
            pg_catalog.min(t.copied_at_lsn) FILTER (WHERE t.finished) AS copied_at
          FROM helios.copied_table t WHERE t.tenant = r.tenant) c
        WHERE r.tenant = ?::pg_catalog.uuid
          AND (c.finished > 0 OR c.tables = 0 AND GREATEST(r.position, r.through) > '0/0')
        UNION ALL
        SELECT '0/0' WHERE NOT EXISTS (SELECT FROM helios.replica r WHERE r.tenant = ?::pg_catalog.uuid)
          AND EXISTS (SELECT FROM helios.copied_table c WHERE c.tenant = ?::pg_catalog.uuid)
        """)) {
      query.setLong(1, sourceSystem);
      for (int i = 2; i <= 4; i++) {
        query.setString(i, tenant.toString());
      }
      try (ResultSet row = query.executeQuery()) {
        return row.next() ? Optional.of(Lsn.parse(row.getString(1))) : Optional.empty();
      }
    }
  }

  /** Forgets position, copy and conflicts of the tenant, with the last of a source its sequences too. Its rows stay. */
  public static void remove(Connection connection, UUID tenant) throws SQLException {
    for (String table : new String[] {"conflict", "copied_table", "guarded", "source_table", "replica"}) {
      try (PreparedStatement delete = connection.prepareStatement(
          "DELETE FROM helios." + table + " WHERE tenant = ?::pg_catalog.uuid")) {
        delete.setString(1, tenant.toString());
        delete.executeUpdate();
      }
    }
    try (Statement statement = connection.createStatement()) {
      statement.execute("DELETE FROM helios.sequence s WHERE NOT EXISTS (SELECT FROM helios.replica r"
          + " WHERE r.source_system = s.source_system AND r.source = s.source)");
    }
  }
}
