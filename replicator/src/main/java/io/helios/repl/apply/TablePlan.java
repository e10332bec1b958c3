package io.helios.repl.apply;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.CharBytes;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a table of the stream maps to the target's table: by column names. Which columns are written, which find a row, and
 * in what manner its changes may be applied. Immutable; columns are places in the relation's tuples throughout.
 */
final class TablePlan {

  private final Relation relation;
  private final TargetTable target;
  private final String sqlName;
  private final TargetTable.@Nullable Column[] columns;
  private final int tenant;
  private final int[] written;
  private final int[] key;
  private final int[] logged;
  private final int[] fixed;
  private final int[] octal;
  private final boolean overriding;
  private final List<UniqueRule> immediate;
  private final List<UniqueRule> deferrable;

  private TablePlan(Relation relation, TargetTable target, @Nullable String tenantColumn) {
    this.relation = relation;
    this.target = target;
    this.sqlName = target.definition().sqlName();
    int count = relation.columns().size();
    this.columns = new TargetTable.Column[count];
    List<Integer> writes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Relation.Column column = relation.columns().get(i);
      Optional<TargetTable.Column> found = target.column(column.name());
      if (found.isEmpty()) {
        throw missingColumn(relation, column.name());
      }
      columns[i] = found.get();
      if (!found.get().definition().isGenerated()) {
        writes.add(i);
      }
    }
    this.written = writes.stream().mapToInt(Integer::intValue).toArray();
    this.tenant = tenantColumn == null ? -1 : relation.indexOf(tenantColumn);
    if (tenantColumn != null && tenant < 0) {
      throw missingColumn(relation, tenantColumn);
    }
    this.key = key(relation, target, tenant);
    this.logged = key.length > 0 ? key : primaryKey(relation, target);
    this.overriding = writes.stream().anyMatch(this::isAlwaysIdentity);
    this.fixed = writes.stream().filter(i -> isAlwaysIdentity(i) && !isKey(i)).mapToInt(Integer::intValue).toArray();
    this.octal = writes.stream().filter(i -> column(i).refusesOctal()).mapToInt(Integer::intValue).toArray();
    this.immediate = target.rules().stream().filter(rule -> !rule.deferrable() && !isKeys(rule)).toList();
    this.deferrable = target.rules().stream().filter(UniqueRule::deferrable).toList();
  }

  /** Whether rows that collide under the rule have the key that finds them in common, too: it is the key's own. */
  private boolean isKeys(UniqueRule rule) {
    if (key.length == 0 || rule.predicate() != null) {
      return false;
    }
    List<String> equal = new ArrayList<>();
    rule.parts().forEach(part -> {
      if (part.equalColumn() != null) {
        equal.add(part.equalColumn());
      }
    });
    for (int place : key) {
      if (!equal.contains(relation.columns().get(place).name())) {
        return false;
      }
    }
    return true;
  }

  private static int[] primaryKey(Relation relation, TargetTable target) {
    int[] places = target.definition().primaryKey().stream().mapToInt(relation::indexOf).toArray();
    return java.util.Arrays.stream(places).allMatch(place -> place >= 0) ? places : new int[0];
  }

  private boolean isAlwaysIdentity(int place) {
    return column(place).definition().identity() == 'a';
  }

  /**
   * @param tenantColumn says whose a row is; null when all of the table is the tenant's
   * @throws OperatorException when the target's table lacks a column of the stream
   */
  static TablePlan of(Relation relation, TargetTable target, @Nullable String tenantColumn) {
    return new TablePlan(relation, target, tenantColumn);
  }

  private static OperatorException missingColumn(Relation relation, String column) {
    return new OperatorException(new Problem(
            ErrorCode.TARGET_COLUMN_MISSING,
            "the target's table " + relation.qualifiedName() + " lacks column \"" + column + "\"",
            "the source's table has it, and a change that carries it arrived",
            "ALTER TABLE " + Identifiers.quote(relation.schema(), relation.name()) + " ADD COLUMN "
                + Identifiers.quote(column) + " with the source's type at the target, then: helios-repl tenant start NAME")
        .at(null, relation.qualifiedName()));
  }

  /**
   * The columns that find a row: the replica identity where it is a key; with identity full the target's primary key, if
   * the stream has all of it and it is checked at once. Always with the tenant's column. Empty: only whole rows do.
   */
  private static int[] key(Relation relation, TargetTable target, int tenant) {
    List<Integer> places = new ArrayList<>();
    if (relation.replicaIdentity() == 'd' || relation.replicaIdentity() == 'i') {
      for (int i = 0; i < relation.columns().size(); i++) {
        if (relation.columns().get(i).key()) {
          places.add(i);
        }
      }
    }
    boolean immediate = !target.definition().deferrableKeys();
    if (places.isEmpty() && immediate) {
      for (String name : target.definition().primaryKey()) {
        places.add(relation.indexOf(name));
      }
      if (places.contains(-1)) {
        places.clear();
      }
    }
    if (!places.isEmpty() && tenant >= 0 && !places.contains(tenant)) {
      places.add(tenant);
    }
    return places.stream().mapToInt(Integer::intValue).toArray();
  }

  Relation relation() {
    return relation;
  }

  TargetTable target() {
    return target;
  }

  TargetTable.Column column(int place) {
    TargetTable.Column column = columns[place];
    if (column == null) {
      throw new IllegalArgumentException("no column " + place);
    }
    return column;
  }

  /** The tenant column's place, or -1. */
  int tenant() {
    return tenant;
  }

  /** All columns but those that the target generates. */
  int[] written() {
    return written;
  }

  int[] key() {
    return key;
  }

  boolean keyless() {
    return key.length == 0;
  }

  /** The columns that tell a row in the conflict log: the key, or else the target's primary key; empty for neither. */
  int[] logged() {
    return logged;
  }

  /** Columns besides the key that no update may set (GENERATED ALWAYS AS IDENTITY): it must find them as they are. */
  int[] fixed() {
    return fixed;
  }

  /** Whether the change gives another value to a column that no update may set. */
  boolean replaces(Tuple old, Tuple row) {
    for (int place : written) {
      if (isAlwaysIdentity(place) && !row.isUnchanged(place) && (keyless() || isKey(place))
          && !RowKey.sameColumn(old, row, place)) {
        return true;
      }
    }
    return false;
  }

  /** Whether the row has a value whose text this target would take for another. */
  boolean misread(Tuple row) {
    for (int place : octal) {
      if (misread(row, place)) {
        return true;
      }
    }
    return false;
  }

  boolean misread(Tuple row, int place) {
    return column(place).refusesOctal()
        && row.kind(place) == Tuple.TEXT
        && CharBytes.isOctal(row.array(), row.valueOffset(place), row.valueLength(place));
  }

  /** Rules besides the key's own that the server checks with each row. */
  List<UniqueRule> immediate() {
    return immediate;
  }

  /** Rules that nobody checks while triggers are off, unless by query. */
  List<UniqueRule> deferrable() {
    return deferrable;
  }

  /** Whether inserts must say that they bring the values of a GENERATED ALWAYS identity. */
  boolean overriding() {
    return overriding;
  }

  /** Whether rules are there that are not checked while triggers are off: each change is then checked by query. */
  boolean checkedByQuery() {
    return !deferrable.isEmpty();
  }

  boolean isKey(int place) {
    for (int k : key) {
      if (k == place) {
        return true;
      }
    }
    return false;
  }

  /** What an update of this row sets: not the key unless it changes, no identity, no value that was not sent. */
  int[] assigned(Tuple row, boolean withKey) {
    int[] places = new int[written.length];
    int count = 0;
    for (int place : written) {
      if (row.isUnchanged(place) || column(place).definition().identity() == 'a' || !withKey && isKey(place)) {
        continue;
      }
      places[count++] = place;
    }
    return java.util.Arrays.copyOf(places, count);
  }

  /** Whether the row carries every column that is written. */
  boolean complete(Tuple row) {
    return !row.hasUnchanged();
  }

  /** Whether the key in {@code old} is another than the row's. Values that were not sent are unchanged. */
  boolean keyChanges(Tuple old, Tuple row) {
    for (int place : key) {
      if (!row.isUnchanged(place) && !RowKey.sameColumn(old, row, place)) {
        return true;
      }
    }
    return false;
  }

  /** The target's table as SQL; always the same object, for it is asked at each change. */
  String sqlName() {
    return sqlName;
  }

  /** {@code schema.table}, for people. */
  String name() {
    return relation.qualifiedName();
  }
}
