package io.helios.repl.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * An index that PostgreSQL would take as a replica identity: unique, valid, not deferrable, not partial, without
 * expressions, every key column NOT NULL and none of them generated (facts: {@code ATExecReplicaIdentity} in
 * {@code tablecmds.c}).
 *
 * @param columns key columns in key order
 */
public record IdentityIndex(String name, boolean primary, List<String> columns) {

  private static final String CANDIDATES =
      """
      SELECT i.indrelid::pg_catalog.int8, c.relname, i.indisprimary, k.columns
      FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      CROSS JOIN LATERAL (
        SELECT pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY u.place) AS columns,
          pg_catalog.bool_and(a.attnotnull AND a.attgenerated = '') AS fit
        FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY u (attnum, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum
        WHERE u.place <= i.indnkeyatts
      ) k
      WHERE i.indrelid = ANY (?::pg_catalog.int8[]::pg_catalog.oid[])
        AND i.indisunique AND i.indisvalid AND i.indislive AND i.indimmediate AND NOT i.indisexclusion
        AND i.indexprs IS NULL AND i.indpred IS NULL AND k.fit
      ORDER BY i.indrelid, i.indisprimary DESC, i.indnkeyatts, c.relname
      """;

  /** For each table (or partition) its candidates: the primary key first, then the narrowest. */
  public static Map<Integer, List<IdentityIndex>> read(Connection connection, Collection<Integer> tableOids)
      throws SQLException {
    Map<Integer, List<IdentityIndex>> candidates = new HashMap<>();
    try (EmptySearchPath _ = EmptySearchPath.on(connection);
        PreparedStatement query = connection.prepareStatement(CANDIDATES)) {
      query.setArray(
          1, connection.createArrayOf("int8", tableOids.stream().map(Integer::toUnsignedLong).toArray()));
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          candidates
              .computeIfAbsent((int) row.getLong(1), key -> new ArrayList<>())
              .add(new IdentityIndex(
                  row.getString(2),
                  row.getBoolean(3),
                  List.copyOf(Arrays.asList((String[]) row.getArray(4).getArray()))));
        }
      }
    }
    return candidates;
  }
}
