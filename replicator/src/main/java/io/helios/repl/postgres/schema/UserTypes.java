package io.helios.repl.postgres.schema;

import io.helios.repl.postgres.EmptySearchPath;
import io.helios.repl.postgres.Identifiers;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The types of a database that are not built in: enums, domains, composites, ranges with their multiranges, and what
 * stands for others (arrays, types of extensions). Facts: PostgreSQL {@code pg_type}, {@code pg_enum}, {@code pg_range}.
 */
final class UserTypes {

  /**
   * @param kind {@code pg_type.typtype}
   * @param extension the extension that it comes with, else empty
   * @param body what follows {@code CREATE TYPE name} or {@code CREATE DOMAIN name}; empty where it cannot be written so
   * @param labels of an enum, in its order, as SQL literals
   * @param notNull for domains
   * @param uses OIDs of the types that it is made of
   * @param standsFor the type that comes with this one: an array's element, a multirange's range; else 0
   * @param obstacle why no statement of ours creates it, or null
   */
  record UserType(
      long oid,
      String schema,
      String name,
      char kind,
      String extension,
      String extensionSchema,
      String body,
      List<String> labels,
      boolean notNull,
      @Nullable String defaultSql,
      Needs defaultNeeds,
      List<Check> checks,
      List<Long> uses,
      long standsFor,
      @Nullable String obstacle) {

    String sqlName() {
      return Identifiers.quote(schema, name);
    }

    /** For people; not SQL. */
    String qualifiedName() {
      return schema + "." + name;
    }

    /** Two types of one name with equal signatures hold the same values. */
    String signature() {
      return (kind == 'd' ? "DOMAIN " : "TYPE ") + body + (notNull ? " NOT NULL" : "");
    }
  }

  /** A domain's check. */
  record Check(String name, String definition, boolean validated, Needs needs) {}

  private static final String TYPES =
      """
      SELECT t.oid::pg_catalog.int8, n.nspname, t.typname, t.typtype::pg_catalog.text, coalesce(e.extname, ''),
        t.typnotnull, pg_catalog.pg_get_expr(t.typdefaultbin, 0),
        coalesce(el.oid, mr.rngtypid, 0)::pg_catalog.int8, t.typbasetype::pg_catalog.int8,
        CASE WHEN t.typtype = 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) END,
        CASE WHEN t.typtype = 'd' AND t.typcollation <> b.typcollation
          THEN %s END,
        r.rngsubtype::pg_catalog.int8, pg_catalog.format_type(r.rngsubtype, NULL), o.opcdefault,
        r.rngcanonical = 0, f.proname, fn.nspname = 'pg_catalog', mt.typname, mn.nspname,
        CASE WHEN t.typtype = 'r' AND r.rngcollation <> s.typcollation
          THEN %s END,
        en.nspname,
        %s,
        %s
      FROM pg_catalog.pg_type t
      JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
      LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
      LEFT JOIN pg_catalog.pg_type el ON el.typarray = t.oid
      LEFT JOIN pg_catalog.pg_class elc ON elc.oid = el.typrelid
      LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
      LEFT JOIN pg_catalog.pg_collation l ON l.oid = t.typcollation
      LEFT JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace
      LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid
      LEFT JOIN pg_catalog.pg_type s ON s.oid = r.rngsubtype
      LEFT JOIN pg_catalog.pg_collation rl ON rl.oid = r.rngcollation
      LEFT JOIN pg_catalog.pg_namespace rln ON rln.oid = rl.collnamespace
      LEFT JOIN pg_catalog.pg_opclass o ON o.oid = r.rngsubopc
      LEFT JOIN pg_catalog.pg_proc f ON f.oid = r.rngsubdiff
      LEFT JOIN pg_catalog.pg_namespace fn ON fn.oid = f.pronamespace
      LEFT JOIN pg_catalog.pg_type mt ON mt.oid = r.rngmultitypid
      LEFT JOIN pg_catalog.pg_namespace mn ON mn.oid = mt.typnamespace
      LEFT JOIN pg_catalog.pg_range mr ON mr.rngmultitypid = t.oid
      LEFT JOIN pg_catalog.pg_depend x ON x.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND x.objid = t.oid
        AND x.deptype = 'e'
      LEFT JOIN pg_catalog.pg_extension e ON e.oid = x.refobjid
      LEFT JOIN pg_catalog.pg_namespace en ON en.oid = e.extnamespace
      WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND coalesce(c.relkind, 'c') = 'c' AND coalesce(elc.relkind, 'c') = 'c'
      """
          .formatted(
              Needs.quoted("ln.nspname", "l.collname"),
              Needs.quoted("rln.nspname", "rl.collname"),
              Needs.functionsOf("t.typdefaultbin::pg_catalog.text"),
              Needs.othersOf("pg_type", "t.oid"));

  private static final String LABELS =
      """
      SELECT e.enumtypid::pg_catalog.int8, pg_catalog.quote_literal(e.enumlabel)
      FROM pg_catalog.pg_enum e ORDER BY e.enumtypid, e.enumsortorder
      """;

  private static final String ATTRIBUTES =
      """
      SELECT c.reltype::pg_catalog.int8, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
        a.atttypid::pg_catalog.int8,
        CASE WHEN a.attcollation <> t.typcollation
          THEN %s END
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
      LEFT JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace
      WHERE c.relkind = 'c' ORDER BY c.oid, a.attnum
      """
          .formatted(Needs.quoted("n.nspname", "l.collname"));

  private static final String CHECKS =
      """
      SELECT k.contypid::pg_catalog.int8, k.conname, pg_catalog.pg_get_constraintdef(k.oid), k.convalidated,
        %s,
        %s
      FROM pg_catalog.pg_constraint k
      WHERE k.contypid <> 0 AND k.contype = 'c' ORDER BY k.contypid, k.conname
      """
          .formatted(
              Needs.functionsOf("k.conbin::pg_catalog.text"), Needs.othersOf("pg_constraint", "k.oid"));

  private final Map<Long, UserType> byOid;

  private UserTypes(Map<Long, UserType> byOid) {
    this.byOid = byOid;
  }

  Optional<UserType> find(String schema, String name) {
    return byOid.values().stream()
        .filter(t -> t.schema().equals(schema) && t.name().equals(name))
        .findFirst();
  }

  List<UserType> all() {
    return byOid.values().stream().sorted(java.util.Comparator.comparingLong(UserType::oid)).toList();
  }

  /** Built in (initdb's OIDs end at 16383), or one of these; a table's row type is neither. */
  boolean knows(long oid) {
    return oid < 16384 || byOid.containsKey(oid);
  }

  /** What the type is made of, arrays and multiranges resolved; built-in ones are not among it. */
  List<UserType> parts(UserType type) {
    return closure(type.uses());
  }

  /** The types that the given ones are made of, themselves included, each after what it is made of; no stand-ins. */
  List<UserType> closure(Iterable<Long> oids) {
    Map<Long, UserType> ordered = new LinkedHashMap<>();
    for (long oid : oids) {
      visit(oid, ordered);
    }
    return List.copyOf(ordered.values());
  }

  private void visit(long oid, Map<Long, UserType> ordered) {
    UserType type = byOid.get(oid);
    if (type == null || ordered.containsKey(oid)) {
      return;
    }
    if (type.standsFor() != 0) {
      visit(type.standsFor(), ordered);
      return;
    }
    type.uses().forEach(used -> visit(used, ordered));
    ordered.put(oid, type);
  }

  static UserTypes read(Connection connection) throws SQLException {
    try (EmptySearchPath _ = EmptySearchPath.on(connection)) {
      Map<Long, List<String>> labels = new HashMap<>();
      each(connection, LABELS, row -> add(labels, row.getLong(1), row.getString(2)));
      Map<Long, List<String>> attributes = new HashMap<>();
      Map<Long, List<Long>> attributeTypes = new HashMap<>();
      each(connection, ATTRIBUTES, row -> {
        String collation = row.getString(5);
        add(
            attributes,
            row.getLong(1),
            Identifiers.quote(row.getString(2)) + " " + row.getString(3)
                + (collation == null ? "" : " COLLATE " + collation));
        add(attributeTypes, row.getLong(1), row.getLong(4));
      });
      Map<Long, List<Check>> checks = new HashMap<>();
      each(
          connection,
          CHECKS,
          row -> add(
              checks,
              row.getLong(1),
              new Check(row.getString(2), row.getString(3), row.getBoolean(4), Needs.read(row, 5, 6))));
      Map<Long, UserType> types = new HashMap<>();
      each(connection, TYPES, row -> {
        long oid = row.getLong(1);
        UserType type = of(
            row,
            labels.getOrDefault(oid, List.of()),
            attributes.getOrDefault(oid, List.of()),
            attributeTypes.getOrDefault(oid, List.of()),
            checks.getOrDefault(oid, List.of()));
        types.put(oid, type);
      });
      return new UserTypes(types);
    }
  }

  private static UserType of(
      ResultSet row, List<String> labels, List<String> attributes, List<Long> attributeTypes, List<Check> checks)
      throws SQLException {
    char kind = row.getString(4).charAt(0);
    long standsFor = row.getLong(8);
    String collation = row.getString(11);
    String body =
        switch (kind) {
          case 'e' -> "AS ENUM (" + String.join(", ", labels) + ")";
          case 'c' -> "AS (" + String.join(", ", attributes) + ")";
          case 'd' -> "AS " + row.getString(10) + (collation == null ? "" : " COLLATE " + collation);
          case 'r' -> rangeBody(row);
          default -> "";
        };
    List<Long> uses =
        switch (kind) {
          case 'c' -> attributeTypes;
          case 'd' -> List.of(row.getLong(9));
          case 'r' -> List.of(row.getLong(12));
          default -> List.of();
        };
    String obstacle = null;
    if (kind == 'r' && !(row.getBoolean(14) && row.getBoolean(15))) {
      obstacle = "is a range with an operator class or a canonical function of its own";
    } else if (kind == 'b' && standsFor == 0) {
      obstacle = "is a base type";
    }
    String extensionSchema = row.getString(21);
    return new UserType(
        row.getLong(1),
        row.getString(2),
        row.getString(3),
        kind,
        row.getString(5),
        extensionSchema == null ? "" : extensionSchema,
        body,
        labels,
        row.getBoolean(6),
        row.getString(7),
        Needs.read(row, 22, 23),
        checks,
        uses,
        standsFor,
        obstacle);
  }

  private static String rangeBody(ResultSet row) throws SQLException {
    String difference = row.getBoolean(17) ? ", SUBTYPE_DIFF = pg_catalog." + Identifiers.quote(row.getString(16)) : "";
    String collation = row.getString(20);
    return "AS RANGE (SUBTYPE = " + row.getString(13)
        + (collation == null ? "" : ", COLLATION = " + collation)
        + difference
        + ", MULTIRANGE_TYPE_NAME = " + Identifiers.quote(row.getString(19), row.getString(18)) + ")";
  }

  private static <V> void add(Map<Long, List<V>> map, long key, V value) {
    map.computeIfAbsent(key, k -> new ArrayList<>()).add(value);
  }

  /** What is done with a row. */
  interface RowReader {
    void read(ResultSet row) throws SQLException;
  }

  private static void each(Connection connection, String sql, RowReader reader) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(sql);
        ResultSet row = query.executeQuery()) {
      while (row.next()) {
        reader.read(row);
      }
    }
  }
}
