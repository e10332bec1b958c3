package io.helios.repl.postgres.schema;

import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.EmptySearchPath;
import io.helios.repl.postgres.Identifiers;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Tables with their partitions as the source's catalog has them, down to what is needed to write them as SQL again, in
 * six queries however many there are.
 *
 * @param relations roots before their partitions, parents before children
 * @param notCarried what belongs to a table and is never created, by the table's OID
 */
record SourceRelations(List<SourceRelation> relations, Map<Long, List<String>> notCarried) {

  /**
   * @param root OID of the table that this is a partition of at some depth, or its own
   * @param parent {@code "schema"."name"} of the direct parent, null for a root
   * @param partitionKey as {@code PARTITION BY} takes it, null where not partitioned
   * @param bound as {@code PARTITION OF} takes it, null for a root
   * @param extension the extension that the table belongs to, else empty
   */
  record SourceRelation(
      long oid,
      long root,
      String schema,
      String name,
      char kind,
      char replicaIdentity,
      @Nullable String parent,
      @Nullable String partitionKey,
      @Nullable String bound,
      String extension,
      Needs partitionKeyNeeds,
      List<Column> columns,
      List<Constraint> constraints,
      List<Index> indexes,
      @Nullable IdentityOf identityIndex) {

    String sqlName() {
      return Identifiers.quote(schema, name);
    }

    String qualifiedName() {
      return schema + "." + name;
    }

    boolean isRoot() {
      return parent == null;
    }
  }

  /** @param collation SQL of a collation that is not the type's own, else null */
  record Column(
      String name,
      long typeOid,
      String typeSql,
      @Nullable String collation,
      boolean notNull,
      @Nullable String expression,
      Needs needs,
      char identity,
      char generated) {}

  /** @param kind {@code pg_constraint.contype}: p, u, x, c */
  record Constraint(String name, char kind, String definition, boolean validated, Needs needs) {}

  /** @param definition from {@code USING} on */
  record Index(String name, boolean unique, String definition, boolean valid, Needs needs) {}

  /** @param name the index; for a partition that got it from its root, the root's index, qualified */
  record IdentityOf(String name, boolean inherited) {}

  private static final String RELATIONS =
      """
      SELECT c.oid::pg_catalog.int8, r.oid::pg_catalog.int8, n.nspname, c.relname, c.relkind::pg_catalog.text,
        c.relreplident::pg_catalog.text, pn.nspname, p.relname,
        CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END,
        pg_catalog.pg_get_expr(c.relpartbound, c.oid), coalesce(e.extname, ''),
        %s,
        %s,
        ic.relname, tc.relname, tn.nspname
      FROM pg_catalog.unnest(?::pg_catalog.int8[]::pg_catalog.oid[]) r (oid)
      LEFT JOIN LATERAL pg_catalog.pg_partition_tree(r.oid) t ON true
      JOIN pg_catalog.pg_class c ON c.oid = coalesce(t.relid::pg_catalog.oid, r.oid)
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_catalog.pg_class p ON p.oid = t.parentrelid::pg_catalog.oid
      LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
      LEFT JOIN pg_catalog.pg_partitioned_table pt ON pt.partrelid = c.oid
      LEFT JOIN pg_catalog.pg_depend x ON x.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND x.objid = c.oid AND x.objsubid = 0 AND x.deptype = 'e'
      LEFT JOIN pg_catalog.pg_extension e ON e.oid = x.refobjid
      LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisreplident AND c.relreplident = 'i'
      LEFT JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
      LEFT JOIN LATERAL (
        SELECT a.relid::pg_catalog.oid AS oid
        FROM pg_catalog.pg_partition_ancestors(i.indexrelid) WITH ORDINALITY a (relid, place)
        ORDER BY a.place DESC LIMIT 1
      ) top ON top.oid <> i.indexrelid
      LEFT JOIN pg_catalog.pg_class tc ON tc.oid = top.oid
      LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = tc.relnamespace
      ORDER BY coalesce(t.level, 0), n.nspname, c.relname
      """
          .formatted(
              Needs.functionsOf("pt.partexprs::pg_catalog.text"), Needs.othersOf("pg_class", "c.oid"));

  private static final String COLUMNS =
      """
      SELECT a.attrelid::pg_catalog.int8, a.attname, a.atttypid::pg_catalog.int8,
        pg_catalog.format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attcollation <> t.typcollation
          THEN /*collation*/ END,
        a.attnotnull /*validated*/, pg_catalog.pg_get_expr(d.adbin, CASE WHEN a.attgenerated = '' THEN 0 ELSE d.adrelid END),
        /*functions*/,
        /*others*/,
        a.attidentity::pg_catalog.text, a.attgenerated::pg_catalog.text
      FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
      LEFT JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace
      WHERE a.attrelid = ANY (?::pg_catalog.int8[]::pg_catalog.oid[]) AND a.attnum > 0 AND NOT a.attisdropped
      ORDER BY a.attrelid, a.attnum
      """;

  private static final String CONSTRAINTS =
      """
      SELECT k.conrelid::pg_catalog.int8, k.conname, k.contype::pg_catalog.text, pg_catalog.pg_get_constraintdef(k.oid),
        k.convalidated,
        %s,
        %s
      FROM pg_catalog.pg_constraint k
      LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = k.conindid AND k.contype IN ('p', 'u', 'x')
      WHERE k.conrelid = ANY (?::pg_catalog.int8[]::pg_catalog.oid[]) AND k.contype IN ('p', 'u', 'x', 'c')
        AND k.conparentid = 0 AND (k.contype <> 'c' OR k.conislocal)
      ORDER BY k.conrelid, pg_catalog.strpos('puxc', k.contype::pg_catalog.text), k.conname
      """
          .formatted(
              Needs.functionsOf("coalesce(k.conbin::pg_catalog.text, i.indexprs::pg_catalog.text || ' ', '')"
                  + " || coalesce(i.indpred::pg_catalog.text, '')"),
              Needs.othersOf("pg_constraint", "k.oid")
                  + " || "
                  + Needs.othersOf("pg_class", "i.indexrelid"));

  private static final String INDEXES =
      """
      SELECT i.indrelid::pg_catalog.int8, c.relname, i.indisunique, pg_catalog.pg_get_indexdef(i.indexrelid),
        pg_catalog.quote_ident(c.relname),
        pg_catalog.quote_ident(tn.nspname) || '.' || pg_catalog.quote_ident(t.relname),
        i.indisvalid,
        %s,
        %s
      FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
      JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
      WHERE i.indrelid = ANY (?::pg_catalog.int8[]::pg_catalog.oid[]) AND i.indislive AND NOT c.relispartition
        AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
      ORDER BY i.indrelid, c.relname
      """
          .formatted(
              Needs.functionsOf("coalesce(i.indexprs::pg_catalog.text, '') || ' '"
                  + " || coalesce(i.indpred::pg_catalog.text, '')"),
              Needs.othersOf("pg_class", "i.indexrelid"));

  private static final String NOT_CARRIED =
      """
      SELECT k.conrelid::pg_catalog.int8, 'foreign key ' || k.conname
      FROM pg_catalog.pg_constraint k
      WHERE k.contype = 'f' AND k.conparentid = 0 AND k.conrelid = ANY (?::pg_catalog.int8[]::pg_catalog.oid[])
      UNION ALL
      SELECT t.tgrelid::pg_catalog.int8, 'trigger ' || t.tgname
      FROM pg_catalog.pg_trigger t
      WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgrelid = ANY (?::pg_catalog.int8[]::pg_catalog.oid[])
      UNION ALL
      SELECT r.ev_class::pg_catalog.int8, 'rule ' || r.rulename
      FROM pg_catalog.pg_rewrite r WHERE r.ev_class = ANY (?::pg_catalog.int8[]::pg_catalog.oid[])
      UNION ALL
      SELECT p.polrelid::pg_catalog.int8, 'policy ' || p.polname
      FROM pg_catalog.pg_policy p WHERE p.polrelid = ANY (?::pg_catalog.int8[]::pg_catalog.oid[])
      UNION ALL
      SELECT c.oid::pg_catalog.int8, 'row level security'
      FROM pg_catalog.pg_class c WHERE c.relrowsecurity AND c.oid = ANY (?::pg_catalog.int8[]::pg_catalog.oid[])
      UNION ALL
      SELECT h.inhrelid::pg_catalog.int8, 'inheritance from ' || c.relname
      FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_class c ON c.oid = h.inhparent AND c.relkind = 'r'
      WHERE h.inhrelid = ANY (?::pg_catalog.int8[]::pg_catalog.oid[])
      UNION ALL
      SELECT s.stxrelid::pg_catalog.int8, 'statistics ' || s.stxname
      FROM pg_catalog.pg_statistic_ext s WHERE s.stxrelid = ANY (?::pg_catalog.int8[]::pg_catalog.oid[])
      ORDER BY 1, 2
      """;

  static SourceRelations read(Connection source, Collection<Integer> rootOids) throws SQLException {
    try (EmptySearchPath _ = EmptySearchPath.on(source)) {
      List<Long> roots = rootOids.stream().map(Integer::toUnsignedLong).toList();
      List<SourceRelation> bare = new ArrayList<>();
      each(source, RELATIONS, roots, 1, row -> bare.add(bare(row)));
      List<Long> all = bare.stream().map(SourceRelation::oid).toList();
      Map<Long, List<Column>> columns = columns(source, all);
      Map<Long, List<Constraint>> constraints = new HashMap<>();
      each(
          source,
          CONSTRAINTS,
          all,
          1,
          row -> add(
              constraints,
              row.getLong(1),
              new Constraint(
                  row.getString(2),
                  row.getString(3).charAt(0),
                  row.getString(4),
                  row.getBoolean(5),
                  Needs.read(row, 6, 7))));
      Map<Long, List<Index>> indexes = new HashMap<>();
      each(source, INDEXES, all, 1, row -> add(indexes, row.getLong(1), index(row)));
      Map<Long, List<String>> notCarried = new HashMap<>();
      each(source, NOT_CARRIED, all, 7, row -> add(notCarried, row.getLong(1), row.getString(2)));
      List<SourceRelation> relations = bare.stream()
          .map(r -> new SourceRelation(
              r.oid(),
              r.root(),
              r.schema(),
              r.name(),
              r.kind(),
              r.replicaIdentity(),
              r.parent(),
              r.partitionKey(),
              r.bound(),
              r.extension(),
              r.partitionKeyNeeds(),
              columns.getOrDefault(r.oid(), List.of()),
              constraints.getOrDefault(r.oid(), List.of()),
              indexes.getOrDefault(r.oid(), List.of()),
              r.identityIndex()))
          .toList();
      return new SourceRelations(relations, notCarried);
    }
  }

  private static SourceRelation bare(ResultSet row) throws SQLException {
    String parent = row.getString(8) == null ? null : Identifiers.quote(row.getString(7), row.getString(8));
    IdentityOf identity = null;
    if (row.getString(14) != null) {
      identity = row.getString(15) == null
          ? new IdentityOf(row.getString(14), false)
          : new IdentityOf(Identifiers.quote(row.getString(16), row.getString(15)), true);
    }
    return new SourceRelation(
        row.getLong(1),
        row.getLong(2),
        row.getString(3),
        row.getString(4),
        row.getString(5).charAt(0),
        row.getString(6).charAt(0),
        parent,
        row.getString(9),
        row.getString(10),
        row.getString(11),
        Needs.read(row, 12, 13),
        List.of(),
        List.of(),
        List.of(),
        identity);
  }

  private static Map<Long, List<Column>> columns(Connection source, List<Long> oids) throws SQLException {
    String sql = COLUMNS
        .replace("/*collation*/", Needs.quoted("n.nspname", "l.collname"))
        .replace("/*validated*/", Catalog.notNullIsValidated(source))
        .replace("/*functions*/", Needs.functionsOf("d.adbin::pg_catalog.text"))
        .replace("/*others*/", Needs.othersOf("pg_attrdef", "d.oid"));
    Map<Long, List<Column>> columns = new HashMap<>();
    each(source, sql, oids, 1, row -> add(
        columns,
        row.getLong(1),
        new Column(
            row.getString(2),
            row.getLong(3),
            row.getString(4),
            row.getString(5),
            row.getBoolean(6),
            row.getString(7),
            Needs.read(row, 8, 9),
            character(row.getString(10)),
            character(row.getString(11)))));
    return columns;
  }

  /** {@code pg_get_indexdef} says ONLY for a partitioned table's index; ours shall reach its partitions. */
  private static Index index(ResultSet row) throws SQLException {
    boolean unique = row.getBoolean(3);
    String definition = row.getString(4);
    String head = "CREATE " + (unique ? "UNIQUE " : "") + "INDEX " + row.getString(5) + " ON ";
    String table = row.getString(6);
    for (String start : List.of(head + "ONLY " + table + " ", head + table + " ")) {
      if (definition.startsWith(start)) {
        return new Index(
            row.getString(2), unique, definition.substring(start.length()), row.getBoolean(7), Needs.read(row, 8, 9));
      }
    }
    throw new IllegalStateException("pg_get_indexdef has an unknown form for index " + row.getString(2));
  }

  private static char character(@Nullable String value) {
    return value == null || value.isEmpty() ? ' ' : value.charAt(0);
  }

  private static <V> void add(Map<Long, List<V>> map, long key, V value) {
    map.computeIfAbsent(key, k -> new ArrayList<>()).add(value);
  }

  /** What is done with a row. */
  interface RowReader {
    void read(ResultSet row) throws SQLException;
  }

  private static void each(Connection connection, String sql, List<Long> oids, int parameters, RowReader reader)
      throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(sql)) {
      for (int i = 1; i <= parameters; i++) {
        query.setArray(i, connection.createArrayOf("int8", oids.toArray()));
      }
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          reader.read(row);
        }
      }
    }
  }
}
