package io.helios.repl.apply;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
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
  private final boolean overriding;

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
    this.overriding = writes.stream().anyMatch(i -> column(i).definition().identity() == 'a');
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
            "ALTER TABLE " + relation.qualifiedName() + " ADD COLUMN \"" + column
                + "\" with the source's type at the target, then start the tenant again")
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

  /** Whether inserts must say that they bring the values of a GENERATED ALWAYS identity. */
  boolean overriding() {
    return overriding;
  }

  /** Whether unique keys are there that are not checked while triggers are off: each change is then checked by query. */
  boolean checkedByQuery() {
    return target.definition().deferrableKeys();
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
