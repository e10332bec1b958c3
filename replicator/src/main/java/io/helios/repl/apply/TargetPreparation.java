package io.helios.repl.apply;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.postgres.EmptySearchPath;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.schema.Definitions;
import io.helios.repl.postgres.schema.SchemaBuilder;
import io.helios.repl.postgres.schema.SchemaPlan;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Makes a target ready: schema helios, and the tables that it lacks, each in one transaction. Idempotent; what is there
 * stays as it is.
 */
public final class TargetPreparation {

  private TargetPreparation() {}

  /**
   * What {@link #run} would do now, in order; no statements when all is prepared.
   *
   * @param source an ordinary connection to the source, or null for schema helios alone
   * @param tables the source's tables that are to be applied here
   */
  public static SchemaPlan plan(
      Connection target, @Nullable Connection source, Collection<TableDefinition> tables) throws SQLException {
    return plan(target, source, tables, null);
  }

  /** The same; {@code definitions} are the tenant's own, null where tables alone are meant. */
  public static SchemaPlan plan(
      Connection target,
      @Nullable Connection source,
      Collection<TableDefinition> tables,
      @Nullable Definitions definitions)
      throws SQLException {
    List<String> sql = new ArrayList<>(TargetSchema.plan(target));
    if (source == null) {
      return new SchemaPlan(sql, List.of());
    }
    SchemaPlan tablesPlan = definitions == null
        ? SchemaBuilder.plan(source, target, tables)
        : definitions.plan(source, target, tables);
    sql.addAll(tablesPlan.statements());
    return new SchemaPlan(sql, tablesPlan.leftOut());
  }

  /**
   * Does it, and returns what was done.
   *
   * @param target as the configured role, in autocommit mode, pinned by {@code SessionSettings}
   * @param name the configured name, for messages
   * @throws OperatorException when rights are missing; the hint then is the SQL to be run by somebody who has them, and
   *     afterwards this has nothing left to do
   * @throws io.helios.repl.error.TransientException when it may succeed later
   * @throws SQLException when the catalogs cannot be read
   */
  public static SchemaPlan run(
      Connection target, String name, @Nullable Connection source, Collection<TableDefinition> tables)
      throws SQLException {
    return run(target, name, source, tables, null);
  }

  /** The same, with everything of {@code definitions} around the tables; what is left out is what was then found. */
  public static SchemaPlan run(
      Connection target,
      String name,
      @Nullable Connection source,
      Collection<TableDefinition> tables,
      @Nullable Definitions definitions)
      throws SQLException {
    try (EmptySearchPath _ = EmptySearchPath.on(target)) {
      String role = Identifiers.quote(TargetTableCheck.role(target));
      SchemaPlan plan;
      try {
        plan = plan(target, source, tables);
        TargetSchema.install(target);
      } catch (SQLException e) {
        throw refused(e, name, role, schemaSql(target, role));
      }
      if (source != null) {
        List<TableDefinition> missing = missing(target, tables);
        SchemaPlan created = new SchemaPlan(List.of(), List.of());
        try {
          created = SchemaBuilder.plan(source, target, tables);
          if (definitions == null) {
            SchemaBuilder.create(source, target, tables);
          } else {
            SchemaPlan done = definitions.create(source, target, tables);
            plan = new SchemaPlan(done.statements(), done.leftOut());
          }
          SeenTables.created(target, missing);
        } catch (SQLException e) {
          throw refused(e, name, role, lines(created.statements()) + "\n" + grants(missing, role));
        }
      }
      return plan;
    }
  }

  private static RuntimeException refused(SQLException e, String name, String role, String hint) {
    return SqlStates.classify(
        e, ErrorCode.TARGET_NOT_PREPARED, "target \"" + name + "\" cannot be prepared by role " + role, hint);
  }

  /** Enough for the role to do the rest itself. */
  static String schemaSql(Connection target, String role) throws SQLException {
    try (PreparedStatement query =
            target.prepareStatement("SELECT pg_catalog.to_regnamespace('helios') IS NOT NULL");
        ResultSet row = query.executeQuery()) {
      row.next();
      return row.getBoolean(1)
          ? lines(List.of(
              "GRANT ALL ON SCHEMA helios TO " + role,
              "GRANT ALL ON ALL TABLES IN SCHEMA helios TO " + role,
              "GRANT ALL ON ALL SEQUENCES IN SCHEMA helios TO " + role,
              "GRANT ALL ON ALL FUNCTIONS IN SCHEMA helios TO " + role))
          : "CREATE SCHEMA helios AUTHORIZATION " + role + ";";
    }
  }

  private static List<TableDefinition> missing(Connection target, Collection<TableDefinition> tables)
      throws SQLException {
    List<TableDefinition> missing = new ArrayList<>();
    try (PreparedStatement query = target.prepareStatement("SELECT pg_catalog.to_regclass(?) IS NULL")) {
      for (TableDefinition table : tables) {
        query.setString(1, table.sqlName());
        try (ResultSet row = query.executeQuery()) {
          row.next();
          if (row.getBoolean(1)) {
            missing.add(table);
          }
        }
      }
    }
    return missing;
  }

  /** What the role needs on tables that somebody else creates. */
  static String grants(List<TableDefinition> tables, String role) {
    List<String> sql = new ArrayList<>();
    tables.stream()
        .map(TableDefinition::schema)
        .distinct()
        .forEach(s -> sql.add("GRANT USAGE ON SCHEMA " + Identifiers.quote(s) + " TO " + role));
    if (!tables.isEmpty()) {
      sql.add("GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER ON "
          + tables.stream().map(TableDefinition::sqlName).collect(Collectors.joining(", ")) + " TO " + role);
    }
    return lines(sql);
  }

  /** Statements as a hint. */
  static String lines(List<String> sql) {
    return sql.stream().map(s -> s + ";").collect(Collectors.joining("\n"));
  }
}
