package io.helios.repl.postgres;

import java.util.ArrayList;
import java.util.List;

/**
 * A range of a table's blocks, so that several sessions read a table together (PostgreSQL 14 and later: TID Range
 * Scan). The last range of a table is open: what was appended since the blocks were counted is in it.
 *
 * @param from the first block
 * @param to just past the last block; -1 for all that follow
 */
public record BlockRange(long from, long to) {

  public static final BlockRange ALL = new BlockRange(0, -1);

  /** {@code parts} ranges of about the same length that together are the whole table. */
  public static List<BlockRange> split(long blocks, int parts) {
    List<BlockRange> ranges = new ArrayList<>();
    long from = 0;
    for (int i = 1; i < parts; i++) {
      long to = blocks * i / parts;
      if (to > from) {
        ranges.add(new BlockRange(from, to));
        from = to;
      }
    }
    ranges.add(new BlockRange(from, -1));
    return ranges;
  }

  /** As SQL, over a table with this alias. */
  public String sql(String alias) {
    if (from == 0 && to < 0) {
      return "true";
    }
    String low = alias + ".ctid OPERATOR(pg_catalog.>=) '(" + from + ",0)'::pg_catalog.tid";
    return to < 0 ? low : low + " AND " + alias + ".ctid OPERATOR(pg_catalog.<) '(" + to + ",0)'::pg_catalog.tid";
  }
}
