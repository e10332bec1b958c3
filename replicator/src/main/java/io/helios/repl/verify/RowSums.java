package io.helios.repl.verify;

import io.helios.repl.postgres.BlockRange;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.TableName;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGStatement;

/**
 * A side's rows of one table, told apart by nothing but their hash: added up in buckets of it, or one by one with the
 * places where they lie. What a server answers is packed, since these answers are what a repair moves most of.
 *
 * @param buckets a power of two; a row is in the bucket that the low bits of its hash's first half name
 */
record RowSums(Side side, TableName table, RowHash hash, int buckets) {

  /** Rows that the server packs into one row of its answer. */
  private static final int PACKED = 1_000;

  private static final int FETCHED = 20;
  private static final long LARGE_BYTES = 64L << 20;

  private static final String PACKED_BUCKETS =
      """
      SELECT pg_catalog.string_agg(pg_catalog.int4send(b::pg_catalog.int4)
          || pg_catalog.int4send((n %% 2147483648)::pg_catalog.int4)
          || pg_catalog.int8send(%s) || pg_catalog.int8send(%s), ''::pg_catalog.bytea)
      FROM (
        SELECT hi & %d AS b, count(*) AS n, sum(hi) %% 18446744073709551616 AS high, sum(lo) %% 18446744073709551616 AS low
        FROM (SELECT %s AS hi, %s AS lo FROM (SELECT %s AS h FROM %s AND %s OFFSET 0) hashed OFFSET 0) s
        GROUP BY hi & %d) g
      """;

  private static final String PACKED_ROWS =
      """
      SELECT pg_catalog.string_agg(e, ''::pg_catalog.bytea ORDER BY e)
      FROM (
        SELECT e, (pg_catalog.row_number() OVER (ORDER BY e) - 1) / %d AS c
        FROM (
          SELECT pg_catalog.int8send(%s) || pg_catalog.int8send(%s) || p AS e
          FROM (SELECT %s AS h, pg_catalog.tidsend(t.ctid)%s AS p FROM %s OFFSET 0) hashed
          WHERE %s = ANY (?::pg_catalog.int8[]) OFFSET 0) r) numbered
      GROUP BY c ORDER BY c
      """;

  /**
   * Ranges of blocks that together are the table, for sessions side by side: as many as that, where the table is large and
   * the tenant's as a whole; else an index may serve. No more, since each range answers with all its buckets.
   */
  List<BlockRange> ranges(int sessions) {
    TableDefinition definition = side.table(table).definition();
    boolean large = definition.bytes() >= LARGE_BYTES && side.table(table).keyColumn() == null;
    return BlockRange.split(side.snapshot().storage().blocks(definition), large ? sessions : 1);
  }

  /** What the rows of a range of blocks add up to, by bucket. Buckets without rows are missing. */
  Map<Integer, Digest> sums(Connection connection, BlockRange range, LongAdder bytes) {
    String sql = PACKED_BUCKETS.formatted(
        wrapped("high"), wrapped("low"), buckets - 1, RowHash.high("h"), RowHash.low("h"), hash.rowSql("t"),
        side.rows(connection, table), range.sql("t"), buckets - 1);
    Map<Integer, Digest> digests = new HashMap<>();
    try (PreparedStatement query = binary(connection, sql);
        ResultSet row = query.executeQuery()) {
      row.next();
      byte @Nullable [] packed = row.getBytes(1);
      if (packed != null) {
        bytes.add(packed.length);
        for (ByteBuffer in = ByteBuffer.wrap(packed); in.hasRemaining(); ) {
          int bucket = in.getInt();
          digests.put(bucket, new Digest(in.getInt(), in.getLong(), in.getLong()));
        }
      }
      return digests;
    } catch (SQLException e) {
      throw side.failed(e, table.toString());
    }
  }

  /** The rows of some buckets in the order of their hashes; read with a cursor, so never all in memory. */
  PlacedRows rows(Connection connection, List<Integer> wanted, LongAdder bytes) {
    boolean partitioned = side.table(table).definition().kind() == 'p';
    String sql = PACKED_ROWS.formatted(
        PACKED, RowHash.high("h"), RowHash.low("h"), hash.rowSql("t"), partitioned ? " || pg_catalog.oidsend(t.tableoid)" : "", side.rows(connection, table),
        bucket("h"));
    try {
      PreparedStatement query = binary(connection, sql);
      query.setFetchSize(FETCHED);
      query.setArray(1, connection.createArrayOf("int8", wanted.stream().map(Integer::longValue).toArray()));
      return new PlacedRows(query, query.executeQuery(), side, table, partitioned, bytes);
    } catch (SQLException e) {
      throw side.failed(e, table.toString());
    }
  }

  private String bucket(String rowHash) {
    return "(" + RowHash.high(rowHash) + " & " + (buckets - 1) + ")";
  }

  /** A sum modulo 2^64, as the int8 that has the same bits. */
  private static String wrapped(String sum) {
    return ("(CASE WHEN %1$s >= 9223372036854775808 THEN %1$s - 18446744073709551616"
            + " WHEN %1$s < -9223372036854775808 THEN %1$s + 18446744073709551616 ELSE %1$s END)::pg_catalog.int8")
        .formatted(sum);
  }

  /** As text a byte would take two. */
  private static PreparedStatement binary(Connection connection, String sql) throws SQLException {
    PreparedStatement query = connection.prepareStatement(sql);
    query.unwrap(PGStatement.class).setPrepareThreshold(-1);
    return query;
  }
}
