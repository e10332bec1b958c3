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
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Source or target of a verification: a snapshot, the tables as they are under it, and the three questions asked of it,
 * each coarser one so that the finer need not be asked. Connections are given by the caller, one thread each.
 *
 * @param name {@code source} or {@code target}, for messages
 * @param tables with this side's own definitions
 */
record Side(
    String name, ErrorCode code, ExportedSnapshot snapshot, Map<TableName, TenantTable> tables, VerifySettings settings) {

  /**
   * A part of a table that one statement reads.
   *
   * @param bytes about how much that is on disk; for rows found through an index, of one row
   * @param byIndex whether the tenant's rows are found through an index, so that ranges of blocks would only be in the way
   */
  record Scan(TableName table, BlockRange blocks, long bytes, boolean byIndex) {}

  /** Called before bytes are read; blocks until they may be. */
  @FunctionalInterface
  interface Turn {
    void await(long bytes);
  }

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

  /** A row's header and line pointer (PostgreSQL: {@code access/htup_details.h}, {@code storage/itemid.h}). */
  private static final int ROW_OVERHEAD_BYTES = 28;

  private static final Pattern PLAN = Pattern.compile("rows=\\d+ width=(\\d+)\\)");
  private static final Pattern WHOLE_SCAN = Pattern.compile("\\s*(-> *)?Seq Scan .*");

  /**
   * The scans that together read the table once, none of them more than the settings' chunk. Where the tenant is a small
   * part of a large table, and an index finds it, that is one scan, which stops for its turn as it goes.
   *
   * @param connection a session under the snapshot
   */
  List<Scan> scans(Connection connection, TableName name) {
    TableDefinition definition = table(name).definition();
    long blocks = snapshot.storage().blocks(definition);
    int parts = (int) Math.clamp(Math.ceilDiv(definition.bytes(), settings.chunkBytes()), 1, Math.max(1, blocks));
    if (parts > 1 && table(name).keyColumn() != null) {
      OptionalInt width = widthOfIndexedRows(connection, name);
      if (width.isPresent()) {
        return List.of(new Scan(name, BlockRange.ALL, width.getAsInt() + ROW_OVERHEAD_BYTES, true));
      }
    }
    long bytes = definition.bytes() / parts;
    return BlockRange.split(blocks, parts).stream().map(range -> new Scan(name, range, bytes, false)).toList();
  }

  /** Asks the planner; empty when it would read the whole table. */
  private OptionalInt widthOfIndexedRows(Connection connection, TableName name) {
    OptionalInt width = OptionalInt.empty();
    try (Statement statement = connection.createStatement();
        ResultSet line = statement.executeQuery("EXPLAIN SELECT t.* FROM " + rows(connection, name))) {
      while (line.next()) {
        Matcher plan = PLAN.matcher(line.getString(1));
        if (WHOLE_SCAN.matcher(line.getString(1)).matches()) {
          return OptionalInt.empty();
        }
        if (width.isEmpty() && plan.find()) {
          width = OptionalInt.of(Integer.parseInt(plan.group(1)));
        }
      }
      return width;
    } catch (SQLException e) {
      throw failed(e, name.toString());
    }
  }

  /** What the rows of a scan add up to. */
  Digest digest(Connection connection, Scan scan, RowHash hash, Turn turn) {
    String hashes = "(SELECT " + hash.rowSql("t") + " AS h FROM " + rows(connection, scan.table()) + " AND "
        + scan.blocks().sql("t") + " OFFSET 0) s";
    try {
      return scan.byIndex() ? running(connection, scan, hashes, turn) : sum(connection, scan, hashes, turn);
    } catch (SQLException e) {
      throw failed(e, scan.table().toString());
    }
  }

  private static Digest sum(Connection connection, Scan scan, String hashes, Turn turn) throws SQLException {
    turn.await(scan.bytes());
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(
            "SELECT count(*), sum(" + RowHash.high("h") + "), sum(" + RowHash.low("h") + ") FROM " + hashes)) {
      row.next();
      return Digest.of(row.getLong(1), row.getBigDecimal(2), row.getBigDecimal(3));
    }
  }

  /**
   * The same as running sums, of which every so many rows one is fetched (the window is read as it comes: its frame begins
   * with the first row): between two of them the server stands still.
   */
  private Digest running(Connection connection, Scan scan, String hashes, Turn turn) throws SQLException {
    long rowsInOneGo = Math.max(1, settings.chunkBytes() / scan.bytes());
    String sql = "SELECT n, high, low FROM (SELECT pg_catalog.row_number() OVER w AS n, sum(" + RowHash.high("h")
        + ") OVER w AS high, sum(" + RowHash.low("h") + ") OVER w AS low, pg_catalog.lead(true) OVER w AS more FROM " + hashes
        + " WINDOW w AS (ROWS UNBOUNDED PRECEDING)) r WHERE n % " + rowsInOneGo + " = 0 OR more IS NULL";
    Digest digest = Digest.EMPTY;
    try (PreparedStatement query = connection.prepareStatement(sql)) {
      query.setFetchSize(1);
      turn.await(rowsInOneGo * scan.bytes());
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          digest = Digest.of(row.getLong(1), row.getBigDecimal(2), row.getBigDecimal(3));
          if (digest.rows() % rowsInOneGo == 0) {
            turn.await(rowsInOneGo * scan.bytes());
          }
        }
      }
    }
    return digest;
  }

  /** The same by the low bits of the key's hash; {@code buckets} is a power of two. Buckets without rows are missing. */
  Map<Integer, Digest> buckets(Connection connection, TableName name, RowHash hash, int buckets) {
    String sql = "SELECT " + bucket("k", buckets) + " AS b, count(*), sum(" + RowHash.high("h") + "), sum("
        + RowHash.low("h") + ") FROM (SELECT " + hash.keySql("t") + " AS k, " + hash.rowSql("t") + " AS h FROM "
        + rows(connection, name) + " OFFSET 0) s GROUP BY 1";
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

  /** A further session under this side's snapshot, that takes no workers beside itself. */
  Connection open() {
    try {
      Connection connection = snapshot.open();
      try (Statement statement = connection.createStatement()) {
        statement.execute("SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off");
      }
      return connection;
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
