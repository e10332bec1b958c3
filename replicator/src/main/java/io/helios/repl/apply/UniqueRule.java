package io.helios.repl.apply;

import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.Identifiers;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Which two rows a unique index, a unique or an exclusion constraint of the target does not allow side by side: also
 * partial ones, those on expressions, those of PostgreSQL 18 with WITHOUT OVERLAPS. Said as SQL, so that the server
 * compares as the index does (its operators, its collations; facts: {@code pg_index}, {@code pg_constraint.conexclop},
 * {@code pg_get_indexdef} in {@code ruleutils.c}).
 *
 * @param deferrable checked at a transaction's end by a trigger, which is off while changes are applied
 *     ({@code session_replication_role}): then only a query checks it
 * @param parts what is compared; all must hold for two rows to collide
 * @param predicate rows that it does not take do not count; null for a rule about all rows
 * @param nullsCollide NULLS NOT DISTINCT
 * @param columns everything that parts and predicate read
 */
record UniqueRule(
    String name, boolean deferrable, List<Part> parts, @Nullable String predicate, boolean nullsCollide, Set<String> columns) {

  /**
   * @param expression a column or an expression, over a FROM clause with nothing but the table in it
   * @param operator with which it collides: equality, but for exclusion constraints
   * @param equalColumn the column that must be equal for a collision; null for an expression or another operator
   */
  record Part(String expression, String operator, @Nullable String equalColumn) {}

  /** %s: whether nulls collide, which PostgreSQL 14 does not know. */
  private static final String RULES =
      """
      SELECT c.relname, NOT i.indimmediate, pg_catalog.pg_get_expr(i.indpred, i.indrelid), %s,
        ARRAY(
          SELECT pg_catalog.pg_get_indexdef(i.indexrelid, p.place, false)
          FROM pg_catalog.generate_series(1, i.indnkeyatts::pg_catalog.int4) p (place) ORDER BY p.place),
        ARRAY(
          SELECT n.nspname::pg_catalog.text
          FROM pg_catalog.generate_series(1, i.indnkeyatts::pg_catalog.int4) p (place)
          JOIN pg_catalog.pg_collation l ON l.oid = i.indcollation[p.place - 1]
          JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace ORDER BY p.place),
        ARRAY(
          SELECT l.collname::pg_catalog.text
          FROM pg_catalog.generate_series(1, i.indnkeyatts::pg_catalog.int4) p (place)
          JOIN pg_catalog.pg_collation l ON l.oid = i.indcollation[p.place - 1] ORDER BY p.place),
        ARRAY(
          SELECT i.indcollation[p.place - 1] <> 0
          FROM pg_catalog.generate_series(1, i.indnkeyatts::pg_catalog.int4) p (place) ORDER BY p.place),
        o.schemas, o.operators,
        ARRAY(
          SELECT a.attname::pg_catalog.text FROM pg_catalog.pg_attribute a
          WHERE a.attrelid = i.indrelid AND a.attnum > 0
            AND (a.attnum = ANY ((i.indkey::pg_catalog.int2[])[0:i.indnkeyatts - 1])
              OR EXISTS (
                SELECT FROM pg_catalog.pg_depend d
                WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = i.indexrelid
                  AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = i.indrelid
                  AND d.refobjsubid = a.attnum AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)))),
        ARRAY(
          SELECT a.attname::pg_catalog.text
          FROM pg_catalog.generate_series(1, i.indnkeyatts::pg_catalog.int4) p (place)
          LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[p.place - 1]
            AND a.attnum > 0 ORDER BY p.place)
      FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
      CROSS JOIN LATERAL (
        SELECT pg_catalog.array_agg(n.nspname::pg_catalog.text ORDER BY p.place) AS schemas,
          pg_catalog.array_agg(x.oprname::pg_catalog.text ORDER BY p.place) AS operators
        FROM pg_catalog.generate_series(1, i.indnkeyatts::pg_catalog.int4) p (place)
        LEFT JOIN pg_catalog.pg_opclass s ON s.oid = i.indclass[p.place - 1]
        LEFT JOIN pg_catalog.pg_amop m ON m.amopfamily = s.opcfamily AND m.amopstrategy = 3
          AND m.amoplefttype = s.opcintype AND m.amoprighttype = s.opcintype
        JOIN pg_catalog.pg_operator x ON x.oid = coalesce(k.conexclop[p.place], m.amopopr)
        JOIN pg_catalog.pg_namespace n ON n.oid = x.oprnamespace) o
      WHERE i.indrelid = pg_catalog.to_regclass(?) AND (i.indisunique OR i.indisexclusion) AND i.indislive
        AND pg_catalog.cardinality(o.operators) = i.indnkeyatts
      ORDER BY i.indisprimary DESC, c.relname
      """;

  /** All rules of a table, the primary key's first. */
  static List<UniqueRule> of(Connection connection, String sqlName) throws SQLException {
    String nulls = Catalog.majorVersion(connection) >= 15 ? "i.indnullsnotdistinct" : "false";
    List<UniqueRule> rules = new ArrayList<>();
    try (PreparedStatement query = connection.prepareStatement(RULES.formatted(nulls))) {
      query.setString(1, sqlName);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          rules.add(new UniqueRule(row.getString(1), row.getBoolean(2), parts(row), row.getString(3), row.getBoolean(4),
              new TreeSet<>(strings(row, 11))));
        }
      }
    }
    return List.copyOf(rules);
  }

  private static List<Part> parts(ResultSet row) throws SQLException {
    List<String> expressions = strings(row, 5);
    List<String> collationSchemas = strings(row, 6);
    List<String> collations = strings(row, 7);
    Boolean[] collated = (Boolean[]) row.getArray(8).getArray();
    List<String> schemas = strings(row, 9);
    List<String> operators = strings(row, 10);
    @Nullable String[] columns = (String[]) row.getArray(12).getArray();
    List<Part> parts = new ArrayList<>();
    int c = 0;
    for (int i = 0; i < expressions.size(); i++) {
      String collate = "";
      if (collated[i]) {
        collate = " COLLATE " + Identifiers.quote(collationSchemas.get(c), collations.get(c));
        c++;
      }
      parts.add(new Part(
          "(" + expressions.get(i) + ")" + collate,
          "OPERATOR(" + Identifiers.quote(schemas.get(i)) + "." + operators.get(i) + ")",
          operators.get(i).equals("=") ? columns[i] : null));
    }
    return parts;
  }

  private static List<String> strings(ResultSet row, int column) throws SQLException {
    return List.of((String[]) row.getArray(column).getArray());
  }

  /** The parts as columns {@code e0}, {@code e1}, …, for a select list. */
  String selected() {
    StringBuilder list = new StringBuilder();
    for (int i = 0; i < parts.size(); i++) {
      list.append(i == 0 ? "" : ", ").append(parts.get(i).expression()).append(" AS e").append(i);
    }
    return list.toString();
  }

  /** Over two rows with columns {@code e0}, … that the predicate takes: whether they collide. */
  String collide(String a, String b) {
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < parts.size(); i++) {
      String left = a + ".e" + i;
      String right = b + ".e" + i;
      String one = left + " " + parts.get(i).operator() + " " + right;
      all.append(i == 0 ? "" : " AND ")
          .append(nullsCollide ? "(" + one + " OR " + left + " IS NULL AND " + right + " IS NULL)" : one);
    }
    return all.toString();
  }

  /** As the WHERE clause's first condition. */
  String applies() {
    return predicate == null ? "true" : "(" + predicate + ")";
  }

  /**
   * Finds two rows that it does not allow side by side.
   *
   * @param from the table as it stands in FROM
   * @param first what the one row meets, over alias {@code t}
   * @param second what the other meets
   */
  String pairs(String from, String first, String second) {
    return "SELECT FROM (" + rows(from, first) + ") AS a JOIN (" + rows(from, second) + ") AS b ON "
        + collide("a", "b") + " AND (a.r, a.c) OPERATOR(pg_catalog.<>) (b.r, b.c) LIMIT 1";
  }

  /** The rows of a table that it takes, and that meet a condition over alias {@code t}; {@code r} and {@code c} say where they are. */
  String rows(String from, String condition) {
    return "SELECT t.tableoid AS r, t.ctid AS c, " + selected() + " FROM " + from + " AS t WHERE " + applies()
        + " AND " + condition;
  }

  /**
   * Keeps others that check rules of the table from committing until this transaction has: what neither sees of the other
   * would else pass both their checks.
   */
  static String turn(int tableOid) {
    return "SELECT pg_catalog.pg_advisory_xact_lock(1752327023, " + tableOid + ")";
  }
}
