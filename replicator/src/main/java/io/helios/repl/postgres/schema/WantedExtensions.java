package io.helios.repl.postgres.schema;

import io.helios.repl.postgres.EmptySearchPath;
import io.helios.repl.postgres.Identifiers;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Extensions that a scope's definitions depend on and the target lacks. What only the body of a function says, nobody can
 * know.
 *
 * @param statements SQL for those that are to be had there, and that any owner of a database may make (trusted ones)
 * @param leftOut the others, with what to do
 */
record WantedExtensions(List<String> statements, List<String> leftOut) {

  private static final String USED =
      """
      SELECT DISTINCT e.extname, n.nspname
      FROM pg_catalog.pg_extension e
      JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
      JOIN pg_catalog.pg_depend m ON m.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND m.refobjid = e.oid
        AND m.deptype = 'e'
      LEFT JOIN pg_catalog.pg_depend d ON d.refclassid = m.classid AND d.refobjid = m.objid
      WHERE e.extname <> 'plpgsql' AND (? OR EXISTS (
        SELECT FROM pg_catalog.pg_namespace s
        WHERE s.nspname = ANY (?) AND s.oid IN (
          (SELECT c.relnamespace FROM pg_catalog.pg_class c
            WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = d.objid),
          (SELECT p.pronamespace FROM pg_catalog.pg_proc p
            WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid = d.objid),
          (SELECT t.typnamespace FROM pg_catalog.pg_type t
            WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid = d.objid),
          (SELECT k.connamespace FROM pg_catalog.pg_constraint k
            WHERE d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND k.oid = d.objid),
          (SELECT c.relnamespace FROM pg_catalog.pg_attrdef a JOIN pg_catalog.pg_class c ON c.oid = a.adrelid
            WHERE d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND a.oid = d.objid),
          (SELECT c.relnamespace FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
            WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.oid = d.objid),
          (SELECT c.relnamespace FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
            WHERE d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND t.oid = d.objid),
          (SELECT c.relnamespace FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
            WHERE d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND p.oid = d.objid))))
      ORDER BY 1
      """;

  private static final String OFFERED =
      """
      SELECT v.name, pg_catalog.bool_or(v.trusted), pg_catalog.bool_or(e.oid IS NOT NULL)
      FROM pg_catalog.pg_available_extension_versions v
      LEFT JOIN pg_catalog.pg_extension e ON e.extname = v.name
      GROUP BY v.name
      """;

  static WantedExtensions read(Connection source, Connection target, DefinitionScope scope) throws SQLException {
    Map<String, Boolean> trusted = new HashMap<>();
    List<String> there = new ArrayList<>();
    try (PreparedStatement query = target.prepareStatement(OFFERED);
        ResultSet row = query.executeQuery()) {
      while (row.next()) {
        trusted.put(row.getString(1), row.getBoolean(2));
        if (row.getBoolean(3)) {
          there.add(row.getString(1));
        }
      }
    }
    List<String> statements = new ArrayList<>();
    List<String> leftOut = new ArrayList<>();
    try (EmptySearchPath _ = EmptySearchPath.on(source);
        PreparedStatement query = source.prepareStatement(USED)) {
      query.setBoolean(1, scope.database());
      query.setArray(2, source.createArrayOf("text", scope.schemas().toArray()));
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          String name = row.getString(1);
          String create = "CREATE EXTENSION IF NOT EXISTS " + Identifiers.quote(name) + " WITH SCHEMA "
              + Identifiers.quote(row.getString(2));
          if (there.contains(name)) {
            continue;
          }
          if (!trusted.containsKey(name)) {
            leftOut.add("extension " + name + ": the target's server does not have it; install its package there, then: "
                + create);
          } else if (!Boolean.TRUE.equals(trusted.get(name))) {
            leftOut.add("extension " + name + ": a superuser has to make it: " + create);
          } else {
            if (!row.getString(2).equals("public")) {
              statements.add("CREATE SCHEMA IF NOT EXISTS " + Identifiers.quote(row.getString(2)));
            }
            statements.add(create);
          }
        }
      }
    }
    return new WantedExtensions(statements, leftOut);
  }
}
