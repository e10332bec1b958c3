package io.helios.repl.capture;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.SequenceState;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What hangs on the tables that take part and does not reach the target with them: partitions whose changes are not in the
 * WAL or come there in part, large objects that columns point to, sequences that cannot be read.
 */
final class SourceOddities {

  private static final String PARTITIONS =
      """
      SELECT r.oid::pg_catalog.int8, n.nspname, c.relname, c.relkind::pg_catalog.text
      FROM pg_catalog.unnest(?::pg_catalog.int8[]::pg_catalog.oid[]) r (oid)
      CROSS JOIN LATERAL pg_catalog.pg_partition_tree(r.oid) t
      JOIN pg_catalog.pg_class c ON c.oid = t.relid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE t.level > 0 AND (c.relkind = 'f' OR c.relkind = 'r' AND c.relpersistence = 'u')
      ORDER BY n.nspname, c.relname
      """;

  /** Columns of type oid, and of type lo, the domain that extension lo has for the purpose. */
  private static final String OBJECTS =
      """
      SELECT a.attrelid::pg_catalog.int8, pg_catalog.string_agg(a.attname::pg_catalog.text, ', ' ORDER BY a.attnum)
      FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      WHERE a.attrelid = ANY (?::pg_catalog.int8[]::pg_catalog.oid[]) AND a.attnum > 0 AND NOT a.attisdropped
        AND (t.oid = 'pg_catalog.oid'::pg_catalog.regtype
          OR t.typname = 'lo' AND t.typbasetype = 'pg_catalog.oid'::pg_catalog.regtype)
        AND EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata)
      GROUP BY a.attrelid
      """;

  /** Leaves whose old rows come as a whole, but without what the catalog alone knows of them: {@code LiveTable}. */
  private static final String EARLIER =
      """
      SELECT r.oid::pg_catalog.int8, pg_catalog.string_agg(DISTINCT a.attname::pg_catalog.text, ', ')
      FROM pg_catalog.unnest(?::pg_catalog.int8[]::pg_catalog.oid[]) r (oid)
      CROSS JOIN LATERAL pg_catalog.pg_partition_tree(r.oid) t
      JOIN pg_catalog.pg_class c ON c.oid = t.relid AND c.relreplident = 'f'
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.atthasmissing AND NOT a.attisdropped
      WHERE t.level > 0 AND t.isleaf AND pg_catalog.current_setting('server_version_num')::pg_catalog.int4 < 150000
      GROUP BY r.oid
      """;

  private final Connection connection;
  private final String source;
  private final String role;

  SourceOddities(Connection connection, String source, String role) {
    this.connection = connection;
    this.source = source;
    this.role = role;
  }

  /** @param fromWal whether changes are found in the WAL: else what is not in it does not matter */
  void find(List<TableDefinition> tables, List<Finding> findings, boolean fromWal) throws SQLException {
    Map<Integer, TableDefinition> byOid =
        tables.stream().collect(Collectors.toMap(TableDefinition::oid, Function.identity(), (a, b) -> a));
    Object[] oids = tables.stream().map(t -> Integer.toUnsignedLong(t.oid())).toArray();
    if (fromWal) {
      findUnlogged(byOid, oids, findings);
    }
    try (PreparedStatement query = connection.prepareStatement(OBJECTS)) {
      query.setArray(1, connection.createArrayOf("int8", oids));
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          TableDefinition table = of(byOid, row);
          findings.add(new Finding(
              Severity.WARN,
              ErrorCode.LARGE_OBJECTS,
              source + ": " + table.qualifiedName() + " may point to large objects: " + row.getString(2),
              "numbers are carried, the objects that they may name are not: they would point nowhere at the target",
              "keep such data in bytea columns",
              table.qualifiedName()));
        }
      }
    }
    sequences(byOid, findings);
  }

  private void findUnlogged(Map<Integer, TableDefinition> byOid, Object[] oids, List<Finding> findings)
      throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(PARTITIONS)) {
      query.setArray(1, connection.createArrayOf("int8", oids));
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          partition(of(byOid, row), row.getString(2), row.getString(3), row.getString(4).equals("f"), findings);
        }
      }
    }
    try (PreparedStatement query = connection.prepareStatement(EARLIER)) {
      query.setArray(1, connection.createArrayOf("int8", oids));
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          TableDefinition table = of(byOid, row);
          findings.add(new Finding(
              Severity.ERROR,
              ErrorCode.EARLIER_VALUES_LOST,
              source + ": partitions of " + table.qualifiedName() + " have rows from before a column was added: "
                  + row.getString(2),
              "PostgreSQL 14 does not send its value in old rows of partitions: which row is meant could not be told",
              "VACUUM FULL " + table.sqlName() + ";",
              table.qualifiedName()));
        }
      }
    }
  }

  private static TableDefinition of(Map<Integer, TableDefinition> byOid, ResultSet row) throws SQLException {
    TableDefinition table = byOid.get((int) row.getLong(1));
    if (table == null) {
      throw new IllegalStateException("a table that was not asked for");
    }
    return table;
  }

  private void partition(
      TableDefinition root, String schema, String name, boolean foreign, List<Finding> findings) {
    String quoted = Identifiers.quote(schema, name);
    findings.add(new Finding(
        Severity.ERROR,
        foreign ? ErrorCode.FOREIGN_TABLE : ErrorCode.TABLE_UNLOGGED,
        source + ": " + root.qualifiedName() + " has partition " + schema + "." + name + ", which is "
            + (foreign ? "a foreign table" : "unlogged"),
        foreign ? "its rows are in another server, not in this WAL" : "its changes are not in the WAL",
        foreign
            ? "ALTER TABLE " + root.sqlName() + " DETACH PARTITION " + quoted + ";"
            : "ALTER TABLE " + quoted + " SET LOGGED;",
        root.qualifiedName()));
  }

  private void sequences(Map<Integer, TableDefinition> byOid, List<Finding> findings) throws SQLException {
    for (SequenceState sequence : SequenceState.read(connection, byOid.keySet())) {
      TableDefinition table = byOid.get(sequence.tableOid());
      if (!sequence.readable() && table != null) {
        findings.add(new Finding(
            Severity.WARN,
            ErrorCode.SEQUENCE_NOT_READABLE,
            source + ": " + table.qualifiedName() + ": sequence " + sequence.schema() + "." + sequence.name()
                + " cannot be read by role " + role,
            "a cutover or failover could not set it at the target",
            "GRANT SELECT ON SEQUENCE " + sequence.sqlName() + " TO " + role + ";",
            table.qualifiedName()));
      }
    }
  }
}
