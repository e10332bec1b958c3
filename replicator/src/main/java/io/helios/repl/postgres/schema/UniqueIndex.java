package io.helios.repl.postgres.schema;

import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.Identifiers;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a unique index compares, and about which rows: two with the same columns may still differ in expressions,
 * predicate, and in whether nulls are equal.
 *
 * @param parts columns and expressions, as SQL
 * @param partial whether it is about some rows only
 * @param nullsEqual NULLS NOT DISTINCT; also when no column may be null, where it makes no difference
 */
record UniqueIndex(String name, Set<String> parts, boolean partial, boolean expressions, boolean nullsEqual) {

  /** %s: whether nulls are equal, which PostgreSQL 14 does not know. */
  private static final String QUERY =
      """
      SELECT n.nspname, t.relname, c.relname,
        ARRAY(
          SELECT pg_catalog.pg_get_indexdef(i.indexrelid, p.place, false)
          FROM pg_catalog.generate_series(1, i.indnkeyatts::pg_catalog.int4) p (place)),
        i.indpred IS NOT NULL, i.indexprs IS NOT NULL,
        %s OR NOT EXISTS (
          SELECT FROM pg_catalog.pg_attribute a
          WHERE a.attrelid = i.indrelid AND NOT a.attnotnull
            AND a.attnum = ANY ((i.indkey::pg_catalog.int2[])[0:i.indnkeyatts - 1])) AND i.indexprs IS NULL
      FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
      WHERE i.indisunique AND i.indislive AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND n.nspname NOT LIKE 'pg\\_toast%%' AND n.nspname NOT LIKE 'pg\\_temp%%'
      """;

  /** Those of every table, by the table's name as SQL. */
  static Map<String, List<UniqueIndex>> read(Connection connection) throws SQLException {
    Map<String, List<UniqueIndex>> found = new HashMap<>();
    String nulls = Catalog.majorVersion(connection) >= 15 ? "i.indnullsnotdistinct" : "false";
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(QUERY.formatted(nulls))) {
      while (row.next()) {
        found
            .computeIfAbsent(Identifiers.quote(row.getString(1), row.getString(2)), table -> new ArrayList<>())
            .add(
                new UniqueIndex(
                    row.getString(3),
                    Set.of((String[]) row.getArray(4).getArray()),
                    row.getBoolean(5),
                    row.getBoolean(6),
                    row.getBoolean(7)));
      }
    }
    return found;
  }

  /**
   * Whether this index may refuse rows that all of the source's allow, although one of those has its columns. Where none
   * has, comparing keys tells already.
   */
  boolean refusesMoreThan(List<UniqueIndex> source) {
    List<UniqueIndex> alike = source.stream().filter(from -> parts.containsAll(from.parts)).toList();
    return (expressions || !alike.isEmpty())
        && alike.stream().noneMatch(from -> (!from.partial || partial) && (!nullsEqual || from.nullsEqual));
  }
}
