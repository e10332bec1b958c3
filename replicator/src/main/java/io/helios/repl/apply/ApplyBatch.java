package io.helios.repl.apply;

import io.helios.repl.apply.StatementPipeline.Statement;
import io.helios.repl.change.Change;
import io.helios.repl.postgres.Tuple;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Changes of many source transactions and tenants on their way into one target transaction. Changes of a table are folded
 * ({@link TableFold}) up to a barrier: a changed key, a truncation, a change of a row without a key, another form of the
 * values. What comes after it is a new fold, so each table's changes keep their order where it matters. Owned by its
 * session's thread.
 */
final class ApplyBatch {

  /** Where a batch goes, in order. */
  interface Sink {

    /** Takes a statement with the rows that it must find; -1 for any number. */
    void add(Statement statement, long rows) throws SQLException, RejectedBatchException;

    /** Takes many rows that are new, for one COPY. */
    void copy(CopyRows rows) throws SQLException, RejectedBatchException;
  }

  private interface Step {
    void emit(Sink sink) throws SQLException, RejectedBatchException;
  }

  private final List<Step> steps = new ArrayList<>();
  private final Map<String, TableFold> open = new HashMap<>();
  private int changes;
  private long bytes;

  int changes() {
    return changes;
  }

  long bytes() {
    return bytes;
  }

  boolean isEmpty() {
    return steps.isEmpty();
  }

  void clear() {
    steps.clear();
    open.clear();
    changes = 0;
    bytes = 0;
  }

  void emit(Sink sink) throws SQLException, RejectedBatchException {
    for (Step step : steps) {
      step.emit(sink);
    }
  }

  /** Adds a change of a row; truncations go to {@link #truncate}. */
  void add(TableSql sql, Change change) throws RejectedBatchException {
    TablePlan plan = sql.plan();
    switch (change) {
      case Change.Insert(var _, Tuple row) -> {
        count(row);
        refuseMisread(plan, row);
        fold(sql, row, false).insert(row);
      }
      case Change.Update(var _, Tuple old, boolean oldIsKey, Tuple row) -> {
        count(row);
        refuseMisread(plan, row);
        if (plan.keyless()) {
          if (old == null || oldIsKey) {
            throw new RejectedBatchException("an update carries neither key nor old row");
          }
          refuseReplaced(plan, old, row);
          int[] assigned = plan.assigned(row, true);
          if (assigned.length > 0) {
            single(plan, sql.updateWholeRow(old, row, assigned));
          }
        } else if (old != null && plan.keyChanges(old, row)) {
          refuseReplaced(plan, old, row);
          single(plan, sql.updateRow(old, row, plan.assigned(row, true)));
        } else {
          Tuple key = old == null ? row : old;
          TableFold fold = fold(sql, row, false);
          if (key != row && !fold.takes(key, true)) {
            open.remove(plan.sqlName());
            fold = fold(sql, row, false);
            if (!fold.takes(key, true)) {
              throw new RejectedBatchException("a key comes in two forms");
            }
          }
          fold.update(key, row);
        }
      }
      case Change.Delete(var _, Tuple old, boolean oldIsKey) -> {
        count(old);
        refuseMisread(plan, old);
        if (plan.keyless()) {
          if (oldIsKey) {
            throw new RejectedBatchException("a delete carries neither key nor old row");
          }
          single(plan, sql.deleteWholeRow(old));
        } else {
          fold(sql, old, true).delete(old);
        }
      }
      case Change.Upsert(var _, Tuple row) -> {
        count(row);
        refuseMisread(plan, row);
        if (plan.keyless() || row.hasUnchanged()) {
          throw new RejectedBatchException("a row that a poll found has no key");
        }
        fold(sql, row, false).upsert(row);
      }
      case Change.Truncate _ -> throw new IllegalArgumentException("a truncation is no change of a row");
    }
  }

  private static void refuseMisread(TablePlan plan, Tuple row) throws RejectedBatchException {
    if (plan.misread(row)) {
      throw new RejectedBatchException("the target would take a value for another");
    }
  }

  private static void refuseReplaced(TablePlan plan, Tuple old, Tuple row) throws RejectedBatchException {
    if (plan.replaces(old, row)) {
      throw new RejectedBatchException("a column changes that no update may set");
    }
  }

  /**
   * All of the tenant's rows of a table go. Tables that are emptied in a row go in one statement, as they did at the source:
   * one alone may be referenced by another's foreign key.
   */
  void truncate(TableSql sql, String tenantKey, boolean restartIdentity) {
    open.remove(sql.plan().sqlName());
    changes++;
    if (sql.plan().tenant() >= 0) {
      Statement statement = sql.deleteAll(tenantKey);
      steps.add(sink -> sink.add(statement, -1));
    } else if (!steps.isEmpty() && steps.getLast() instanceof Truncation(var tables, var restart)
        && restart == restartIdentity) {
      tables.add(sql.from());
    } else {
      steps.add(new Truncation(new LinkedHashSet<>(Set.of(sql.from())), restartIdentity));
    }
  }

  private record Truncation(Set<String> tables, boolean restartIdentity) implements Step {
    @Override
    public void emit(Sink sink) throws SQLException, RejectedBatchException {
      String sql = "TRUNCATE " + String.join(", ", tables) + (restartIdentity ? " RESTART IDENTITY" : "");
      sink.add(new Statement(sql, List.of()), -1);
    }
  }

  private void single(TablePlan plan, Statement statement) {
    open.remove(plan.sqlName());
    steps.add(sink -> sink.add(statement, 1));
  }

  private TableFold fold(TableSql sql, Tuple tuple, boolean keyOnly) {
    String name = sql.plan().sqlName();
    TableFold fold = open.get(name);
    if (fold == null || fold.sql() != sql || !fold.takes(tuple, keyOnly)) {
      fold = new TableFold(sql);
      fold.takes(tuple, keyOnly);
      open.put(name, fold);
      steps.add(fold::emit);
    }
    return fold;
  }

  private void count(Tuple tuple) {
    changes++;
    bytes += tuple.byteLength() + 16;
  }
}
