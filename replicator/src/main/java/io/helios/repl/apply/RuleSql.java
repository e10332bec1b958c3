package io.helios.repl.apply;

import io.helios.repl.apply.StatementPipeline.Parameter;
import io.helios.repl.apply.StatementPipeline.Statement;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.TableDefinition.ColumnDefinition;
import io.helios.repl.postgres.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The statements that find, and clear away, rows which one of a table's rules does not allow beside a given row. */
final class RuleSql {

  /** Whose rows are meant. */
  enum Whose {
    OURS,
    OTHERS,
    ANYBODYS
  }

  private final TableSql sql;
  private final TablePlan plan;
  private final UniqueRule rule;

  RuleSql(TableSql sql, UniqueRule rule) {
    this.sql = sql;
    this.plan = sql.plan();
    this.rule = rule;
  }

  UniqueRule rule() {
    return rule;
  }

  /** Whether anything that the rule reads differs between the two; both complete. */
  boolean changes(Tuple old, Tuple row) {
    for (String name : rule.columns()) {
      int place = plan.relation().indexOf(name);
      if (place < 0 || !RowKey.sameColumn(old, row, place)) {
        return true;
      }
    }
    return false;
  }

  /** Whether the row tells all that the rule reads. */
  boolean readable(Tuple row) {
    for (String name : rule.columns()) {
      if (generated(name).isPresent()) {
        continue;
      }
      int place = plan.relation().indexOf(name);
      if (place < 0 || row.isUnchanged(place)) {
        return false;
      }
    }
    return rule.columns().stream().noneMatch(name -> generated(name).isPresent()) || !row.hasUnchanged();
  }

  /**
   * Counts rows that collide with this row, but for the row itself.
   *
   * @param self tells the row itself by its key, or as a whole where there is none; null when it is not there yet
   */
  Statement colliding(Tuple row, @Nullable Tuple self, Whose whose) {
    List<Parameter> parameters = new ArrayList<>();
    return new Statement("SELECT FROM " + collidingRows(row, self, whose, parameters), parameters);
  }

  /** Finds the replicas, of the tenant's own source and not yet as far as {@code lsn}, whose rows collide with this row. */
  Statement holders(Tuple row, UUID tenant, Lsn lsn) {
    List<Parameter> parameters = new ArrayList<>();
    parameters.add(Parameter.text(tenant.toString()));
    parameters.add(Parameter.text(lsn.toString()));
    String theirs = "EXISTS (SELECT FROM (" + rule.rows(sql.from(), "t." + sql.name(plan.tenant())
        + "::pg_catalog.text OPERATOR(pg_catalog.=) h.tenant_key") + ") AS w, (" + given(row, parameters) + ") AS n WHERE "
        + rule.collide("w", "n") + ")";
    return new Statement("SELECT h.tenant::pg_catalog.text FROM helios.replica AS o JOIN helios.replica AS h"
        + " ON h.source_system OPERATOR(pg_catalog.=) o.source_system AND h.tenant OPERATOR(pg_catalog.<>) o.tenant"
        + " WHERE o.tenant OPERATOR(pg_catalog.=) CAST(? AS pg_catalog.uuid)"
        + " AND h.position OPERATOR(pg_catalog.<) CAST(? AS pg_catalog.pg_lsn) AND " + theirs, parameters);
  }

  /** Finds the row itself, if it still has these values. */
  Statement standing(Tuple row) {
    List<Parameter> parameters = new ArrayList<>();
    String rows = rule.rows(sql.from(), itself(row, parameters));
    return new Statement("SELECT FROM (" + rows + ") AS w, (" + given(row, parameters) + ") AS n WHERE "
        + rule.collide("w", "n"), parameters);
  }

  /** Removes our rows that collide with this row, and logs each. The count is theirs. */
  Statement clear(Tuple row, @Nullable Tuple self, ConflictLog log) {
    List<Parameter> parameters = new ArrayList<>();
    String colliding = collidingRows(row, self, plan.tenant() < 0 ? Whose.ANYBODYS : Whose.OURS, parameters);
    // By places first: a join with the table would read all of it.
    String gone = "WITH found AS MATERIALIZED (SELECT w.r, w.c FROM " + colliding + "), gone AS (DELETE FROM " + sql.from()
        + " AS d WHERE d.ctid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT f.c FROM found AS f))"
        + " AND (d.tableoid, d.ctid) IN (SELECT f.r, f.c FROM found AS f) RETURNING d.*) ";
    return new Statement(gone + log.insert(ConflictKind.UNIQUE_TAKEN, parameters) + log.keyOf("g", parameters)
        + " FROM gone AS g", parameters);
  }

  private String collidingRows(Tuple row, @Nullable Tuple self, Whose whose, List<Parameter> parameters) {
    StringBuilder condition = new StringBuilder("true");
    if (whose != Whose.ANYBODYS) {
      condition.append(" AND (").append(sql.equalTo("t", new int[] {plan.tenant()})).append(") IS ")
          .append(whose == Whose.OURS ? "" : "NOT ").append("TRUE");
      sql.values(new int[] {plan.tenant()}, row, parameters);
    }
    if (self != null) {
      condition.append(" AND (").append(itself(self, parameters)).append(") IS NOT TRUE");
    }
    return "(" + rule.rows(sql.from(), condition.toString()) + ") AS w, (" + given(row, parameters) + ") AS n WHERE "
        + rule.collide("w", "n");
  }

  private String itself(Tuple row, List<Parameter> parameters) {
    if (plan.keyless()) {
      sql.wholeRow(row, parameters);
      return sql.oneOfWholeRows();
    }
    sql.values(plan.key(), row, parameters);
    return sql.equalTo("t", plan.key());
  }

  /** The row's values as a table of one row with the target's column names, generated columns worked out. */
  private String given(Tuple row, List<Parameter> parameters) {
    boolean generates = rule.columns().stream().anyMatch(name -> generated(name).isPresent());
    List<Integer> places = new ArrayList<>();
    for (int place : plan.written()) {
      if (generates || rule.columns().contains(plan.relation().columns().get(place).name())) {
        places.add(place);
      }
    }
    StringBuilder values = new StringBuilder();
    for (int place : places) {
      values.append(values.isEmpty() ? "" : ", ").append(sql.value(place)).append(" AS ").append(sql.name(place));
    }
    sql.values(places.stream().mapToInt(Integer::intValue).toArray(), row, parameters);
    String from = "(SELECT " + values + ") AS n";
    if (generates) {
      StringBuilder more = new StringBuilder("*");
      rule.columns().forEach(name -> generated(name).ifPresent(column ->
          more.append(", (").append(column.defaultSql()).append(") AS ").append(Identifiers.quote(name))));
      from = "(SELECT " + more + " FROM " + from + ") AS n";
    }
    return "SELECT " + rule.selected() + " FROM " + from + " WHERE " + rule.applies();
  }

  private Optional<ColumnDefinition> generated(String name) {
    return plan.target().definition().column(name).filter(ColumnDefinition::isGenerated);
  }
}
