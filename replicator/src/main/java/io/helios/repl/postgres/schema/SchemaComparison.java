package io.helios.repl.postgres.schema;

import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.TableDefinition.ColumnDefinition;
import io.helios.repl.postgres.schema.UserTypes.UserType;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Whether a target's tables can hold what a source's tables hold, row for row. A target may have more columns, in
 * another order, as long as they fill themselves; its keys may be wider, never narrower.
 */
public final class SchemaComparison {

  private final TableDefinition source;
  private final String alter;
  private final List<Mismatch> found = new ArrayList<>();

  private SchemaComparison(TableDefinition source) {
    this.source = source;
    this.alter = "ALTER TABLE " + source.sqlName() + " ";
  }

  /** As {@link #mismatches(Connection, Connection, Collection)}, as text for people. */
  public static List<String> compare(Connection source, Connection target, Collection<TableDefinition> tables)
      throws SQLException {
    return mismatches(source, target, tables).stream().map(Mismatch::toString).toList();
  }

  /** As {@link #mismatches(TableDefinition, TableDefinition)}, as text for people. */
  public static List<String> compare(TableDefinition source, @Nullable TableDefinition target) {
    return mismatches(source, target).stream().map(Mismatch::toString).toList();
  }

  /**
   * Every mismatch of the given source tables with the target as it is now: tables, and the enums, domains, composites
   * and ranges in their columns. Empty when they fit.
   */
  public static List<Mismatch> mismatches(
      Connection source, Connection target, Collection<TableDefinition> tables) throws SQLException {
    Set<String> names = tables.stream().map(TableDefinition::sqlName).collect(Collectors.toSet());
    Map<String, TableDefinition> there =
        Catalog.tables(target, (schema, name) -> names.contains(Identifiers.quote(schema, name))).stream()
            .collect(Collectors.toMap(TableDefinition::sqlName, Function.identity()));
    List<Mismatch> mismatches = new ArrayList<>(typeMismatches(UserTypes.read(source), UserTypes.read(target), tables));
    tables.forEach(table -> mismatches.addAll(mismatches(table, there.get(table.sqlName()))));
    Map<String, List<UniqueIndex>> sourceIndexes = UniqueIndex.read(source);
    Map<String, List<UniqueIndex>> targetIndexes = UniqueIndex.read(target);
    for (TableDefinition table : tables) {
      List<UniqueIndex> known = sourceIndexes.getOrDefault(table.sqlName(), List.of());
      targetIndexes.getOrDefault(table.sqlName(), List.of()).stream()
          .filter(index -> index.refusesMoreThan(known))
          .forEach(index -> mismatches.add(new Mismatch(
              table.qualifiedName(),
              "has the unique index " + index.name() + " on the target, which is about more rows, or takes more of them for"
                  + " equal, than those of the source: it would refuse rows that the source has",
              "",
              false)));
    }
    return mismatches;
  }

  /** Every mismatch of one table. Pure. */
  public static List<Mismatch> mismatches(TableDefinition source, @Nullable TableDefinition target) {
    SchemaComparison comparison = new SchemaComparison(source);
    if (target == null) {
      comparison.add("is missing on the target", "");
    } else {
      comparison.columns(target);
      comparison.keys(target);
    }
    if (source.identityKey().isEmpty()) {
      comparison.found.add(new Mismatch(
          source.qualifiedName(),
          "has no replica identity on the source: its updates and deletes cannot be published",
          "",
          true));
    }
    return comparison.found;
  }

  private void columns(TableDefinition target) {
    for (ColumnDefinition column : source.columns()) {
      target.column(column.name()).ifPresentOrElse(
          there -> column(column, there),
          () -> add("column " + column.name() + " is missing on the target", alter + addColumn(column)));
    }
    target.columns().stream()
        .filter(c -> source.column(c.name()).isEmpty() && mustBeGiven(c))
        .forEach(c -> add(
            "column " + c.name() + " is NOT NULL without a default on the target and missing on the source",
            target.primaryKey().contains(c.name()) ? "" : alter + "ALTER COLUMN " + quoted(c) + " DROP NOT NULL"));
  }

  private void column(ColumnDefinition from, ColumnDefinition to) {
    String column = "column " + from.name() + " ";
    String alterColumn = alter + "ALTER COLUMN " + quoted(from) + " ";
    if (!from.typeSql().equals(to.typeSql())) {
      add(
          column + "is " + from.typeSql() + " on the source and " + to.typeSql() + " on the target",
          alterColumn + "TYPE " + from.typeSql()
              + (to.isGenerated() ? "" : " USING " + quoted(from) + "::" + from.typeSql()));
    }
    String again = alter + "DROP COLUMN " + quoted(from) + ", " + addColumn(from);
    if (from.isGenerated() && !to.isGenerated()) {
      add(column + "is generated on the source and plain on the target, where nothing would fill it", again);
    } else if (!from.isGenerated() && to.isGenerated()) {
      add(
          column + "is plain on the source and generated on the target, where it cannot be written",
          to.generated() == 's' ? alterColumn + "DROP EXPRESSION" : again);
    } else if (from.isGenerated() && !Objects.equals(from.defaultSql(), to.defaultSql())) {
      add(column + "is generated from another expression on the target", again);
    }
    if (to.notNull() && !from.notNull() && !to.isGenerated()) {
      add(column + "may be null on the source and is NOT NULL on the target", alterColumn + "DROP NOT NULL");
    }
  }

  private static String addColumn(ColumnDefinition column) {
    return "ADD COLUMN " + quoted(column) + " " + column.typeSql()
        + switch (column.generated()) {
          case 's' -> " GENERATED ALWAYS AS (" + column.defaultSql() + ") STORED";
          case 'v' -> " GENERATED ALWAYS AS (" + column.defaultSql() + ") VIRTUAL";
          default -> "";
        };
  }

  private static boolean mustBeGiven(ColumnDefinition column) {
    return column.notNull() && column.defaultSql() == null && column.identity() == ' ' && !column.isGenerated();
  }

  private void keys(TableDefinition target) {
    List<Set<String>> targetKeys = keysOf(target);
    List<String> naming =
        !source.primaryKey().isEmpty() || source.replicaIdentity() != 'i' ? source.primaryKey() : source.identityKey();
    Set<String> names = new HashSet<>(naming);
    if (!names.isEmpty() && !targetKeys.contains(names) && !new HashSet<>(target.primaryKey()).containsAll(names)) {
      boolean keyless = target.primaryKey().isEmpty();
      add(
          "has the key " + list(names) + " on the source and " + (keyless ? "none" : list(target.primaryKey()))
              + " on the target",
          alter + (keyless ? "ADD PRIMARY KEY (" : "ADD UNIQUE (")
              + naming.stream().map(Identifiers::quote).collect(Collectors.joining(", ")) + ")");
    }
    if (source.deferrableKeys() && !target.deferrableKeys() && !targetKeys.isEmpty()) {
      add("has a DEFERRABLE key on the source and none on the target: values that rows exchange would be refused", "");
    }
    List<Set<String>> sourceKeys = keysOf(source);
    for (Set<String> key : targetKeys) {
      if (sourceKeys.stream().noneMatch(key::containsAll)) {
        add("is unique by " + list(key) + " on the target only: it would refuse rows that the source has", "");
      }
    }
  }

  private static List<Set<String>> keysOf(TableDefinition table) {
    return Stream.concat(Stream.of(table.primaryKey()), table.uniqueKeys().stream())
        .filter(key -> !key.isEmpty())
        .<Set<String>>map(HashSet::new)
        .toList();
  }

  private static String list(Collection<String> columns) {
    return "(" + columns.stream().sorted().collect(Collectors.joining(", ")) + ")";
  }

  private static String quoted(ColumnDefinition column) {
    return Identifiers.quote(column.name());
  }

  private void add(String text, String mending) {
    found.add(new Mismatch(source.qualifiedName(), text, mending.isEmpty() ? "" : mending + ";", false));
  }

  private static List<Mismatch> typeMismatches(
      UserTypes source, UserTypes target, Collection<TableDefinition> tables) {
    Set<Long> used = new HashSet<>();
    tables.forEach(t -> t.columns().forEach(c -> used.add(Integer.toUnsignedLong(c.typeOid()))));
    List<Mismatch> found = new ArrayList<>();
    for (UserType type : source.closure(used)) {
      UserType there = target.find(type.schema(), type.name()).orElse(null);
      if (there != null && type.extension().isEmpty()) {
        typeMismatch(type, there).ifPresent(found::add);
      }
    }
    return found;
  }

  /** An enum of the target may have more labels. */
  private static Optional<Mismatch> typeMismatch(UserType source, UserType target) {
    String object = "type " + source.qualifiedName();
    if (source.kind() == 'e' && target.kind() == 'e') {
      List<String> lacking =
          source.labels().stream().filter(label -> !target.labels().contains(label)).toList();
      return lacking.isEmpty()
          ? Optional.empty()
          : Optional.of(new Mismatch(
              object,
              "lacks " + String.join(", ", lacking) + " on the target",
              lacking.stream()
                  .map(label -> "ALTER TYPE " + source.sqlName() + " ADD VALUE IF NOT EXISTS " + label + ";")
                  .collect(Collectors.joining("\n")),
              false));
    }
    return source.signature().equals(target.signature())
        ? Optional.empty()
        : Optional.of(new Mismatch(
            object,
            "is " + source.signature() + " on the source and " + target.signature() + " on the target",
            "",
            false));
  }
}
