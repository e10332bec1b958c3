package io.helios.repl.apply;

import io.helios.repl.apply.StatementPipeline.Parameter;
import io.helios.repl.apply.StatementPipeline.Statement;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Entries of {@code helios.conflict}, written in the transaction that settles the conflict: the one place with key values. */
final class ConflictLog {

  private ConflictLog() {}

  /** The key's values as text by column name; empty for tables without a key. */
  static Statement entry(UUID tenant, TableSql sql, Lsn lsn, ConflictKind kind, Tuple row) {
    TablePlan plan = sql.plan();
    StringBuilder key = new StringBuilder();
    List<Parameter> parameters = new ArrayList<>(List.of(
        Parameter.text(tenant.toString()),
        Parameter.text(plan.relation().schema()),
        Parameter.text(plan.relation().name()),
        Parameter.text(kind.label()),
        Parameter.text(lsn.toString())));
    for (int place : plan.key()) {
      key.append(key.isEmpty() ? "" : ", ").append("CAST(? AS pg_catalog.text), CAST(CAST(? AS ")
          .append(plan.column(place).castType()).append(") AS pg_catalog.text)");
      parameters.add(Parameter.text(plan.relation().columns().get(place).name()));
      parameters.add(sql.value(place, row));
    }
    return new Statement(
        "INSERT INTO helios.conflict (tenant, schema_name, table_name, kind, commit_lsn, row_key)"
            + " VALUES (CAST(? AS pg_catalog.uuid), ?, ?, ?, CAST(? AS pg_catalog.pg_lsn),"
            + " pg_catalog.jsonb_build_object(" + key + "))",
        parameters);
  }
}
