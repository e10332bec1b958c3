package io.helios.repl.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Where tables lie on disk at one moment. A snapshot does not protect against what rewrites a table (TRUNCATE, an ALTER
 * TABLE that changes a type: PostgreSQL documentation, Caveats of MVCC): rows seem gone to it, silently. So the files are
 * noted before the snapshot is taken and compared once the tables are locked.
 */
public final class TableStorage {

  private static final String FILES =
      """
      SELECT o.oid::pg_catalog.int8,
        coalesce(pg_catalog.string_agg(pg_catalog.pg_relation_filenode(r.relid)::pg_catalog.text, ',' ORDER BY r.relid), ''),
        coalesce(pg_catalog.max(pg_catalog.pg_relation_size(r.relid)), 0)
          / pg_catalog.current_setting('block_size')::pg_catalog.int8
      FROM pg_catalog.unnest(?::pg_catalog.int8[]::pg_catalog.oid[]) o (oid)
      CROSS JOIN LATERAL (%s
        SELECT o.oid AS relid UNION SELECT relid FROM part) r
      GROUP BY o.oid
      """.formatted(Catalog.PARTITIONS.formatted("o.oid"));

  /** @param blocks of the table, or of its largest partition */
  private record Files(String nodes, long blocks) {}

  private final Map<Integer, Files> files;

  private TableStorage(Map<Integer, Files> files) {
    this.files = files;
  }

  /** Reads it as it is now, whatever the connection's snapshot. */
  public static TableStorage read(Connection connection, Collection<TableDefinition> tables) throws SQLException {
    Map<Integer, Files> files = new HashMap<>();
    try (PreparedStatement query = connection.prepareStatement(FILES)) {
      Object[] oids =
          tables.stream().map(table -> Integer.toUnsignedLong(table.oid())).toArray();
      query.setArray(1, connection.createArrayOf("int8", oids));
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          files.put((int) row.getLong(1), new Files(row.getString(2), row.getLong(3)));
        }
      }
    }
    return new TableStorage(files);
  }

  /** Keeps anything from rewriting or dropping the tables, partitions included, until the transaction ends. */
  public static void lock(Connection connection, Collection<TableDefinition> tables) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (TableDefinition table : tables) {
        statement.execute("LOCK TABLE " + source(table) + " IN ACCESS SHARE MODE");
      }
    }
  }

  /** The table as it stands in FROM: without tables that inherit from it, but with all its partitions. */
  public static String source(TableDefinition table) {
    return table.kind() == 'p' ? table.sqlName() : "ONLY " + table.sqlName();
  }

  /** How many blocks the table has, or its largest partition. */
  public long blocks(TableDefinition table) {
    Files found = files.get(table.oid());
    return found == null ? 0 : found.blocks();
  }

  /** Whether the table's rows lie in the same files in both. */
  public boolean sameFiles(TableStorage other, TableDefinition table) {
    Files mine = files.get(table.oid());
    Files theirs = other.files.get(table.oid());
    return mine != null && theirs != null && Objects.equals(mine.nodes(), theirs.nodes());
  }
}
