package io.helios.repl.postgres.schema;

import io.helios.repl.postgres.EmptySearchPath;
import io.helios.repl.postgres.SqlStates;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Fills a target's materialized views, whose rows no stream and no copy brings: those that have rows at the source and were never filled
 * here. What has rows stays as it is.
 *
 * <p>A refresh runs the view's query with its owner's rights (matview.c). So that nobody's code runs with somebody else's rights because we
 * refresh, a view waits for its owner where it calls functions that are not his; of superusers, and of our own role, where it calls any.
 */
final class MaterializedViews {

  private static final String MINUTES = "10min";

  private static final String VIEWS =
      """
      SELECT c.oid::pg_catalog.regclass::pg_catalog.text, c.oid::pg_catalog.int8
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'm' AND %s = c.relispopulated AND /*scope*/ ORDER BY 1
      """;

  /** What a view's query leads to, through other views, operators and the rules of domains. */
  private static final String OTHERS_CODE =
      """
      WITH RECURSIVE reached (catalog, object) AS (
        SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, ?::pg_catalog.int8::pg_catalog.oid
        UNION
        SELECT e.catalog, e.object FROM reached r CROSS JOIN LATERAL (
          SELECT d.refclassid, d.refobjid FROM pg_catalog.pg_depend d
          WHERE d.classid = r.catalog AND d.objid = r.object AND d.refobjid::pg_catalog.int8 >= 16384
          UNION ALL
          SELECT 'pg_catalog.pg_rewrite'::pg_catalog.regclass::pg_catalog.oid, w.oid FROM pg_catalog.pg_rewrite w
          WHERE r.catalog = 'pg_catalog.pg_class'::pg_catalog.regclass AND w.ev_class = r.object AND w.ev_type = '1'
          UNION ALL
          SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass::pg_catalog.oid, k.oid FROM pg_catalog.pg_constraint k
          WHERE r.catalog = 'pg_catalog.pg_type'::pg_catalog.regclass AND k.contypid = r.object) e (catalog, object))
      SELECT p.oid::pg_catalog.regprocedure::pg_catalog.text
      FROM reached r
      JOIN pg_catalog.pg_proc p ON r.catalog = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid = r.object
      JOIN pg_catalog.pg_class c ON c.oid = ?::pg_catalog.int8::pg_catalog.oid
      JOIN pg_catalog.pg_roles o ON o.oid = c.relowner
      WHERE p.oid::pg_catalog.int8 >= 16384 AND (p.proowner <> c.relowner OR o.rolsuper OR o.rolname = CURRENT_USER)
        AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_depend d
          WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e')
      ORDER BY 1 LIMIT 1
      """;

  private record View(String name, long oid) {}

  private MaterializedViews() {}

  /**
   * Fills them, each in a transaction of its own.
   *
   * @param target not in a transaction; may be a session that does nothing else afterwards
   * @return what was filled, and which views wait for somebody, with why
   */
  static SchemaPlan fill(Connection source, Connection target, DefinitionScope scope) throws SQLException {
    List<String> filled = new ArrayList<>();
    List<String> waiting = new ArrayList<>();
    Set<String> withRows = new HashSet<>(views(source, scope, true).stream().map(View::name).toList());
    List<View> empty = new ArrayList<>(views(target, scope, false));
    empty.removeIf(view -> !withRows.contains(view.name()));
    if (empty.isEmpty()) {
      return new SchemaPlan(filled, waiting);
    }
    try (EmptySearchPath _ = EmptySearchPath.on(target);
        Statement statement = target.createStatement()) {
      statement.execute("SET statement_timeout = '" + MINUTES + "'");
      List<String> failed = new ArrayList<>();
      int before = -1;
      while (filled.size() > before) { // one may read another, and the name does not say which comes first
        before = filled.size();
        failed.clear();
        for (View view : List.copyOf(empty)) {
          String why = refresh(target, statement, view);
          if (why == null) {
            filled.add(view.name());
            empty.remove(view);
          } else {
            failed.add("rows of materialized view " + DefinitionNames.printable(view.name()) + ": " + why);
          }
        }
      }
      waiting.addAll(failed);
      statement.execute("RESET statement_timeout");
    }
    return new SchemaPlan(
        filled.isEmpty() ? List.of() : List.of("-- " + DefinitionNames.counted("materialized view", filled.size()) + " filled"), waiting);
  }

  /** Why not; null when it is filled. */
  private static @Nullable String refresh(Connection target, Statement statement, View view) throws SQLException {
    try (PreparedStatement query = target.prepareStatement(OTHERS_CODE)) {
      query.setLong(1, view.oid());
      query.setLong(2, view.oid());
      try (ResultSet row = query.executeQuery()) {
        if (row.next()) {
          return "it calls " + DefinitionNames.printable(row.getString(1)) + ", so that its owner has to REFRESH it";
        }
      }
      statement.execute("REFRESH MATERIALIZED VIEW " + view.name());
      return null;
    } catch (SQLException e) {
      if (target.isClosed() || e.getSQLState() == null || e.getSQLState().startsWith("08") || e.getSQLState().startsWith("57P")) {
        throw e; // the server's trouble, not the view's
      }
      return "its REFRESH failed: " + SqlStates.reason(e);
    }
  }

  private static List<View> views(Connection connection, DefinitionScope scope, boolean populated) throws SQLException {
    try (EmptySearchPath _ = EmptySearchPath.on(connection);
        PreparedStatement query =
            connection.prepareStatement(VIEWS.formatted(populated).replace("/*scope*/", scope.condition("n.nspname")))) {
      query.setArray(1, connection.createArrayOf("text", scope.parameter()));
      List<View> views = new ArrayList<>();
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          views.add(new View(row.getString(1), row.getLong(2)));
        }
      }
      return views;
    }
  }
}
