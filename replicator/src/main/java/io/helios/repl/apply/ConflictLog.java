package io.helios.repl.apply;

import io.helios.repl.apply.StatementPipeline.Parameter;
import io.helios.repl.apply.StatementPipeline.Statement;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.IntFunction;

/**
 * Entries of {@code helios.conflict}, written in the transaction that settles the conflict: the one place with key values.
 * A row of a table without a key is told by a digest of it: {@code sha256(convert_to(ROW(…)::text, 'UTF8'))} over the
 * columns that are replicated, in the source's order, which finds it on either side and is no value of it.
 *
 * @param lsn of the change that met the conflict
 */
record ConflictLog(UUID tenant, TableSql sql, Lsn lsn) {

  /** An entry about a row that the stream brought. */
  Statement entry(ConflictKind kind, Tuple row) {
    List<Parameter> parameters = new ArrayList<>();
    String insert = insert(kind, parameters);
    String key = key(parameters, place -> {
      sql.values(new int[] {place}, row, parameters);
      return sql.value(place);
    });
    return new Statement(insert + key, parameters);
  }

  /** Removes entries of this transaction about rows of a table with a key that are there again, and counts them. */
  Statement takeBack(ConflictKind kind) {
    TablePlan plan = sql.plan();
    List<Parameter> parameters = new ArrayList<>(names(kind));
    StringBuilder there = new StringBuilder();
    for (int place : plan.key()) {
      there.append(there.isEmpty() ? "" : " AND ").append("t.").append(sql.name(place)).append(' ')
          .append(plan.column(place).equals()).append(" CAST(c.row_key OPERATOR(pg_catalog.->>) CAST(? AS pg_catalog.text) AS ")
          .append(plan.column(place).castType()).append(')');
      parameters.add(Parameter.text(plan.relation().columns().get(place).name()));
    }
    return new Statement("DELETE FROM helios.conflict AS c WHERE c.tenant OPERATOR(pg_catalog.=) CAST(? AS pg_catalog.uuid)"
        + " AND c.schema_name OPERATOR(pg_catalog.=) CAST(? AS pg_catalog.text)"
        + " AND c.table_name OPERATOR(pg_catalog.=) CAST(? AS pg_catalog.text)"
        + " AND c.kind OPERATOR(pg_catalog.=) CAST(? AS pg_catalog.text)"
        + " AND c.commit_lsn OPERATOR(pg_catalog.=) CAST(? AS pg_catalog.pg_lsn)"
        + " AND EXISTS (SELECT FROM " + sql.from() + " AS t WHERE " + there + ")", parameters);
  }

  private List<Parameter> names(ConflictKind kind) {
    TablePlan plan = sql.plan();
    return List.of(
        Parameter.text(tenant.toString()),
        Parameter.text(plan.relation().schema()),
        Parameter.text(plan.relation().name()),
        Parameter.text(kind.label()),
        Parameter.text(lsn.toString()));
  }

  /** As far as the key, which must follow. */
  String insert(ConflictKind kind, List<Parameter> parameters) {
    parameters.addAll(names(kind));
    return "INSERT INTO helios.conflict (tenant, schema_name, table_name, kind, commit_lsn, row_key)"
        + " SELECT CAST(? AS pg_catalog.uuid), CAST(? AS pg_catalog.text), CAST(? AS pg_catalog.text),"
        + " CAST(? AS pg_catalog.text), CAST(? AS pg_catalog.pg_lsn), ";
  }

  /** The key of a row of the table that has this alias. */
  String keyOf(String alias, List<Parameter> parameters) {
    return key(parameters, place -> alias + "." + sql.name(place));
  }

  private String key(List<Parameter> parameters, IntFunction<String> value) {
    TablePlan plan = sql.plan();
    StringBuilder key = new StringBuilder();
    for (int place : plan.logged()) {
      key.append(key.isEmpty() ? "" : ", ").append("CAST(? AS pg_catalog.text), CAST(");
      parameters.add(Parameter.text(plan.relation().columns().get(place).name()));
      key.append(value.apply(place)).append(" AS pg_catalog.text)");
    }
    if (plan.logged().length == 0) {
      StringBuilder row = new StringBuilder();
      for (int place : plan.written()) {
        row.append(row.isEmpty() ? "" : ", ").append(value.apply(place));
      }
      key.append("'row_sha256', pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(CAST(ROW(").append(row)
          .append(") AS pg_catalog.text), 'UTF8')), 'hex')");
    }
    return "pg_catalog.jsonb_build_object(" + key + ")";
  }
}
