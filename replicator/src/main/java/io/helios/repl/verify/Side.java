package io.helios.repl.verify;

import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.postgres.BlockRange;
import io.helios.repl.postgres.ExportedSnapshot;
import io.helios.repl.postgres.RowCondition;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.TableName;
import io.helios.repl.postgres.TableStorage;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Source or target of a verification: a snapshot, the tables as they are under it, and the three questions asked of it,
 * each coarser one so that the finer need not be asked. Connections are given by the caller, one thread each.
 *
 * @param name {@code source} or {@code target}, for messages
 * @param tables with this side's own definitions
 */
record Side(
    String name, ErrorCode code, ExportedSnapshot snapshot, Map<TableName, TenantTable> tables, VerifySettings settings) {

  /** One scan: a table, or a range of its blocks. */
  record Scan(TableName table, BlockRange blocks) {}

  /** A hash of 128 bits of a key and one of its row, in the order of keys, then rows. */
  record HashedRow(long keyHigh, long keyLow, long rowHigh, long rowLow) {

    boolean sameKey(HashedRow other) {
      return keyHigh == other.keyHigh && keyLow == other.keyLow;
    }

    int compareKey(HashedRow other) {
      int high = Long.compare(keyHigh, other.keyHigh);
      return high != 0 ? high : Long.compare(keyLow, other.keyLow);
    }

    int compareRow(HashedRow other) {
      int high = Long.compare(rowHigh, other.rowHigh);
      return high != 0 ? high : Long.compare(rowLow, other.rowLow);
    }
  }

  private static final int FETCH_ROWS = 5_000;

  /** The scans that together read the table once. */
  List<Scan> scans(TableName name) {
    TableDefinition definition = table(name).definition();
    long blocks = snapshot.storage().blocks(definition);
    // Ranges of blocks pay where most of the table is the tenant's; else one scan, which an index may serve.
    long parts = table(name).keyColumn() == null ? definition.bytes() / settings.smallestPartBytes() : 1;
    return BlockRange.split(blocks, (int) Math.clamp(parts, 1, settings.parallelism() * 4L)).stream()
        .map(range -> new Scan(name, range))
        .toList();
  }

  /** What the rows of a scan add up to. */
  Digest digest(Connection connection, Scan scan, RowHash hash) {
    String sql = "SELECT count(*), sum(" + RowHash.high("h") + "), sum(" + RowHash.low("h") + ") FROM (SELECT "
        + hash.rowSql("t") + " AS h FROM " + rows(connection, scan.table()) + " AND " + scan.blocks().sql("t")
        + " OFFSET 0) s";
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return Digest.of(row.getLong(1), row.getBigDecimal(2), row.getBigDecimal(3));
    } catch (SQLException e) {
      throw failed(e, scan.table().toString());
    }
  }

  /** The same by the low bits of the key's hash; {@code buckets} is a power of two. Buckets without rows are missing. */
  Map<Integer, Digest> buckets(Connection connection, TableName name, RowHash hash, int buckets) {
    String sql = "SELECT b, count(*), sum(" + RowHash.high("h") + "), sum(" + RowHash.low("h") + ") FROM (SELECT "
        + bucket(hash.keySql("t"), buckets) + " AS b, " + hash.rowSql("t") + " AS h FROM " + rows(connection, name)
        + " OFFSET 0) s GROUP BY b";
    Map<Integer, Digest> digests = new HashMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      while (row.next()) {
        digests.put(row.getInt(1), Digest.of(row.getLong(2), row.getBigDecimal(3), row.getBigDecimal(4)));
      }
      return digests;
    } catch (SQLException e) {
      throw failed(e, name.toString());
    }
  }

  /** The hashed rows of some buckets, sorted by the server; read with a cursor, so never all in memory. */
  HashedRows rows(Connection connection, TableName name, RowHash hash, int buckets, List<Integer> wanted) {
    String key = "\"helios key hash\"";
    String row = "\"helios row hash\"";
    String sql = "SELECT " + RowHash.high(key) + ", " + RowHash.low(key) + ", " + RowHash.high(row) + ", "
        + RowHash.low(row) + " FROM (SELECT " + key + ", " + hash.rowSql("k") + " AS " + row + " FROM (SELECT t.*, "
        + hash.keySql("t") + " AS " + key + " FROM " + rows(connection, name) + " OFFSET 0) k WHERE "
        + bucket(key, buckets) + " = ANY (?::pg_catalog.int8[]) OFFSET 0) r ORDER BY 1, 2, 3, 4";
    try {
      PreparedStatement query = connection.prepareStatement(sql);
      query.setFetchSize(FETCH_ROWS);
      query.setArray(1, connection.createArrayOf("int8", wanted.stream().map(Integer::longValue).toArray()));
      return new HashedRows(query, query.executeQuery(), this, name);
    } catch (SQLException e) {
      throw failed(e, name.toString());
    }
  }

  /** A further session under this side's snapshot. */
  Connection open() {
    try {
      return snapshot.open();
    } catch (SQLException e) {
      throw failed(e, "");
    }
  }

  HeliosException failed(SQLException e, String table) {
    return SqlStates.classify(
        e,
        code,
        "reading the " + name + (table.isEmpty() ? "" : "'s table " + table) + " failed",
        "helios-repl " + name + " check");
  }

  TenantTable table(TableName name) {
    TenantTable table = tables.get(name);
    if (table == null) {
      throw new IllegalStateException("no table " + name);
    }
    return table;
  }

  /** {@code … t WHERE …}: the tenant's rows, with the key bound to the session. */
  String rows(Connection connection, TableName name) {
    TenantTable table = table(name);
    RowCondition condition;
    try {
      condition = RowCondition.bind(connection, table.definition(), table.keyColumn(), table.key());
    } catch (SQLException e) {
      throw failed(e, name.toString());
    }
    return TableStorage.source(table.definition()) + " t WHERE " + condition.sql("t");
  }

  private static String bucket(String hash, int buckets) {
    return "(" + RowHash.high(hash) + " & " + (buckets - 1) + ")";
  }
}
