package io.helios.repl.apply;

import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.Identifiers;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The triggers of a guarded table, as SQL. A shared table has them in one of two manners:
 *
 * <ul>
 *   <li>{@link #ROWS}: {@code !helios_guard} is called for each row. PostgreSQL gives it to partitions by itself.
 *   <li>{@link #STATEMENTS}: three triggers, since one cannot have transition tables for several events, are called once for
 *       all rows of a statement. A row then costs next to nothing. But PostgreSQL fills transition tables even where the
 *       triggers are off, as they are for the applier ({@code MakeTransitionCaptureState}, trigger.c): a copy of a large table
 *       would go to disk twice. And they do not see what is written through a parent or a partitioned table: therefore
 *       {@code !helios_guard} stays, as one for rows that is never called; with a transition table it keeps the table from
 *       becoming a partition or a child ({@code FindTriggerIncompatibleWithInheritance}, trigger.c).
 * </ul>
 */
enum GuardTriggers {
  ROWS,
  STATEMENTS;

  private static final String ROW = "!helios_guard";
  private static final String TABLE = "!helios_guard_table";

  private static final Map<String, String> STATEMENT = new LinkedHashMap<>();

  static {
    STATEMENT.put("!helios_guard_insert", "AFTER INSERT ON %s REFERENCING NEW TABLE AS helios_new");
    STATEMENT.put("!helios_guard_update", "AFTER UPDATE ON %s REFERENCING OLD TABLE AS helios_old NEW TABLE AS helios_new");
    STATEMENT.put("!helios_guard_delete", "AFTER DELETE ON %s REFERENCING OLD TABLE AS helios_old");
  }

  /** The manner of the triggers that are there. */
  static GuardTriggers of(Connection connection, String schema, String table) throws SQLException {
    return Boolean.TRUE.equals(present(connection, schema, table).get(ROW)) ? STATEMENTS : ROWS;
  }

  /** Whether nobody writes the table but by its own name, so that {@link #STATEMENTS} reach all that is written. */
  static boolean isAlone(Connection connection, String schema, String table) throws SQLException {
    return asks(
        connection,
        """
        SELECT c.relkind = 'r' AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent))
        FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass(?)""",
        schema,
        table);
  }

  /**
   * What makes the triggers that the table should have and has not.
   *
   * @param tenantColumn null when all of the table is one tenant's: then there is but one manner
   */
  List<String> missing(Connection connection, int guard, String schema, String table, @Nullable String tenantColumn)
      throws SQLException {
    List<String> sql = new ArrayList<>();
    String name = Identifiers.quote(schema, table);
    Map<String, Boolean> there = present(connection, schema, table);
    if (tenantColumn != null) {
      GuardFunctions.Rows rows = this == ROWS ? GuardFunctions.Rows.EACH : GuardFunctions.Rows.ALL;
      if (!asks(connection, "SELECT pg_catalog.to_regprocedure(?) IS NOT NULL", rows.sqlName(tenantColumn))) {
        sql.addAll(rows.create(tenantColumn));
      }
      String call = " EXECUTE FUNCTION " + rows.sqlName(tenantColumn).replace("()", "('" + guard + "')");
      Boolean manner = there.get(ROW);
      if (this == STATEMENTS) {
        STATEMENT.forEach((trigger, definition) -> {
          if (!there.containsKey(trigger)) {
            sql.add("CREATE TRIGGER " + Identifiers.quote(trigger) + " " + definition.formatted(name) + " FOR EACH STATEMENT" + call);
          }
        });
        if (!Boolean.TRUE.equals(manner)) {
          sql.add(createOr(manner) + "AFTER DELETE ON " + name
              + " REFERENCING OLD TABLE AS helios_old FOR EACH ROW WHEN (false)" + call);
        }
      } else {
        if (!Boolean.FALSE.equals(manner)) {
          sql.add(createOr(manner) + "AFTER INSERT OR UPDATE OR DELETE ON " + name + " FOR EACH ROW" + call);
        }
        if (mayDrop(connection, schema, table)) {
          STATEMENT.keySet().stream()
              .filter(there::containsKey)
              .forEach(trigger -> sql.add(drop(trigger, schema, table)));
        }
      }
    } else if (!there.containsKey(ROW) && inherits(connection, schema, table)) {
      sql.add(createOr(null) + "AFTER UPDATE OR DELETE ON " + name + " FOR EACH ROW EXECUTE FUNCTION helios.guard_table('"
          + guard + "')");
    }
    String events = tenantColumn == null ? "INSERT OR UPDATE OR DELETE OR TRUNCATE" : "TRUNCATE";
    for (String[] part : withPartitions(connection, schema, table)) {
      if (!present(connection, part[0], part[1]).containsKey(TABLE)) {
        sql.add("CREATE TRIGGER " + Identifiers.quote(TABLE) + " BEFORE " + events + " ON " + Identifiers.quote(part[0], part[1])
            + " FOR EACH STATEMENT EXECUTE FUNCTION helios.guard_table('" + guard + "')");
      }
    }
    return sql;
  }

  /** What takes all triggers away, whichever are there. */
  static List<String> drop(Connection connection, String schema, String table) throws SQLException {
    List<String> sql = new ArrayList<>();
    for (String[] part : withPartitions(connection, schema, table)) {
      if (present(connection, part[0], part[1]).containsKey(TABLE)) {
        sql.add(drop(TABLE, part[0], part[1]));
      }
    }
    present(connection, schema, table).keySet().stream()
        .filter(trigger -> !trigger.equals(TABLE))
        .forEach(trigger -> sql.add(drop(trigger, schema, table)));
    return sql;
  }

  /** Only who owns a table may. */
  static boolean mayDrop(Connection connection, String schema, String table) throws SQLException {
    return asks(
        connection,
        "SELECT pg_catalog.pg_has_role(c.relowner, 'USAGE') FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass(?)",
        schema,
        table);
  }

  /** Of the trigger for rows: to replace the other manner's takes no right to drop it, and no lock that keeps readers out. */
  private static String createOr(@Nullable Boolean there) {
    return (there == null ? "CREATE" : "CREATE OR REPLACE") + " TRIGGER " + Identifiers.quote(ROW) + " ";
  }

  private static String drop(String trigger, String schema, String table) {
    return "DROP TRIGGER " + Identifiers.quote(trigger) + " ON " + Identifiers.quote(schema, table);
  }

  /** Our triggers of a table; each with whether it has a transition table. */
  private static Map<String, Boolean> present(Connection connection, String schema, String table) throws SQLException {
    Map<String, Boolean> triggers = new LinkedHashMap<>();
    try (PreparedStatement query = connection.prepareStatement(
        """
        SELECT tgname, tgoldtable IS NOT NULL OR tgnewtable IS NOT NULL FROM pg_catalog.pg_trigger
        WHERE tgrelid = pg_catalog.to_regclass(?) AND tgname LIKE '!helios\\_guard%' ORDER BY 1""")) {
      query.setString(1, Identifiers.quote(schema, table));
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          triggers.put(row.getString(1), row.getBoolean(2));
        }
      }
    }
    return triggers;
  }

  private static List<String[]> withPartitions(Connection connection, String schema, String table)
      throws SQLException {
    List<String[]> names = new ArrayList<>();
    names.add(new String[] {schema, table});
    try (PreparedStatement query = connection.prepareStatement(
        Catalog.PARTITIONS.formatted("pg_catalog.to_regclass(?)")
            + """
             SELECT n.nspname, c.relname
            FROM part JOIN pg_catalog.pg_class c ON c.oid = part.relid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relispartition AND c.relkind IN ('r', 'p') ORDER BY 1, 2""")) {
      query.setString(1, Identifiers.quote(schema, table));
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          names.add(new String[] {row.getString(1), row.getString(2)});
        }
      }
    }
    return names;
  }

  private static boolean inherits(Connection connection, String schema, String table) throws SQLException {
    return asks(
        connection,
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhrelid = pg_catalog.to_regclass(?))",
        schema,
        table);
  }

  private static boolean asks(Connection connection, String question, String schema, String table) throws SQLException {
    return asks(connection, question, Identifiers.quote(schema, table));
  }

  private static boolean asks(Connection connection, String question, String name) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(question)) {
      query.setString(1, name);
      try (ResultSet row = query.executeQuery()) {
        return row.next() && row.getBoolean(1);
      }
    }
  }
}
