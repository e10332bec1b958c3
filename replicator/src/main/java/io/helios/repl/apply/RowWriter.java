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
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Applies changes one by one, each seen through before the next, and settles conflicts: the source wins, in the tenant's
 * own rows. Another tenant's row is never touched, since every condition has the tenant's column. Owned by its session.
 */
final class RowWriter {

  private final String target;
  private final StatementPipeline pipeline;
  private final Map<UUID, Map<AppliedStatus.Conflict, Long>> conflicts = new HashMap<>();
  private final Map<TableSql, List<Check>> checks = new LinkedHashMap<>();
  private final Map<Cleared, Long> cleared = new LinkedHashMap<>();
  private Set<UUID> holders = Set.of();

  /** Rows of one transaction that are asked for one by one; with more, the whole table is. */
  private static final int CHECKED_BY_ROW = 1_000;

  /** A row whose values must stand alone in the table when its transaction has ended. */
  private record Check(Tenant tenant, Lsn lsn, Tuple row) {}

  /** Where a polled row took the place of rows that stood in its way; those that do not come back were a conflict. */
  private record Cleared(Tenant tenant, TableSql sql, Lsn lsn) {}

  RowWriter(String target, StatementPipeline pipeline) {
    this.target = target;
    this.pipeline = pipeline;
  }

  void rollback() {
    conflicts.clear();
    checks.clear();
    cleared.clear();
  }

  /** Conflicts since the last call, by tenant. */
  Map<UUID, Map<AppliedStatus.Conflict, Long>> takeConflicts() {
    Map<UUID, Map<AppliedStatus.Conflict, Long>> taken = Map.copyOf(conflicts);
    conflicts.clear();
    return taken;
  }

  /** Whose rows were in the way when a change was refused last: of the same source, and not yet as far as the change. */
  Set<UUID> holders() {
    return holders;
  }

  /** @param leavingOut whether a polled row that another tenant's row does not let in is logged and left out */
  void apply(Tenant tenant, TableSql sql, Lsn lsn, Change change, boolean leavingOut) throws SQLException {
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
      case Change.Upsert(var _, Tuple row) -> upsert(tenant, sql, lsn, row, leavingOut);
      case Change.Truncate _ -> throw new IllegalArgumentException("a truncation is no change of a row");
    }
  }

  private void insert(Tenant tenant, TableSql sql, Lsn lsn, Tuple row) throws SQLException {
    TablePlan plan = sql.plan();
    Tuple self = plan.keyless() ? null : row;
    boolean asked = plan.keyless() || plan.checkedByQuery();
    if (asked) {
      makeWay(tenant, sql, lsn, row, self, null);
    }
    boolean written = put(sql, row);
    if (!written && !asked) {
      makeWay(tenant, sql, lsn, row, self, null);
      written = put(sql, row);
    }
    if (!written) {
      overwrite(tenant, sql, lsn, row);
      conflict(tenant, sql, lsn, ConflictKind.INSERT_EXISTS, row);
    }
    checkLater(tenant, sql, lsn, row);
  }

  /** Whether the row is there already is no conflict: a poll does not know it. */
  private void upsert(Tenant tenant, TableSql sql, Lsn lsn, Tuple row, boolean leavingOut) throws SQLException {
    TablePlan plan = sql.plan();
    if (plan.keyless() || row.hasUnchanged()) {
      throw withoutKey(tenant, sql, lsn);
    }
    try {
      if (leavingOut) {
        // These are else asked for at the transaction's end, when it is too late.
        for (UniqueRule rule : plan.deferrable()) {
          refuseOthers(tenant, sql, lsn, rule, row);
        }
      }
      makeWay(tenant, sql, lsn, row, row, null, true);
    } catch (OperatorException e) {
      if (e.problem().code() != ErrorCode.KEY_TAKEN) {
        throw e;
      }
      if (!leavingOut) {
        throw new OperatorException(moved(e.problem()), e);
      }
      conflict(tenant, sql, lsn, ConflictKind.KEY_TAKEN, row);
      return;
    }
    if (updated(sql, row, row, plan.assigned(row, true)) == 0) {
      pipeline.run(sql.insertRow(row, ""));
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
      throw taken(tenant, sql, lsn, null, false);
    }
  }

  private long updated(TableSql sql, Tuple key, Tuple row, int[] assigned) throws SQLException {
    TablePlan plan = sql.plan();
    if (plan.replaces(key, row)) {
      return pipeline.run(sql.replaceRow(key, row));
    }
    long found = assigned.length == 0
        ? plan.fixed().length > 0 ? 0 : pipeline.run(sql.countRows(places(plan.key()), key))
        : pipeline.run(sql.updateRow(key, row, assigned));
    return found == 0 && plan.fixed().length > 0 ? pipeline.run(sql.replaceRow(key, row)) : found;
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
    makeWay(tenant, sql, lsn, full, key, oldIsKey ? null : old);
    if (updated(sql, key, row, plan.assigned(row, moves)) == 0) {
      if (!plan.complete(full)) {
        throw incomplete(tenant, sql, lsn);
      }
      if (!put(sql, full)) {
        overwrite(tenant, sql, lsn, full);
      }
      conflict(tenant, sql, lsn, ConflictKind.UPDATE_MISSING, full);
    }
    checkLater(tenant, sql, lsn, full);
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
    Tuple full = FilledTuple.of(old, row);
    makeWay(tenant, sql, lsn, full, old, old);
    boolean replaced = sql.plan().replaces(old, row);
    int[] assigned = sql.plan().assigned(row, true);
    if (replaced || assigned.length > 0) {
      long found = pipeline.run(replaced ? sql.deleteWholeRow(old) : sql.updateWholeRow(old, row, assigned));
      if (replaced || found == 0) {
        pipeline.run(sql.insertRow(full, ""));
      }
      if (found == 0) {
        conflict(tenant, sql, lsn, ConflictKind.UPDATE_MISSING, full);
      }
    }
    checkLater(tenant, sql, lsn, full);
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
    refuse(tenant, sql, lsn, kind);
    pipeline.run(new ConflictLog(tenant.id(), sql, lsn).entry(kind, row));
    count(tenant, sql, kind, 1);
  }

  private void count(Tenant tenant, TableSql sql, ConflictKind kind, long more) {
    conflicts
        .computeIfAbsent(tenant.id(), any -> new HashMap<>())
        .merge(new AppliedStatus.Conflict(sql.plan().name(), kind.label()), more, Long::sum);
  }

  private static void refuse(Tenant tenant, TableSql sql, Lsn lsn, ConflictKind kind) {
    if (tenant.conflicts() == ConflictPolicy.STOP) {
      throw new OperatorException(new Problem(
              ErrorCode.CONFLICT_STOPPED,
              "conflict " + kind.label() + " in " + sql.plan().name() + " of tenant \"" + tenant.name() + "\"",
              kind.explanation(),
              "helios-repl tenant resync " + tenant.name())
          .at(lsn.toString(), sql.plan().name()));
    }
  }

  /**
   * Clears away our own rows that the target's rules do not allow beside the row. At this point of its stream the source
   * has no such rows, for its own rules do not allow them either.
   *
   * @param self finds the row itself, where it is there already
   * @param old what the row was before, if all of it is known: what does not change collides with nothing new
   */
  private void makeWay(Tenant tenant, TableSql sql, Lsn lsn, Tuple row, @Nullable Tuple self, @Nullable Tuple old)
      throws SQLException {
    makeWay(tenant, sql, lsn, row, self, old, false);
  }

  /**
   * @param polled whether the row comes from a poll, whose rows come in no order: what is in the way may give its value up,
   *     or come again, later in the transaction, and only then is it known whether it was a conflict
   */
  private void makeWay(
      Tenant tenant, TableSql sql, Lsn lsn, Tuple row, @Nullable Tuple self, @Nullable Tuple old, boolean polled)
      throws SQLException {
    for (UniqueRule rule : sql.plan().immediate()) {
      RuleSql asked = new RuleSql(sql, rule);
      if (asked.readable(row) && (old == null || asked.changes(old, row))) {
        refuseOthers(tenant, sql, lsn, rule, row);
        clear(tenant, sql, lsn, asked, row, self, polled);
      }
    }
  }

  private void clear(
      Tenant tenant, TableSql sql, Lsn lsn, RuleSql rule, Tuple row, @Nullable Tuple self, boolean polled)
      throws SQLException {
    if (pipeline.run(rule.colliding(row, self, RuleSql.Whose.ANYBODYS)) > 0) {
      if (!polled) {
        refuse(tenant, sql, lsn, ConflictKind.UNIQUE_TAKEN);
      }
      long count = pipeline.run(rule.clear(row, self, new ConflictLog(tenant.id(), sql, lsn)));
      if (polled) {
        cleared.merge(new Cleared(tenant, sql, lsn), count, Long::sum);
      } else {
        count(tenant, sql, ConflictKind.UNIQUE_TAKEN, count);
      }
    }
  }

  /**
   * Rules that are deferrable are not checked by the server while triggers are off: a query does it, at the end of the
   * transaction.
   *
   * @param row with all its values, as far as they are known
   */
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
    for (Map.Entry<Cleared, Long> entry : Map.copyOf(cleared).entrySet()) {
      Cleared place = entry.getKey();
      long back = pipeline.run(new ConflictLog(place.tenant().id(), place.sql(), place.lsn())
          .takeBack(ConflictKind.UNIQUE_TAKEN));
      if (back < entry.getValue()) {
        refuse(place.tenant(), place.sql(), place.lsn(), ConflictKind.UNIQUE_TAKEN);
        count(place.tenant(), place.sql(), ConflictKind.UNIQUE_TAKEN, entry.getValue() - back);
      }
    }
    cleared.clear();
    Map<TableSql, List<Check>> due = new LinkedHashMap<>(checks);
    checks.clear();
    for (Map.Entry<TableSql, List<Check>> table : due.entrySet()) {
      TableSql sql = table.getKey();
      if (sql.plan().tenant() >= 0) {
        // What another tenant's applier has written and not yet committed would not be seen.
        pipeline.run(new StatementPipeline.Statement(
            UniqueRule.turn(sql.plan().target().definition().oid()), List.of()));
      }
      for (UniqueRule rule : sql.plan().deferrable()) {
        if (table.getValue().size() > CHECKED_BY_ROW) {
          checkAll(sql, rule, table.getValue().getFirst());
        } else {
          for (Check check : table.getValue()) {
            check(sql, new RuleSql(sql, rule), check);
          }
        }
      }
    }
  }

  /** A row that was changed again, or is gone, says nothing any more: its last change does. */
  private void check(TableSql sql, RuleSql rule, Check check) throws SQLException {
    Tuple row = check.row();
    if (rule.readable(row)
        && pipeline.run(rule.colliding(row, row, RuleSql.Whose.ANYBODYS)) > 0
        && pipeline.run(rule.standing(row)) > 0) {
      refuseOthers(check.tenant(), sql, check.lsn(), rule.rule(), row);
      clear(check.tenant(), sql, check.lsn(), rule, row, row, false);
    }
  }

  private void checkAll(TableSql sql, UniqueRule rule, Check any) throws SQLException {
    TablePlan plan = sql.plan();
    StatementPipeline.Statement pairs = new StatementPipeline.Statement(
        rule.pairs(sql.from(), plan.tenant() < 0 ? "true" : sql.equalTo("t", new int[] {plan.tenant()}), "true"),
        plan.tenant() < 0 ? List.of() : sql.values(new int[] {plan.tenant()}, any.row(), new ArrayList<>()));
    if (pipeline.run(pairs) > 0) {
      throw taken(any.tenant(), sql, any.lsn(), rule, false);
    }
  }

  /** After a unique violation, in a new transaction: whether another tenant's row is in the way. */
  void refuseOthers(Tenant tenant, TableSql sql, Lsn lsn, Change change) throws SQLException {
    Tuple row = switch (change) {
      case Change.Insert(var _, Tuple inserted) -> inserted;
      case Change.Update(var _, Tuple old, boolean oldIsKey, Tuple updated) ->
          old == null ? updated : filled(sql.plan(), old, oldIsKey, updated);
      case Change.Upsert(var _, Tuple upserted) -> upserted;
      case Change.Delete _, Change.Truncate _ -> null;
    };
    if (row != null) {
      for (UniqueRule rule : sql.plan().target().rules()) {
        refuseOthers(tenant, sql, lsn, rule, row);
      }
    }
  }

  private void refuseOthers(Tenant tenant, TableSql sql, Lsn lsn, UniqueRule rule, Tuple row) throws SQLException {
    RuleSql asked = new RuleSql(sql, rule);
    if (sql.plan().tenant() >= 0
        && asked.readable(row)
        && row.valueLength(sql.plan().tenant()) >= 0
        && pipeline.run(asked.colliding(row, null, RuleSql.Whose.OTHERS)) > 0) {
      holders = pipeline.texts(asked.holders(row, tenant.id(), lsn)).stream()
          .map(UUID::fromString)
          .collect(Collectors.toSet());
      throw taken(tenant, sql, lsn, rule, true);
    }
  }

  private OperatorException taken(Tenant tenant, TableSql sql, Lsn lsn, @Nullable UniqueRule rule, boolean others) {
    String of = rule == null ? "" : " of (" + String.join(", ", rule.columns()) + ")";
    String by = rule == null ? "" : " (" + rule.name() + ")";
    return new OperatorException(new Problem(
            others ? ErrorCode.KEY_TAKEN : ErrorCode.ROW_REJECTED,
            "a unique value" + of + " in " + sql.plan().name() + by + " is taken by another "
                + (others ? "tenant's row" : "row") + " at target \"" + target + "\"",
            others
                ? "rows of other tenants are never touched"
                : "a unique constraint of the target does not let the row of tenant \"" + tenant.name() + "\" in",
            others
                ? "give the tenants disjoint keys, or tenant \"" + tenant.name() + "\" a target of its own"
                : "helios-repl verify run " + tenant.name())
        .at(lsn.toString(), sql.plan().name()));
  }

  private static Problem moved(Problem taken) {
    return new Problem(
        taken.code(),
        taken.message(),
        taken.why() + "; where a row has gone to another tenant, a poll does not tell the one that had it",
        "helios-repl verify repair NAME of the tenant that had the row; or else " + taken.hint(),
        taken.lsn(),
        taken.table());
  }

  private OperatorException withoutKey(Tenant tenant, TableSql sql, Lsn lsn) {
    return new OperatorException(new Problem(
            ErrorCode.POLLED_ROW_WITHOUT_KEY,
            "a row of " + sql.plan().name() + " for tenant \"" + tenant.name() + "\" was polled without a key",
            "which row at target \"" + target + "\" it is cannot be told",
            "give the table a primary key at the source; then: helios-repl tenant resync " + tenant.name())
        .at(lsn.toString(), sql.plan().name()));
  }

  private OperatorException incomplete(Tenant tenant, TableSql sql, Lsn lsn) {
    return new OperatorException(new Problem(
            ErrorCode.ROW_INCOMPLETE,
            "an update of " + sql.plan().name() + " finds no row at target \"" + target
                + "\" and does not carry all of it",
            "large values that an update leaves unchanged are not in the source's WAL",
            "helios-repl tenant resync " + tenant.name())
        .at(lsn.toString(), sql.plan().name()));
  }

  private static List<Integer> places(int[] places) {
    return IntStream.of(places).boxed().toList();
  }
}
