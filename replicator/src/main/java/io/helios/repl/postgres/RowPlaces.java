package io.helios.repl.postgres;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Rows of one table by where they lie ({@code tableoid}, {@code ctid}). A row that a snapshot sees stays where it is for as
 * long as the snapshot is open: neither pruning nor vacuum takes what somebody may still see, and what would rewrite the
 * table waits for the snapshot's lock. Eight bytes a row. One thread's only.
 */
public final class RowPlaces {

  /** Of one table or partition. */
  private static final class Places {
    long[] places = new long[16];
    int size;
  }

  /**
   * Some of the rows, few enough for one statement.
   *
   * @param tableOid the partition; 0 where the table is not partitioned
   * @param places block number and line pointer, the pointer in the low 16 bits
   */
  public record Chunk(int tableOid, long[] places) {

    /** As SQL, over a table with this alias; a TID scan serves it ({@code IsTidEqualAnyClause} in tidpath.c). */
    public String sql(String alias) {
      StringBuilder sql = new StringBuilder();
      if (tableOid != 0) {
        sql.append(alias).append(".tableoid OPERATOR(pg_catalog.=) ").append(Integer.toUnsignedLong(tableOid)).append(
            "::pg_catalog.oid AND ");
      }
      sql.append(alias).append(".ctid OPERATOR(pg_catalog.=) ANY ('{");
      for (int i = 0; i < places.length; i++) {
        sql.append(i == 0 ? "\"(" : ",\"(").append(places[i] >>> 16).append(',').append(places[i] & 0xFFFF).append(")\"");
      }
      return sql.append("}'::pg_catalog.tid[])").toString();
    }
  }

  private final Map<Integer, Places> byTable = new TreeMap<>();
  private long size;

  /**
   * @param tableOid the partition; 0 where the table is not partitioned
   * @param block its number, unsigned
   * @param pointer the line pointer, unsigned
   */
  public void add(int tableOid, int block, short pointer) {
    Places places = byTable.computeIfAbsent(tableOid, oid -> new Places());
    if (places.size == places.places.length) {
      places.places = Arrays.copyOf(places.places, places.size * 2);
    }
    places.places[places.size++] = Integer.toUnsignedLong(block) << 16 | Short.toUnsignedLong(pointer);
    size++;
  }

  public long size() {
    return size;
  }

  /** All of them, in the order in which they lie, in chunks of at most {@code most} rows. */
  public List<Chunk> chunks(int most) {
    List<Chunk> chunks = new ArrayList<>();
    byTable.forEach((oid, places) -> {
      Arrays.sort(places.places, 0, places.size);
      for (int from = 0; from < places.size; from += most) {
        chunks.add(new Chunk(oid, Arrays.copyOfRange(places.places, from, Math.min(places.size, from + most))));
      }
    });
    return chunks;
  }
}
