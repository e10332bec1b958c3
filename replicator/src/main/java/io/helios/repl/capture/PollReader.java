package io.helios.repl.capture;

import java.sql.SQLException;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads what a poll is to find, table by table, into the journal's open transaction. Owned by the capture thread. */
final class PollReader {

  private static final int ROWS_BETWEEN_LOOKS = 1_000;

  private final PollSession session;
  private final PolledTables tables;
  private final SeenRows seen;
  private final RoutedChanges out;
  private @Nullable PolledTable reading;

  PollReader(PollSession session, PolledTables tables, SeenRows seen, RoutedChanges out) {
    this.session = session;
    this.tables = tables;
    this.seen = seen;
    this.out = out;
  }

  /**
   * What was found.
   *
   * @param reached tables with rows, and those that have just joined, and how far they are now
   */
  record Found(long rows, Map<PolledTable, TableMark> reached) {}

  /** The table that is being read; after an error, the one that it is about. Null for none. */
  @Nullable PolledTable reading() {
    return reading;
  }

  /**
   * Reads.
   *
   * @param whole everything that the last whole poll has not found; else only what is above the highest values
   * @param look called now and then while rows come
   */
  Found read(TenantRouter router, PollMoment moment, boolean whole, Runnable look) throws SQLException {
    boolean news = seen.mayHaveNews();
    session.bind(Map.of(
        CheckpointColumn.CLOCK, moment.clock(),
        CheckpointColumn.LATEST_LOCAL, moment.latestLocal(),
        PolledTable.NEWEST, Long.toString(seen.newest()),
        PolledTable.SPAN, Long.toString(seen.span()),
        PolledTable.SEEN, Base64.getEncoder().encodeToString(seen.bits()),
        PolledTable.KEYS, tables.keys()));
    Map<PolledTable, TableMark> reached = new HashMap<>();
    long all = 0;
    for (PolledTable table : tables.all()) {
      reading = table;
      TableMark mark = tables.mark(table);
      // Whoever takes a table that joins is still to be copied, under this snapshot or a later one: it has what this one shows.
      boolean joins = tables.isNew(table);
      long rows = joins || !news ? 0 : read(table, mark, whole, new Rows(table, router, look));
      if (joins || rows > 0) {
        reached.put(table, mark.reached(highest(table, mark)));
      }
      all += rows;
    }
    reading = null;
    return new Found(all, reached);
  }

  private long read(PolledTable table, TableMark mark, boolean whole, Rows sink) throws SQLException {
    String low = whole ? mark.horizon() : mark.highest();
    if (low != null) {
      session.bind(Map.of(CheckpointColumn.LOW, low));
    }
    if (!whole) {
      return session.copy(table.above(low != null), sink);
    }
    long rows = session.copy(table.news(low != null), sink);
    return low != null && table.column().nullable() ? rows + session.copy(table.newsWithoutValue(), sink) : rows;
  }

  private @Nullable String highest(PolledTable table, TableMark mark) throws SQLException {
    if (mark.highest() != null) {
      session.bind(Map.of(CheckpointColumn.LOW, mark.highest()));
    }
    return session.value(table.highest(mark.highest() != null));
  }

  private final class Rows implements PollSession.Lines {
    private final PolledTable table;
    private final TenantRouter router;
    private final Runnable look;
    private int sinceLook;

    Rows(PolledTable table, TenantRouter router, Runnable look) {
      this.table = table;
      this.router = router;
      this.look = look;
    }

    @Override
    public void line(byte[] line) {
      seen.add(CopyLine.number(line));
      router.upsert(table.oid(), CopyLine.tuple(line, table.relation().columns().size()), out);
      if (++sinceLook == ROWS_BETWEEN_LOOKS) {
        sinceLook = 0;
        look.run();
      }
    }
  }
}
