package io.helios.repl.postgres.schema;

import io.helios.repl.postgres.EmptySearchPath;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a database defines within a scope, by kind and name: everything that an application may use there, without what an
 * extension brings, and without what helios-repl made.
 */
final class DefinitionNames {

  /** @param name qualified, and quoted where SQL needs it */
  record Named(String kind, String name) {}

  private record Place(long catalog, long oid) {}

  private static final int MOST_NAMES = 12;
  private static final int LONGEST_NAME = 120;

  private static final String NAMES =
      """
      WITH schemas AS (
        SELECT n.oid, n.nspname, n.nspacl, n.nspowner FROM pg_catalog.pg_namespace n WHERE /*scope*/
      ), of_extensions AS (
        SELECT d.classid, d.objid FROM pg_catalog.pg_depend d WHERE d.deptype = 'e'
      ), relations AS (
        SELECT c.*, c.oid::pg_catalog.regclass::pg_catalog.text AS name
        FROM pg_catalog.pg_class c JOIN schemas s ON s.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND NOT EXISTS (
          SELECT FROM of_extensions e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid)
      ), functions AS (
        SELECT p.*, p.oid::pg_catalog.regprocedure::pg_catalog.text AS name
        FROM pg_catalog.pg_proc p JOIN schemas s ON s.oid = p.pronamespace
        WHERE NOT EXISTS (
          SELECT FROM of_extensions e WHERE e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND e.objid = p.oid)
      )
      SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
          WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind,
        c.name, 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int8, c.oid::pg_catalog.int8
      FROM relations c
      UNION ALL
      SELECT CASE p.prokind WHEN 'a' THEN 'aggregate' WHEN 'p' THEN 'procedure' ELSE 'function' END, p.name,
        'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int8, p.oid::pg_catalog.int8
      FROM functions p
      UNION ALL
      SELECT 'trigger', pg_catalog.quote_ident(t.tgname) || ' on ' || c.name,
        'pg_catalog.pg_trigger'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int8, t.oid::pg_catalog.int8
      FROM pg_catalog.pg_trigger t
      JOIN relations c ON c.oid = t.tgrelid
      JOIN pg_catalog.pg_proc f ON f.oid = t.tgfoid
      JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace
      WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND n.nspname <> 'helios'
      UNION ALL
      SELECT 'rule', pg_catalog.quote_ident(r.rulename) || ' on ' || c.name,
        'pg_catalog.pg_rewrite'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int8, r.oid::pg_catalog.int8
      FROM pg_catalog.pg_rewrite r JOIN relations c ON c.oid = r.ev_class WHERE r.rulename <> '_RETURN'
      UNION ALL
      SELECT 'policy', pg_catalog.quote_ident(p.polname) || ' on ' || c.name,
        'pg_catalog.pg_policy'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int8, p.oid::pg_catalog.int8
      FROM pg_catalog.pg_policy p JOIN relations c ON c.oid = p.polrelid
      UNION ALL
      SELECT 'row-level security', 'of ' || c.name, 0, 0 FROM relations c WHERE c.relrowsecurity
      UNION ALL
      SELECT 'row-level security', 'forced, of ' || c.name, 0, 0 FROM relations c WHERE c.relforcerowsecurity
      UNION ALL
      SELECT 'foreign key', pg_catalog.quote_ident(k.conname) || ' on ' || c.name,
        'pg_catalog.pg_constraint'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int8, k.oid::pg_catalog.int8
      FROM pg_catalog.pg_constraint k JOIN relations c ON c.oid = k.conrelid WHERE k.contype = 'f' AND k.conparentid = 0
      UNION ALL
      SELECT 'check', pg_catalog.quote_ident(k.conname) || ' on ' || c.name, 0, 0
      FROM pg_catalog.pg_constraint k JOIN relations c ON c.oid = k.conrelid
      WHERE k.contype = 'c' AND k.conparentid = 0
      UNION ALL
      SELECT 'default', 'of ' || c.name || '.' || pg_catalog.quote_ident(a.attname), 0, 0
      FROM pg_catalog.pg_attribute a JOIN relations c ON c.oid = a.attrelid
      WHERE a.atthasdef AND NOT a.attisdropped AND a.attgenerated = '' AND NOT c.relispartition
      UNION ALL
      SELECT 'index', x.oid::pg_catalog.regclass::pg_catalog.text, 0, 0
      FROM pg_catalog.pg_index i JOIN relations c ON c.oid = i.indrelid JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
      WHERE NOT c.relispartition AND i.indisvalid
      UNION ALL
      SELECT 'inheritance', 'of ' || c.name || ' from ' || h.inhparent::pg_catalog.regclass::pg_catalog.text, 0, 0
      FROM pg_catalog.pg_inherits h JOIN relations c ON c.oid = h.inhrelid WHERE c.relkind = 'r' AND NOT c.relispartition
      UNION ALL
      SELECT 'statistics', pg_catalog.quote_ident(t.stxname) || ' of ' || c.name,
        'pg_catalog.pg_statistic_ext'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int8, t.oid::pg_catalog.int8
      FROM pg_catalog.pg_statistic_ext t JOIN relations c ON c.oid = t.stxrelid
      UNION ALL
      SELECT CASE t.typtype WHEN 'd' THEN 'domain' ELSE 'type' END, t.oid::pg_catalog.regtype::pg_catalog.text, 0, 0
      FROM pg_catalog.pg_type t JOIN schemas s ON s.oid = t.typnamespace
      LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
      WHERE coalesce(c.relkind, 'c') = 'c' AND t.typtype IN ('b', 'c', 'd', 'e', 'r') AND t.typelem = 0
        AND NOT EXISTS (
          SELECT FROM of_extensions e WHERE e.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND e.objid = t.oid)
      UNION ALL
      SELECT 'operator', o.oid::pg_catalog.regoperator::pg_catalog.text,
        'pg_catalog.pg_operator'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int8, o.oid::pg_catalog.int8
      FROM pg_catalog.pg_operator o JOIN schemas s ON s.oid = o.oprnamespace
      WHERE NOT EXISTS (
        SELECT FROM of_extensions e WHERE e.classid = 'pg_catalog.pg_operator'::pg_catalog.regclass AND e.objid = o.oid)
      UNION ALL
      SELECT 'collation', pg_catalog.quote_ident(s.nspname) || '.' || pg_catalog.quote_ident(l.collname),
        'pg_catalog.pg_collation'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int8, l.oid::pg_catalog.int8
      FROM pg_catalog.pg_collation l JOIN schemas s ON s.oid = l.collnamespace
      UNION ALL
      SELECT 'text search configuration', t.oid::pg_catalog.regconfig::pg_catalog.text,
        'pg_catalog.pg_ts_config'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int8, t.oid::pg_catalog.int8
      FROM pg_catalog.pg_ts_config t JOIN schemas s ON s.oid = t.cfgnamespace
      UNION ALL
      SELECT 'comment', 'on ' || c.name || coalesce('.' || pg_catalog.quote_ident(a.attname), ''), 0, 0
      FROM pg_catalog.pg_description d
      JOIN relations c ON d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objoid = c.oid
      LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid AND d.objsubid > 0
      UNION ALL
      SELECT 'comment', 'on ' || p.name, 0, 0
      FROM pg_catalog.pg_description d
      JOIN functions p ON d.classoid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objoid = p.oid
      UNION ALL
      SELECT 'grant', g.privileges || ' on ' || g.name || ' to ' || coalesce(pg_catalog.quote_ident(r.rolname), 'PUBLIC'), 0, 0
      FROM (
        SELECT o.name, x.grantee, pg_catalog.string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type) AS privileges
        FROM (
          SELECT c.name, c.relacl AS acl, c.relowner AS owner FROM relations c
          UNION ALL SELECT p.name, p.proacl, p.proowner FROM functions p
          UNION ALL SELECT 'schema ' || pg_catalog.quote_ident(s.nspname), s.nspacl, s.nspowner FROM schemas s
        ) o
        CROSS JOIN LATERAL pg_catalog.aclexplode(o.acl) x
        WHERE x.grantee <> o.owner AND x.privilege_type <> 'MAINTAIN'
        GROUP BY o.name, o.owner, x.grantee
      ) g
      LEFT JOIN pg_catalog.pg_roles r ON r.oid = g.grantee
      """;

  /** What only a database as a whole has. */
  private static final String OF_DATABASE =
      """
      SELECT 'event trigger', pg_catalog.quote_ident(t.evtname), 0, 0 FROM pg_catalog.pg_event_trigger t
      UNION ALL
      SELECT 'foreign server', pg_catalog.quote_ident(s.srvname), 0, 0 FROM pg_catalog.pg_foreign_server s
      UNION ALL
      SELECT 'extension', pg_catalog.quote_ident(e.extname), 0, 0 FROM pg_catalog.pg_extension e
      UNION ALL
      SELECT 'cast', pg_catalog.format_type(c.castsource, NULL) || ' as ' || pg_catalog.format_type(c.casttarget, NULL),
        'pg_catalog.pg_cast'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int8, c.oid::pg_catalog.int8
      FROM pg_catalog.pg_cast c
      WHERE c.oid >= 16384 AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.deptype = 'e' AND d.classid = 'pg_catalog.pg_cast'::pg_catalog.regclass AND d.objid = c.oid)
      """;

  private final Map<Place, Named> places;
  private final Set<Named> all;

  private DefinitionNames(Map<Place, Named> places, Set<Named> all) {
    this.places = places;
    this.all = all;
  }

  static DefinitionNames read(Connection connection, DefinitionScope scope) throws SQLException {
    try (EmptySearchPath _ = EmptySearchPath.on(connection)) {
      Map<Place, Named> places = new HashMap<>();
      Set<Named> all = new LinkedHashSet<>();
      String sql = NAMES.replace("/*scope*/", scope.condition("n.nspname"))
          + (scope.database() ? "UNION ALL\n" + OF_DATABASE : "");
      try (PreparedStatement query = connection.prepareStatement(sql + " ORDER BY 1, 2")) {
        query.setArray(1, connection.createArrayOf("text", scope.parameter()));
        try (ResultSet row = query.executeQuery()) {
          while (row.next()) {
            Named named = new Named(row.getString(1), row.getString(2));
            all.add(named);
            places.put(new Place(row.getLong(3), row.getLong(4)), named);
          }
        }
      }
      return new DefinitionNames(places, all);
    }
  }

  /** What the entry of a dump of this database is called here; null for what is not counted. */
  @Nullable Named of(ArchiveEntry entry) {
    return entry.oid() == 0 ? null : places.get(new Place(entry.catalog(), entry.oid()));
  }

  boolean has(@Nullable Named named) {
    return named != null && all.contains(named);
  }

  /** What this database has and the other one lacks. */
  List<Named> without(DefinitionNames other) {
    return all.stream().filter(named -> !other.all.contains(named)).toList();
  }

  /** One line a kind: how many, and the names of the first. */
  static List<String> lines(Collection<Named> named) {
    Map<String, List<String>> kinds = named.stream()
        .collect(Collectors.groupingBy(Named::kind, TreeMap::new, Collectors.mapping(Named::name, Collectors.toList())));
    List<String> lines = new ArrayList<>();
    kinds.forEach((kind, names) -> lines.add(
        counted(kind, names.size()) + ": "
            + Stream.concat(
                    names.stream().limit(MOST_NAMES).map(DefinitionNames::printable),
                    names.size() > MOST_NAMES ? Stream.of("… " + (names.size() - MOST_NAMES) + " more") : Stream.empty())
                .collect(Collectors.joining(", "))));
    return lines;
  }

  /** For example {@code 3 policies}. */
  static String counted(String kind, int count) {
    if (count == 1 || kind.endsWith("s") || kind.endsWith("security") || kind.equals("inheritance")) {
      return count + " " + kind;
    }
    return count + " " + switch (kind) {
      case "policy" -> "policies";
      case "index" -> "indexes";
      default -> kind + "s";
    };
  }

  /** A name as it can stand in a line. */
  static String printable(String name) {
    String line = name.replaceAll("\\p{Cntrl}+", " ");
    return line.length() <= LONGEST_NAME ? line : line.substring(0, LONGEST_NAME) + "…";
  }
}
