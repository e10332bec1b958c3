package io.helios.repl.apply;

import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.tenant.Tenant;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * Tenants whose rows in a database are the same ones: of one key, or one whole schema, that is declared several times to go to
 * several targets, or comes from several sources. Rows have one home, so only one of those may be moved away, and none becomes
 * a home where others still follow. In the caller's transaction.
 */
public final class SharedRows {

  /** SQL for those who share rows with the tenant of the one parameter, as the guards have them. */
  static final String OTHERS =
      """
      SELECT o.tenant FROM helios.guarded m
      JOIN helios.guarded o ON o.guard = m.guard AND o.tenant_key = m.tenant_key AND o.tenant <> m.tenant
      WHERE m.tenant = ?::pg_catalog.uuid""";

  /** Their records, for {@link #first}. */
  private static final String RECORDS =
      "SELECT r.name, r.source_region, pg_catalog.upper(r.role) FROM helios.replica r WHERE r.tenant IN (%s) ORDER BY r.name";

  /** The same, which stay as they are until the transaction ends; fails at once where one is just being changed. */
  static final String KEEP = RECORDS.formatted(OTHERS) + " FOR SHARE NOWAIT";

  /** One of them. */
  public record Sharer(String name, String region, TenantHome.Role role) {

    /**
     * Why something cannot be done to the rows.
     *
     * @param message what, of which tenant
     * @param tenant that tenant's name
     */
    public OperatorException refuses(String message, String tenant) {
      String why =
          switch (role) {
            case PRIMARY -> "is written here by its users";
            case CLOSED -> "is just being moved to region " + region;
            case REPLICA -> "is a replica here: its primary is in region " + region;
            case MOVED -> "has moved to region " + region;
          };
      return new OperatorException(
          new Problem(
              ErrorCode.ROWS_HAVE_ONE_HOME,
              message,
              "tenant \"" + name + "\" has the same rows there, and " + why + "",
              "bring that one back: helios-repl migrate rollback " + name + "; or leave this one: helios-repl migrate cancel " + tenant
                  + "; or, if " + name + " is no longer wanted: helios-repl tenant delete " + name));
    }
  }

  private SharedRows() {}

  /** Of those who share the tenant's rows, one that is not written in this database. */
  static Optional<Sharer> notWrittenHere(Connection connection, UUID tenant) throws SQLException {
    return find(connection, tenant, role -> role != TenantHome.Role.PRIMARY);
  }

  /** Of those who share the tenant's rows, one for which nobody could write them if the tenant's home were here. */
  public static Optional<Sharer> following(Connection connection, UUID tenant) throws SQLException {
    return find(connection, tenant, role -> role == TenantHome.Role.REPLICA || role == TenantHome.Role.CLOSED);
  }

  private static Optional<Sharer> find(Connection connection, UUID tenant, Predicate<TenantHome.Role> which)
      throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(RECORDS.formatted(OTHERS))) {
      query.setString(1, tenant.toString());
      try (ResultSet rows = query.executeQuery()) {
        return first(rows, which);
      }
    }
  }

  /** A tenant that is written in this database by its users, in the rows that another is about to be copied into. */
  public static Optional<Sharer> writtenHere(Connection connection, Tenant tenant, Collection<TenantTable> tables)
      throws SQLException {
    String same =
        """
        SELECT d.tenant FROM ROWS FROM (pg_catalog.unnest(?::pg_catalog.text[]), pg_catalog.unnest(?::pg_catalog.text[]),
          pg_catalog.unnest(?::pg_catalog.text[])) AS t (schema_name, table_name, tenant_key)
        JOIN helios.guard g ON g.schema_name = t.schema_name AND g.table_name = t.table_name
        JOIN helios.guarded d ON d.guard = g.id AND d.tenant_key = t.tenant_key AND d.tenant <> ?::pg_catalog.uuid""";
    try (PreparedStatement query = connection.prepareStatement(RECORDS.formatted(same))) {
      query.setArray(
          1, connection.createArrayOf("text", tables.stream().map(t -> t.definition().schema()).toArray()));
      query.setArray(2, connection.createArrayOf("text", tables.stream().map(t -> t.definition().name()).toArray()));
      query.setArray(
          3,
          connection.createArrayOf("text", tables.stream().map(t -> t.keyColumn() == null ? "" : tenant.key()).toArray()));
      query.setString(4, tenant.id().toString());
      try (ResultSet rows = query.executeQuery()) {
        return first(rows, role -> role == TenantHome.Role.PRIMARY || role == TenantHome.Role.CLOSED);
      }
    }
  }

  /** The tenant's home is here: who had moved away with the same rows for good has no say in them any more. */
  static void succeed(Connection connection, UUID tenant) throws SQLException {
    try (PreparedStatement delete = connection.prepareStatement(
        """
        DELETE FROM helios.guarded o USING helios.guarded m, helios.replica r
        WHERE m.tenant = ?::pg_catalog.uuid AND o.guard = m.guard AND o.tenant_key = m.tenant_key AND o.tenant <> m.tenant
          AND r.tenant = o.tenant AND r.role = 'moved'""")) {
      delete.setString(1, tenant.toString());
      delete.executeUpdate();
    }
  }

  /** Of records as they were asked for here, the first of such a role. */
  static Optional<Sharer> first(ResultSet rows, Predicate<TenantHome.Role> which) throws SQLException {
    while (rows.next()) {
      TenantHome.Role role = TenantHome.Role.valueOf(rows.getString(3));
      if (which.test(role)) {
        return Optional.of(new Sharer(rows.getString(1), rows.getString(2), role));
      }
    }
    return Optional.empty();
  }
}
