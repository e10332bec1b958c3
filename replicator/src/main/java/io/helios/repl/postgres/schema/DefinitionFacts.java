package io.helios.repl.postgres.schema;

import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.EmptySearchPath;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What has to be known of a source's definitions before they are made elsewhere: whose table they belong to, with whose
 * rights they run, and what they are never made for. By catalog and OID, since names can be made to look alike.
 */
final class DefinitionFacts {

  /**
   * @param relation {@code "schema"."name"} of the table or view that it belongs to, or is; null for none
   * @param onTable whether that is a table, not a view
   * @param name its own, within that relation
   * @param ownersRights whether it runs with its owner's rights (of {@code relation}, where it belongs to one)
   * @param ours whether helios-repl made it there
   * @param restrictive whether leaving it out would show more rows
   * @param obstacle why it is never made, or null
   */
  record Fact(
      @Nullable String relation,
      boolean onTable,
      String name,
      boolean ownersRights,
      boolean ours,
      boolean restrictive,
      @Nullable String obstacle) {

    static final Fact NONE = new Fact(null, false, "", false, false, false, null);
  }

  private record Place(long catalog, long oid) {}

  private static final String FACTS =
      """
      SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int8, p.oid::pg_catalog.int8,
        NULL::pg_catalog.text, false, p.proname::pg_catalog.text, p.prosecdef, false, false,
        CASE WHEN NOT l.lanpltrusted AND p.prokind <> 'a'
          THEN 'is written in ' || l.lanname || ', which only a superuser may use' END
      FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang WHERE p.oid = ANY (/*oids*/)
      UNION ALL
      SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int8, c.oid::pg_catalog.int8,
        /*table*/, coalesce(t.relkind, c.relkind) IN ('r', 'p'), c.relname,
        c.relkind IN ('v', 'm') AND NOT coalesce((
          SELECT pg_catalog.bool_or(pg_catalog.lower(o) ~ '^security_invoker=(true|on|yes|1|t|y)$')
          FROM pg_catalog.unnest(c.reloptions) o), false),
        false, false,
        CASE WHEN t.relkind = 'm' AND EXISTS (
            SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.refclassid IN (
              'pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass))
          THEN 'calls functions, which would run while it is made' END
      FROM pg_catalog.pg_class c
      LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
      LEFT JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = coalesce(t.relnamespace, c.relnamespace)
      WHERE c.oid = ANY (/*oids*/)
      UNION ALL
      SELECT 'pg_catalog.pg_trigger'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int8, g.oid::pg_catalog.int8,
        /*table*/, c.relkind IN ('r', 'p'), g.tgname, false, fn.nspname = 'helios', false,
        CASE WHEN g.tgenabled IN ('A', 'R') THEN 'fires while changes are applied too (ENABLE ALWAYS or REPLICA)' END
      FROM pg_catalog.pg_trigger g
      JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid
      LEFT JOIN pg_catalog.pg_class t ON false
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_proc f ON f.oid = g.tgfoid
      JOIN pg_catalog.pg_namespace fn ON fn.oid = f.pronamespace
      WHERE g.oid = ANY (/*oids*/)
      UNION ALL
      SELECT 'pg_catalog.pg_rewrite'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int8, r.oid::pg_catalog.int8,
        /*table*/, c.relkind IN ('r', 'p'), r.rulename, true, false, false,
        CASE WHEN r.ev_enabled IN ('A', 'R') AND r.rulename <> '_RETURN'
          THEN 'fires while changes are applied too (ENABLE ALWAYS or REPLICA)' END
      FROM pg_catalog.pg_rewrite r
      JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
      LEFT JOIN pg_catalog.pg_class t ON false
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE r.oid = ANY (/*oids*/)
      UNION ALL
      SELECT 'pg_catalog.pg_policy'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int8, p.oid::pg_catalog.int8,
        /*table*/, true, p.polname, false, false, NOT p.polpermissive, NULL
      FROM pg_catalog.pg_policy p
      JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
      LEFT JOIN pg_catalog.pg_class t ON false
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE p.oid = ANY (/*oids*/)
      UNION ALL
      SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int8, k.oid::pg_catalog.int8,
        /*table*/, true, k.conname, false, false, false, NULL
      FROM pg_catalog.pg_constraint k
      JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
      LEFT JOIN pg_catalog.pg_class t ON false
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE k.oid = ANY (/*oids*/)
      UNION ALL
      SELECT 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int8, s.oid::pg_catalog.int8,
        /*table*/, c.relkind IN ('r', 'p'), s.stxname, false, false, false,
        CASE WHEN s.stxexprs IS NOT NULL THEN 'is of expressions, which ANALYZE evaluates as the table''s owner' END
      FROM pg_catalog.pg_statistic_ext s
      JOIN pg_catalog.pg_class c ON c.oid = s.stxrelid
      LEFT JOIN pg_catalog.pg_class t ON false
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE s.oid = ANY (/*oids*/)
      """
          .replace("/*table*/", Needs.quoted("n.nspname", "coalesce(t.relname, c.relname)"))
          .replace("/*oids*/", "?::pg_catalog.int8[]::pg_catalog.oid[]");

  private static final int PARAMETERS = 7;

  private final Map<Place, Fact> facts;
  private final Set<String> superusers;
  private final Set<String> forced;
  private final Map<String, String> owners;

  private DefinitionFacts(
      Map<Place, Fact> facts, Set<String> superusers, Set<String> forced, Map<String, String> owners) {
    this.facts = facts;
    this.superusers = superusers;
    this.forced = forced;
    this.owners = owners;
  }

  static DefinitionFacts read(Connection source, List<ArchiveEntry> entries) throws SQLException {
    try (EmptySearchPath _ = EmptySearchPath.on(source)) {
      Map<Place, Fact> facts = new HashMap<>();
      Object[] oids = entries.stream().map(ArchiveEntry::oid).filter(oid -> oid != 0).distinct().toArray();
      try (PreparedStatement query = source.prepareStatement(FACTS)) {
        for (int i = 1; i <= PARAMETERS; i++) {
          query.setArray(i, source.createArrayOf("int8", oids));
        }
        try (ResultSet row = query.executeQuery()) {
          while (row.next()) {
            facts.put(
                new Place(row.getLong(1), row.getLong(2)),
                new Fact(
                    row.getString(3), row.getBoolean(4), row.getString(5), row.getBoolean(6), row.getBoolean(7),
                    row.getBoolean(8), row.getString(9)));
          }
        }
      }
      Map<String, String> owners = new HashMap<>();
      Set<String> forced = new HashSet<>();
      try (PreparedStatement query = source.prepareStatement(
              "SELECT " + Needs.quoted("n.nspname", "c.relname") + ", pg_catalog.pg_get_userbyid(c.relowner), c.relforcerowsecurity"
                  + " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
                  + " WHERE c.relkind IN ('r', 'p')");
          ResultSet row = query.executeQuery()) {
        while (row.next()) {
          owners.put(row.getString(1), row.getString(2));
          if (row.getBoolean(3)) {
            forced.add(row.getString(1));
          }
        }
      }
      return new DefinitionFacts(
          facts, Roles.names(source, "SELECT rolname FROM pg_catalog.pg_roles WHERE rolsuper"), forced, owners);
    }
  }

  Fact of(ArchiveEntry entry) {
    return facts.getOrDefault(new Place(entry.catalog(), entry.oid()), Fact.NONE);
  }

  boolean isSuperuser(String role) {
    return superusers.contains(role);
  }

  /** Tables, by quoted name, whose policies bind their owner too. */
  boolean isForced(String table) {
    return forced.contains(table);
  }

  /** Of a table, by its quoted name; empty for what is none. */
  String ownerOf(String table) {
    return owners.getOrDefault(table, "");
  }

  /** A target's roles, from where somebody stands. */
  record Roles(String self, Set<String> all, Set<String> givable) {

    static Roles read(Connection target) throws SQLException {
      String set = Catalog.majorVersion(target) >= 16 ? "SET" : "MEMBER";
      return new Roles(
          names(target, "SELECT current_user::pg_catalog.text").iterator().next(),
          names(target, "SELECT rolname FROM pg_catalog.pg_roles"),
          names(
              target,
              "SELECT rolname FROM pg_catalog.pg_roles WHERE pg_catalog.pg_has_role(oid, 'USAGE')"
                  + " AND pg_catalog.pg_has_role(oid, '" + set + "')"));
    }

    static Set<String> names(Connection connection, String sql) throws SQLException {
      Set<String> names = new HashSet<>();
      try (PreparedStatement query = connection.prepareStatement(sql);
          ResultSet row = query.executeQuery()) {
        while (row.next()) {
          names.add(row.getString(1));
        }
      }
      return names;
    }
  }
}
