package io.helios.repl.apply;

import io.helios.repl.change.Change;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.Tuple;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.Tenant;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Applies changes one by one, each seen through before the next, and settles conflicts: the source wins, in the tenant's
 * own rows. Another tenant's row is never touched, since every condition has the tenant's column. Owned by its session.
 */
final class RowWriter {

  private final String target;
  private final StatementPipeline pipeline;
  private final Map<UUID, Long> conflicts = new HashMap<>();
  private final Map<TableSql, List<Check>> checks = new LinkedHashMap<>();

  /** Rows of one transaction that are asked for one by one; with more, the whole table is. */
  private static final int CHECKED_BY_ROW = 1_000;

  /** A row whose values must stand alone in the table when its transaction has ended. */
  private record Check(Tenant tenant, Lsn lsn, Tuple row) {}

  RowWriter(String target, StatementPipeline pipeline) {
    this.target = target;
    this.pipeline = pipeline;
  }

  void rollback() {
    conflicts.clear();
    checks.clear();
  }

  /** Conflicts since the last call, by tenant. */
  Map<UUID, Long> takeConflicts() {
    Map<UUID, Long> taken = Map.copyOf(conflicts);
    conflicts.clear();
    return taken;
  }

  void apply(Tenant tenant, TableSql sql, Lsn lsn, Change change) throws SQLException {
    switch (change) {
      case Change.Insert(var _, Tuple row) -> insert(tenant, sql, lsn, row);
      case Change.Update(var _, Tuple old, boolean oldIsKey, Tuple row) -> {
        if (sql.plan().keyless()) {
          updateWholeRow(tenant, sql, lsn, old, oldIsKey, row);
        } else {
          update(tenant, sql, lsn, old, oldIsKey, row);
        }
      }
      case Change.Delete(var _, Tuple old, boolean oldIsKey) -> delete(tenant, sql, lsn, old, oldIsKey);
      case Change.Truncate _ -> throw new IllegalArgumentException("a truncation is no change of a row");
    }
  }

  private void insert(Tenant tenant, TableSql sql, Lsn lsn, Tuple row) throws SQLException {
    if (!put(sql, row)) {
      overwrite(tenant, sql, lsn, row);
      conflict(tenant, sql, lsn, ConflictKind.INSERT_EXISTS, row);
    }
    checkLater(tenant, sql, lsn, row);
  }

  /** Inserts, unless a row with one of the row's keys is there. */
  private boolean put(TableSql sql, Tuple row) throws SQLException {
    if (sql.plan().keyless()) {
      return pipeline.run(sql.insertRow(row, "")) == 1;
    }
    if (sql.plan().checkedByQuery()) {
      // ON CONFLICT does not go with deferrable keys.
      return pipeline.run(sql.countRows(places(sql.plan().key()), row)) == 0
          && pipeline.run(sql.insertRow(row, "")) == 1;
    }
    return pipeline.run(sql.insertRow(row, " ON CONFLICT DO NOTHING")) == 1;
  }

  /** Makes the row that is there equal to this one; there is none of ours when the key is another tenant's. */
  private void overwrite(Tenant tenant, TableSql sql, Lsn lsn, Tuple row) throws SQLException {
    if (updated(sql, row, row, sql.plan().assigned(row, false)) == 0) {
      checkKeysFree(tenant, sql, lsn, row);
      throw taken(tenant, sql, lsn, List.of(), false);
    }
  }

  private long updated(TableSql sql, Tuple key, Tuple row, int[] assigned) throws SQLException {
    return assigned.length == 0
        ? pipeline.run(sql.countRows(places(sql.plan().key()), key))
        : pipeline.run(sql.updateRow(key, row, assigned));
  }

  private void update(
      Tenant tenant, TableSql sql, Lsn lsn, @Nullable Tuple old, boolean oldIsKey, Tuple row)
      throws SQLException {
    TablePlan plan = sql.plan();
    Tuple key = old == null ? row : old;
    boolean moves = old != null && plan.keyChanges(old, row);
    Tuple full = old == null ? row : filled(plan, old, oldIsKey, row);
    if (moves && pipeline.run(sql.deleteRow(full)) > 0) {
      // The source has no other row with the new key, so what stood there is not of the source.
      conflict(tenant, sql, lsn, ConflictKind.INSERT_EXISTS, full);
    }
    if (updated(sql, key, row, plan.assigned(row, moves)) == 0) {
      if (!plan.complete(full)) {
        throw incomplete(tenant, sql, lsn);
      }
      if (!put(sql, full)) {
        overwrite(tenant, sql, lsn, full);
      }
      conflict(tenant, sql, lsn, ConflictKind.UPDATE_MISSING, full);
    }
    checkLater(tenant, sql, lsn, row);
  }

  /** The row with what the old tuple can tell of values that were not sent: all of it, or its key. */
  private static Tuple filled(TablePlan plan, Tuple old, boolean oldIsKey, Tuple row) {
    if (!row.hasUnchanged()) {
      return row;
    }
    if (!oldIsKey) {
      return FilledTuple.of(old, row);
    }
    for (int place = 0; place < row.columnCount(); place++) {
      if (row.isUnchanged(place) && !plan.isKey(place)) {
        return row;
      }
    }
    return FilledTuple.of(old, row);
  }

  private void updateWholeRow(
      Tenant tenant, TableSql sql, Lsn lsn, @Nullable Tuple old, boolean oldIsKey, Tuple row)
      throws SQLException {
    if (old == null || oldIsKey) {
      throw incomplete(tenant, sql, lsn);
    }
    int[] assigned = sql.plan().assigned(row, true);
    if (assigned.length > 0 && pipeline.run(sql.updateWholeRow(old, row, assigned)) == 0) {
      Tuple full = FilledTuple.of(old, row);
      pipeline.run(sql.insertRow(full, ""));
      conflict(tenant, sql, lsn, ConflictKind.UPDATE_MISSING, full);
    }
    checkLater(tenant, sql, lsn, row);
  }

  private void delete(Tenant tenant, TableSql sql, Lsn lsn, Tuple old, boolean oldIsKey) throws SQLException {
    boolean keyless = sql.plan().keyless();
    if (keyless && oldIsKey) {
      throw incomplete(tenant, sql, lsn);
    }
    if (pipeline.run(keyless ? sql.deleteWholeRow(old) : sql.deleteRow(old)) == 0) {
      conflict(tenant, sql, lsn, ConflictKind.DELETE_MISSING, old);
    }
  }

  private void conflict(Tenant tenant, TableSql sql, Lsn lsn, ConflictKind kind, Tuple row) throws SQLException {
    if (tenant.conflicts() == ConflictPolicy.STOP) {
      throw new OperatorException(new Problem(
              ErrorCode.CONFLICT_STOPPED,
              "conflict " + kind.label() + " in " + sql.plan().name() + " of tenant \"" + tenant.name() + "\"",
              kind.explanation(),
              "helios-repl verify run " + tenant.name() + "; then repair, and start the tenant again")
          .at(lsn.toString(), sql.plan().name()));
    }
    pipeline.run(ConflictLog.entry(tenant.id(), sql, lsn, kind, row));
    conflicts.merge(tenant.id(), 1L, Long::sum);
  }

  /** Deferrable unique keys are not checked by the server while triggers are off: a query does it, at the transaction's end. */
  private void checkLater(Tenant tenant, TableSql sql, Lsn lsn, Tuple row) {
    if (sql.plan().checkedByQuery()) {
      List<Check> table = checks.computeIfAbsent(sql, s -> new ArrayList<>());
      if (table.size() <= CHECKED_BY_ROW) {
        table.add(new Check(tenant, lsn, row));
      }
    }
  }

  /** Call it at the end of each source transaction. */
  void endTransaction() throws SQLException {
    Map<TableSql, List<Check>> due = new LinkedHashMap<>(checks);
    checks.clear();
    for (Map.Entry<TableSql, List<Check>> table : due.entrySet()) {
      TableSql sql = table.getKey();
      for (List<String> names : sql.plan().target().deferrable()) {
        List<Integer> unique = names.stream().map(sql.plan().relation()::indexOf).toList();
        if (table.getValue().size() > CHECKED_BY_ROW) {
          checkAll(sql, unique, table.getValue().getFirst());
        } else {
          for (Check check : table.getValue()) {
            check(sql, unique, check);
          }
        }
      }
    }
  }

  private void check(TableSql sql, List<Integer> unique, Check check) throws SQLException {
    if (unique.stream().allMatch(place -> place >= 0 && check.row().valueLength(place) >= 0)
        && pipeline.run(sql.countRows(unique, check.row())) > 1) {
      checkKeysFree(check.tenant(), sql, check.lsn(), check.row());
      throw taken(check.tenant(), sql, check.lsn(), unique, false);
    }
  }

  private void checkAll(TableSql sql, List<Integer> unique, Check any) throws SQLException {
    if (!unique.contains(-1) && pipeline.run(sql.duplicates(unique)) > 0) {
      throw taken(any.tenant(), sql, any.lsn(), unique, false);
    }
  }

  /** After a unique violation, in a new transaction: whether another tenant's row is in the way. */
  void checkKeysFree(Tenant tenant, TableSql sql, Lsn lsn, Change change) throws SQLException {
    switch (change) {
      case Change.Insert(var _, Tuple row) -> checkKeysFree(tenant, sql, lsn, row);
      case Change.Update(var _, Tuple old, boolean oldIsKey, Tuple row) ->
          checkKeysFree(tenant, sql, lsn, old == null ? row : filled(sql.plan(), old, oldIsKey, row));
      case Change.Delete _, Change.Truncate _ -> { }
    }
  }

  private void checkKeysFree(Tenant tenant, TableSql sql, Lsn lsn, Tuple row) throws SQLException {
    TablePlan plan = sql.plan();
    if (plan.tenant() < 0 || row.valueLength(plan.tenant()) < 0) {
      return;
    }
    for (List<Integer> unique : uniqueKeys(plan, row)) {
      if (unique.contains(plan.tenant())) {
        continue;
      }
      List<Integer> ours = new ArrayList<>(unique);
      ours.add(plan.tenant());
      if (pipeline.run(sql.countRows(unique, row)) > pipeline.run(sql.countRows(ours, row))) {
        throw taken(tenant, sql, lsn, unique, true);
      }
    }
  }

  /** The primary key and every further unique key whose columns all have values in this row. */
  private static List<List<Integer>> uniqueKeys(TablePlan plan, Tuple row) {
    List<List<String>> names = new ArrayList<>(plan.target().definition().uniqueKeys());
    names.addFirst(plan.target().definition().primaryKey());
    List<List<Integer>> keys = new ArrayList<>();
    for (List<String> key : names) {
      List<Integer> places = key.stream().map(plan.relation()::indexOf).toList();
      if (!places.isEmpty() && places.stream().allMatch(p -> p >= 0 && row.valueLength(p) >= 0)) {
        keys.add(places);
      }
    }
    return keys;
  }

  private OperatorException taken(Tenant tenant, TableSql sql, Lsn lsn, List<Integer> columns, boolean others) {
    String of = columns.isEmpty() ? "" : " of (" + String.join(", ", columns.stream()
        .map(place -> sql.plan().relation().columns().get(place).name()).toList()) + ")";
    return new OperatorException(new Problem(
            others ? ErrorCode.KEY_TAKEN : ErrorCode.ROW_REJECTED,
            "a unique value" + of + " in " + sql.plan().name() + " is taken by another "
                + (others ? "tenant's row" : "row") + " at target \"" + target + "\"",
            others
                ? "rows of other tenants are never touched"
                : "a unique constraint of the target does not let the row of tenant \"" + tenant.name() + "\" in",
            others
                ? "give the tenants disjoint keys, or tenant \"" + tenant.name() + "\" a target of its own"
                : "helios-repl verify run " + tenant.name())
        .at(lsn.toString(), sql.plan().name()));
  }

  private OperatorException incomplete(Tenant tenant, TableSql sql, Lsn lsn) {
    return new OperatorException(new Problem(
            ErrorCode.ROW_INCOMPLETE,
            "an update of " + sql.plan().name() + " finds no row at target \"" + target
                + "\" and does not carry all of it",
            "large values that an update leaves unchanged are not in the source's WAL",
            "helios-repl verify repair " + tenant.name() + ", or helios-repl tenant resync " + tenant.name())
        .at(lsn.toString(), sql.plan().name()));
  }

  private static List<Integer> places(int[] places) {
    return IntStream.of(places).boxed().toList();
  }
}
