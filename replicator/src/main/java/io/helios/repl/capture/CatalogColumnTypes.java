package io.helios.repl.capture;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.SqlStates;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;

/** Asks the source's {@code pg_type}, once a type, over a connection of its own. Owned by the capture thread. */
public final class CatalogColumnTypes implements ColumnTypes {

  /** Follows a domain down to what it is over. */
  private static final String BASE =
      """
      WITH RECURSIVE base (oid, typtype, typbasetype) AS (
        SELECT t.oid, t.typtype, t.typbasetype
          FROM pg_catalog.pg_type AS t
         WHERE t.oid OPERATOR(pg_catalog.=) CAST(CAST(? AS pg_catalog.int8) AS pg_catalog.oid)
        UNION ALL
        SELECT t.oid, t.typtype, t.typbasetype
          FROM base JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) base.typbasetype
         WHERE base.typtype OPERATOR(pg_catalog.=) 'd')
      SELECT CAST(oid AS pg_catalog.int8), typtype FROM base WHERE typtype OPERATOR(pg_catalog.<>) 'd'""";

  private static final long FIRST_USER_OID = 16384;

  private final ConnectionSettings settings;
  private final Map<Integer, Integer> known = new HashMap<>();

  public CatalogColumnTypes(ConnectionSettings settings) {
    this.settings = settings;
  }

  @Override
  public int baseOf(int typeOid) {
    Integer base = known.get(typeOid);
    if (base == null) {
      base = ask(typeOid);
      known.put(typeOid, base);
    }
    return base;
  }

  private int ask(int typeOid) {
    try (Connection connection = PgConnections.open(settings, "capture", null);
        PreparedStatement statement = connection.prepareStatement(BASE)) {
      statement.setLong(1, Integer.toUnsignedLong(typeOid));
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next()) {
          return 0;
        }
        long oid = row.getLong(1);
        return switch (row.getString(2)) {
          case "e" -> ENUM;
          case "b" -> oid < FIRST_USER_OID ? (int) oid : 0;
          default -> 0;
        };
      }
    } catch (SQLException e) {
      throw SqlStates.classify(
          e, ErrorCode.SOURCE_QUERY_FAILED, "the tenant column's type cannot be looked up", "helios-repl source check NAME");
    }
  }
}
