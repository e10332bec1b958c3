package io.helios.repl.postgres.schema;

import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.EmptySearchPath;
import io.helios.repl.postgres.TableDefinition;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a source defines within a scope, for a target that is to have it: tables as {@link SchemaBuilder} makes
 * them from the catalog, which lets no code of a tenant run while rows are written, and around them what pg_dump tells:
 * functions, views, triggers, policies, grants. Where no pg_dump fits, what is left out is told by name.
 *
 * <p>What the target has already stays as it is. One use, one thread. Throws {@link SQLException} as it comes.
 */
public final class Definitions {

  private final DefinitionScope scope;
  private final @Nullable PgDump dump;
  private final String why;
  private final List<ArchiveEntry> entries;

  private Definitions(DefinitionScope scope, @Nullable PgDump dump, String why, List<ArchiveEntry> entries) {
    this.scope = scope;
    this.dump = dump;
    this.why = why;
    this.entries = entries;
  }

  /**
   * Reads them; nothing has changed anywhere.
   *
   * @param source an ordinary connection to the source
   * @param at the source, for pg_dump
   * @throws io.helios.repl.error.OperatorException when pg_dump refuses, or the configured one cannot be used
   * @throws io.helios.repl.error.TransientException when it may succeed later
   */
  public static Definitions read(
      Connection source, ConnectionSettings at, DefinitionScope scope, DumpPolicy policy) throws SQLException {
    PgDump.Search search = PgDump.find(policy, Catalog.majorVersion(source), at);
    PgDump dump = search.dump();
    return new Definitions(scope, dump, search.why(), dump == null ? List.of() : Archive.read(dump.dump(at, scope)));
  }

  /** By what they are told, for people. */
  public String means() {
    return dump == null ? "from the catalog, tables alone: " + why : "by pg_dump " + dump.major();
  }

  /** What {@link #create} would do now; changes nothing. */
  public SchemaPlan plan(Connection source, Connection target, Collection<TableDefinition> tables) throws SQLException {
    TargetInventory inventory = TargetInventory.read(target);
    WantedExtensions extensions = WantedExtensions.read(source, target, scope);
    List<String> statements = new ArrayList<>(extensions.statements());
    SchemaBuilder.Tables built = SchemaBuilder.tables(source, inventory, tables, scope, schemas());
    statements.addAll(built.plan().statements());
    List<String> leftOut = new ArrayList<>(extensions.leftOut());
    leftOut.addAll(built.plan().leftOut());
    DefinitionNames there = DefinitionNames.read(target, scope);
    DefinitionNames here = DefinitionNames.read(source, scope);
    if (dump == null) {
      leftOut.addAll(lacking(here, there, built.made()));
      return new SchemaPlan(statements, leftOut);
    }
    leftOut.removeAll(built.lateDefaults().keySet());
    leftOut.addAll(inheritance(here, there));
    Made made = new Made(built.made(), built.schemas(), built.types());
    DefinitionRules rules = rules(source, target, inventory, here, there);
    Map<String, Integer> counts = new LinkedHashMap<>();
    for (ArchiveEntry entry : entries) {
      DefinitionRules.Verdict verdict = rules.judge(entry, made);
      switch (verdict.act()) {
        case PASS -> {}
        case LEAVE -> leftOut.add(entry.name() + ": " + verdict.why());
        case MAKE -> {
          if (!there.has(here.of(entry))) {
            made.add(entry);
            if (!rules.isDetail(entry)) {
              counts.merge(entry.kind().toLowerCase(java.util.Locale.ROOT), 1, Integer::sum);
            }
          }
        }
      }
    }
    leftOut.addAll(rules.missingOwners());
    statements.addAll(told(counts));
    return new SchemaPlan(statements, leftOut);
  }

  /** As a comment, since their SQL fills pages. */
  private List<String> told(Map<String, Integer> counts) {
    List<String> what = new ArrayList<>();
    counts.forEach((kind, count) -> {
      if (count > 0) {
        what.add(DefinitionNames.counted(kind, count));
      }
    });
    return what.isEmpty() ? List.of() : List.of("-- " + means() + ": " + String.join(", ", what));
  }

  /** What the target lacks once its tables are made, but for those tables themselves. */
  private static List<String> lacking(DefinitionNames here, DefinitionNames there, Collection<String> tables) {
    return DefinitionNames.lines(
        here.without(there).stream()
            .filter(named -> !TABLES_OWN.contains(named.kind()) || (tables.isEmpty() && named.kind().equals("table")))
            .toList());
  }

  /** It says nothing about rows: each table is made by itself. */
  private static List<String> inheritance(DefinitionNames here, DefinitionNames there) {
    return DefinitionNames.lines(
        here.without(there).stream().filter(named -> named.kind().equals("inheritance")).toList());
  }

  /** What comes with tables, and is told of singly where it does not. */
  private static final List<String> TABLES_OWN =
      List.of("table", "sequence", "type", "domain", "default", "index", "check", "extension");

  /**
   * Fills the target's materialized views that were never filled and have rows at the source; once its tables have theirs.
   *
   * @return what was filled, and what was not, and why
   */
  public SchemaPlan fill(Connection source, Connection target) throws SQLException {
    return MaterializedViews.fill(source, target, scope);
  }

  /** What a target lacks of a source's definitions now, one line a kind. */
  public static List<String> lacking(Connection source, Connection target, DefinitionScope scope) throws SQLException {
    return DefinitionNames.lines(
        DefinitionNames.read(source, scope).without(DefinitionNames.read(target, scope)));
  }

  /**
   * Makes what the target lacks, in one transaction, which is committed; the target connection must not be in one. When it
   * fails nothing has happened, and it can be called again.
   *
   * @return what was run, and what was left out
   * @throws io.helios.repl.error.OperatorException when something would show more at the target than at the source
   */
  public SchemaPlan create(Connection source, Connection target, Collection<TableDefinition> tables)
      throws SQLException {
    boolean autoCommit = target.getAutoCommit();
    target.setAutoCommit(false);
    boolean done = false;
    try (EmptySearchPath _ = EmptySearchPath.on(target);
        Statement statement = target.createStatement()) {
      statement.setEscapeProcessing(false);
      statement.execute("SET LOCAL standard_conforming_strings = on");
      statement.execute("SET LOCAL check_function_bodies = off");
      statement.execute("SELECT pg_catalog.pg_advisory_xact_lock(" + SchemaBuilder.LOCK + ")");
      SchemaPlan plan = create(source, target, tables, new DefinitionWriter(target, statement));
      target.commit();
      done = true;
      return plan;
    } finally {
      if (!done && !target.isClosed()) {
        target.rollback();
      }
      target.setAutoCommit(autoCommit);
    }
  }

  private SchemaPlan create(
      Connection source, Connection target, Collection<TableDefinition> tables, DefinitionWriter writer)
      throws SQLException {
    DefinitionNames here = DefinitionNames.read(source, scope);
    WantedExtensions extensions = WantedExtensions.read(source, target, scope);
    for (String sql : extensions.statements()) {
      writer.attempt(sql, sql);
    }
    TargetInventory inventory = TargetInventory.read(target);
    SchemaBuilder.Tables built = SchemaBuilder.tables(source, inventory, tables, scope, schemas());
    List<String> leftOut = new ArrayList<>(extensions.leftOut());
    leftOut.addAll(built.plan().leftOut());
    for (String sql : built.plan().statements()) {
      writer.run(sql);
    }
    if (dump != null) {
      DefinitionNames there = DefinitionNames.read(target, scope);
      DefinitionRules rules = rules(source, target, inventory, here, there);
      writer.write(entries, new Made(built.made(), built.schemas(), built.types()), rules);
      for (Map.Entry<String, String> late : built.lateDefaults().entrySet()) {
        leftOut.remove(late.getKey()); // else it is told again, with the newer reason
        writer.attempt(late.getKey(), late.getValue());
      }
      leftOut.addAll(inheritance(here, there));
      leftOut.addAll(rules.missingOwners());
      leftOut.addAll(writer.leftOut());
    } else {
      leftOut.addAll(writer.leftOut());
      leftOut.addAll(lacking(here, DefinitionNames.read(target, scope), List.of()));
    }
    List<String> statements = new ArrayList<>(writer.statements());
    statements.addAll(told(writer.counts()));
    return new SchemaPlan(statements, leftOut);
  }

  private List<String> schemas() {
    return entries.stream()
        .filter(entry -> entry.kind().equals("SCHEMA") && scope.takes(entry.tag()))
        .map(ArchiveEntry::tag)
        .toList();
  }

  private DefinitionRules rules(
      Connection source, Connection target, TargetInventory inventory, DefinitionNames here, DefinitionNames there)
      throws SQLException {
    return new DefinitionRules(
        scope,
        entries,
        DefinitionFacts.read(source, entries),
        DefinitionFacts.Roles.read(target),
        inventory,
        here,
        there);
  }
}
