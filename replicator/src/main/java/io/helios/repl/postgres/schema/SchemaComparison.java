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

  private SchemaComparison() {}

  /**
   * Every mismatch of the given source tables with the target as it is now: tables, and the enums, domains, composites
   * and ranges in their columns. Empty when they fit.
   */
  public static List<String> compare(Connection source, Connection target, Collection<TableDefinition> tables)
      throws SQLException {
    Set<String> names = tables.stream().map(TableDefinition::sqlName).collect(Collectors.toSet());
    Map<String, TableDefinition> there =
        Catalog.tables(target, (schema, name) -> names.contains(Identifiers.quote(schema, name)))
            .stream()
            .collect(Collectors.toMap(TableDefinition::sqlName, Function.identity()));
    List<String> mismatches = new ArrayList<>();
    tables.forEach(table -> mismatches.addAll(compare(table, there.get(table.sqlName()))));
    mismatches.addAll(compareTypes(UserTypes.read(source), UserTypes.read(target), tables));
    return mismatches;
  }

  /** Every mismatch of one table, in plain words, each starting with the table's name. Pure. */
  public static List<String> compare(TableDefinition source, @Nullable TableDefinition target) {
    List<String> found = new ArrayList<>();
    if (target == null) {
      found.add("is missing on the target");
    } else {
      source.columns().forEach(column -> compareColumn(column, target, found));
      target.columns().stream()
          .filter(c -> source.column(c.name()).isEmpty() && mustBeGiven(c))
          .forEach(c -> found.add(
              "column " + c.name() + " is NOT NULL without a default on the target and missing on the source"));
      compareKeys(source, target, found);
    }
    if (source.identityKey().isEmpty()) {
      found.add("has no replica identity on the source: its updates and deletes cannot be published");
    }
    return found.stream().map(text -> source.qualifiedName() + ": " + text).toList();
  }

  private static void compareColumn(ColumnDefinition source, TableDefinition table, List<String> found) {
    ColumnDefinition target = table.column(source.name()).orElse(null);
    String column = "column " + source.name() + " ";
    if (target == null) {
      found.add(column + "is missing on the target");
      return;
    }
    if (!source.typeSql().equals(target.typeSql())) {
      found.add(column + "is " + source.typeSql() + " on the source and " + target.typeSql() + " on the target");
    }
    if (source.isGenerated() && !target.isGenerated()) {
      found.add(column + "is generated on the source and plain on the target, where nothing would fill it");
    } else if (!source.isGenerated() && target.isGenerated()) {
      found.add(column + "is plain on the source and generated on the target, where it cannot be written");
    } else if (source.isGenerated() && !Objects.equals(source.defaultSql(), target.defaultSql())) {
      found.add(column + "is generated from another expression on the target");
    }
    if (target.notNull() && !source.notNull() && !target.isGenerated()) {
      found.add(column + "may be null on the source and is NOT NULL on the target");
    }
  }

  private static boolean mustBeGiven(ColumnDefinition column) {
    return column.notNull() && column.defaultSql() == null && column.identity() == ' ' && !column.isGenerated();
  }

  private static void compareKeys(TableDefinition source, TableDefinition target, List<String> found) {
    List<Set<String>> targetKeys = keys(target);
    Set<String> naming = new HashSet<>(
        !source.primaryKey().isEmpty() || source.replicaIdentity() != 'i' ? source.primaryKey() : source.identityKey());
    if (!naming.isEmpty()
        && !targetKeys.contains(naming)
        && !new HashSet<>(target.primaryKey()).containsAll(naming)) {
      found.add(
          target.primaryKey().isEmpty()
              ? "has the key " + list(naming) + " on the source and none on the target"
              : "has the key " + list(naming) + " on the source and " + list(target.primaryKey()) + " on the target");
    }
    List<Set<String>> sourceKeys = keys(source);
    for (Set<String> key : targetKeys) {
      if (sourceKeys.stream().noneMatch(key::containsAll)) {
        found.add("is unique by " + list(key) + " on the target only: it would refuse rows that the source has");
      }
    }
  }

  private static List<Set<String>> keys(TableDefinition table) {
    return Stream.concat(Stream.of(table.primaryKey()), table.uniqueKeys().stream())
        .filter(key -> !key.isEmpty())
        .<Set<String>>map(HashSet::new)
        .toList();
  }

  private static String list(Collection<String> columns) {
    return "(" + columns.stream().sorted().collect(Collectors.joining(", ")) + ")";
  }

  private static List<String> compareTypes(UserTypes source, UserTypes target, Collection<TableDefinition> tables) {
    Set<Long> used = new HashSet<>();
    tables.forEach(t -> t.columns().forEach(c -> used.add(Integer.toUnsignedLong(c.typeOid()))));
    List<String> found = new ArrayList<>();
    for (UserType type : source.closure(used)) {
      UserType there = target.find(type.schema(), type.name()).orElse(null);
      if (there != null && type.extension().isEmpty()) {
        compareType(type, there).ifPresent(text -> found.add("type " + type.qualifiedName() + ": " + text));
      }
    }
    return found;
  }

  /** An enum of the target may have more labels. */
  private static Optional<String> compareType(UserType source, UserType target) {
    if (source.kind() == 'e' && target.kind() == 'e') {
      String lacking = source.labels().stream()
          .filter(label -> !target.labels().contains(label))
          .collect(Collectors.joining(", "));
      return lacking.isEmpty() ? Optional.empty() : Optional.of("lacks " + lacking + " on the target");
    }
    return source.signature().equals(target.signature())
        ? Optional.empty()
        : Optional.of("is " + source.signature() + " on the source and " + target.signature() + " on the target");
  }
}
