package io.helios.repl.capture;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.TableDefinition.ColumnDefinition;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What tables that are polled say for it: the column, its order, its index, the key, and how deletes would be seen. */
final class CheckpointTableCheck {

  /** Domains count as what they are over; a type that has no order of its own may be taken for one that has (varchar). */
  private static final String FACTS =
      """
      SELECT
        (WITH RECURSIVE base (oid, kind, of) AS (
          SELECT t.oid, t.typtype, t.typbasetype FROM pg_catalog.pg_type t WHERE t.oid = a.atttypid
          UNION ALL
          SELECT t.oid, t.typtype, t.typbasetype FROM base d JOIN pg_catalog.pg_type t ON t.oid = d.of
          WHERE d.kind = 'd')
        SELECT b.kind IN ('e', 'r', 'm') OR EXISTS (
          SELECT FROM pg_catalog.pg_opclass o
          JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod AND m.amname = 'btree'
          WHERE o.opcdefault AND o.opcnamespace = 'pg_catalog'::pg_catalog.regnamespace AND (o.opcintype = b.oid OR EXISTS (
            SELECT FROM pg_catalog.pg_cast x
            WHERE x.castsource = b.oid AND x.casttarget = o.opcintype AND x.castmethod = 'b' AND x.castcontext = 'i')))
        FROM base b WHERE b.kind <> 'd') AS ordered,
        EXISTS (
          SELECT FROM pg_catalog.pg_index i
          JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
          JOIN pg_catalog.pg_am m ON m.oid = c.relam AND m.amname = 'btree'
          WHERE i.indrelid = a.attrelid AND i.indisvalid AND i.indpred IS NULL AND i.indkey[0] = a.attnum) AS indexed
      FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = ?::pg_catalog.int8::pg_catalog.oid AND a.attname = ? AND NOT a.attisdropped
      """;

  private record Facts(boolean ordered, boolean indexed) {}

  private final Connection connection;
  private final CaptureMode.Checkpoint checkpoint;
  private final String source;
  private final List<Finding> findings;

  CheckpointTableCheck(Connection connection, CaptureMode.Checkpoint checkpoint, String source, List<Finding> findings) {
    this.connection = connection;
    this.checkpoint = checkpoint;
    this.source = source;
    this.findings = findings;
  }

  void check(TableDefinition table) throws SQLException {
    Optional<Facts> facts = facts(table);
    if (facts.isEmpty()) {
      unusable(table, ErrorCode.CHECKPOINT_COLUMN_MISSING, " has no column " + checkpoint.column(), "exclude it: tables: [\"!"
          + table.qualifiedName() + "\"]; or, if it is small, have it compared as a whole: checkpoint: { full-refresh: 1h }");
    } else if (!facts.get().ordered()) {
      unusable(
          table,
          ErrorCode.CHECKPOINT_COLUMN_UNORDERED,
          ": column " + checkpoint.column() + " is of a type that PostgreSQL gives no order",
          "poll another column; or exclude the table: tables: [\"!" + table.qualifiedName()
              + "\"]; or, if it is small, have it compared as a whole: checkpoint: { full-refresh: 1h }");
    } else if (table.primaryKey().isEmpty()) {
      unusable(
          table,
          ErrorCode.POLLED_TABLE_WITHOUT_KEY,
          " has no primary key",
          "ALTER TABLE " + table.sqlName() + " ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;");
    } else {
      column(table, facts.get());
      deletes(table);
    }
  }

  private void unusable(TableDefinition table, ErrorCode code, String what, String hint) {
    if (checkpoint.fullRefresh() == null || checkpoint.polls(table)) {
      add(
          Severity.ERROR,
          code,
          table,
          what,
          code == ErrorCode.POLLED_TABLE_WITHOUT_KEY
              ? "which row of the target a row is that a poll found could not be told"
              : "nothing tells which of its rows have changed",
          hint);
    } else {
      add(
          Severity.INFO,
          ErrorCode.TABLE_REFRESHED,
          table,
          what + ": it is compared as a whole at the interval of full-refresh",
          "what changes there reaches the target with the next comparison; " + Math.max(0, table.bytes() >> 20)
              + " MiB are read on both sides each time",
          "leave it so if it is small; else give it what it lacks");
    }
  }

  private void column(TableDefinition table, Facts facts) {
    String quoted = Identifiers.quote(checkpoint.column());
    if (table.column(checkpoint.column()).filter(c -> !c.notNull()).isPresent()) {
      add(
          Severity.WARN,
          ErrorCode.CHECKPOINT_COLUMN_NULLABLE,
          table,
          ": column " + checkpoint.column() + " may be null",
          "each poll looks at every row whose value is null",
          "UPDATE the rows that have none; then: ALTER TABLE " + table.sqlName() + " ALTER COLUMN " + quoted + " SET NOT NULL;");
    }
    if (!facts.indexed()) {
      add(
          Severity.WARN,
          ErrorCode.CHECKPOINT_COLUMN_NOT_INDEXED,
          table,
          " has no index that starts with " + checkpoint.column(),
          "each poll reads the whole table without one",
          index(table) + ";");
    }
  }

  private void deletes(TableDefinition table) {
    String soft = checkpoint.softColumn();
    if (soft != null && checkpoint.reconcile() == null && table.column(soft).isEmpty()) {
      add(
          Severity.WARN,
          ErrorCode.DELETES_NOT_SEEN,
          table,
          " has no column " + soft + ": rows that are deleted from it stay at the target",
          "a row that is gone is not found by any poll",
          "checkpoint: { deletes: { soft-column: " + soft + ", reconcile: 10m } }");
    }
  }

  /** The indexes that polling would be glad of, as SQL. */
  List<String> indexes(List<TableDefinition> tables) throws SQLException {
    List<String> missing = new ArrayList<>();
    for (TableDefinition table : tables) {
      if (facts(table).filter(facts -> facts.ordered() && !facts.indexed()).isPresent()) {
        missing.add(index(table));
      }
    }
    return missing;
  }

  private String index(TableDefinition table) {
    Set<String> columns = new LinkedHashSet<>(List.of(checkpoint.column()));
    columns.addAll(table.primaryKey());
    return "CREATE INDEX " + (table.kind() == 'p' ? "" : "CONCURRENTLY ") + "ON " + table.sqlName() + " ("
        + columns.stream().map(Identifiers::quote).collect(Collectors.joining(", ")) + ")";
  }

  /** Empty without the column. */
  private Optional<Facts> facts(TableDefinition table) throws SQLException {
    if (table.column(checkpoint.column()).map(ColumnDefinition::name).isEmpty()) {
      return Optional.empty();
    }
    try (PreparedStatement query = connection.prepareStatement(FACTS)) {
      query.setLong(1, Integer.toUnsignedLong(table.oid()));
      query.setString(2, checkpoint.column());
      try (ResultSet row = query.executeQuery()) {
        return row.next() ? Optional.of(new Facts(row.getBoolean(1), row.getBoolean(2))) : Optional.empty();
      }
    }
  }

  private void add(Severity severity, ErrorCode code, TableDefinition table, String message, String why, String hint) {
    findings.add(new Finding(
        severity, code, source + ": " + table.qualifiedName() + message, why, hint, table.qualifiedName()));
  }
}
