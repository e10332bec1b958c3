package io.helios.repl.capture;

import io.helios.repl.postgres.Lsn;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * What the source says at the beginning of a poll, right after the poll's snapshot was taken.
 *
 * @param oldestXid of the snapshot: transactions with lower ids have all ended, subtransactions included
 * @param nextXid of the snapshot: what it sees has a lower id
 * @param clock the source's, as {@code timestamptz} prints it
 * @param latestLocal the same moment where on Earth it is latest, as {@code timestamp} prints it
 * @param micros the same clock, microseconds since 2000-01-01 UTC
 * @param lsn where the WAL ends, or is replayed up to: what the snapshot sees was committed before it
 * @param flushed how far of that is on its disk: what is beyond, a crash of the source may undo
 * @param standby whether it is one
 */
record PollMoment(long oldestXid, long nextXid, String clock, String latestLocal, long micros, Lsn lsn, Lsn flushed, boolean standby) {

  private static final String NOW =
      """
      SELECT pg_catalog.pg_snapshot_xmin(s.now)::pg_catalog.text, pg_catalog.pg_snapshot_xmax(s.now)::pg_catalog.text,
        c.clock::pg_catalog.text,
        ((c.clock AT TIME ZONE 'UTC') OPERATOR(pg_catalog.+) '14:00'::pg_catalog.interval)::pg_catalog.text,
        (pg_catalog.date_part('epoch', c.clock OPERATOR(pg_catalog.-) '2000-01-01 00:00:00+00'::pg_catalog.timestamptz)
          OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8,
        (CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
          ELSE pg_catalog.pg_current_wal_insert_lsn() END)::pg_catalog.text,
        (CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
          ELSE pg_catalog.pg_current_wal_flush_lsn() END)::pg_catalog.text,
        pg_catalog.pg_is_in_recovery()
      FROM (SELECT pg_catalog.pg_current_snapshot() AS now OFFSET 0) AS s,
        (SELECT pg_catalog.clock_timestamp() AS clock OFFSET 0) AS c""";

  /** To be the first query of a transaction whose snapshot stays. */
  static PollMoment read(Connection connection) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(NOW);
        ResultSet row = query.executeQuery()) {
      row.next();
      return new PollMoment(
          Long.parseLong(row.getString(1)),
          Long.parseLong(row.getString(2)),
          row.getString(3),
          row.getString(4),
          row.getLong(5),
          Lsn.parse(row.getString(6)),
          Lsn.parse(row.getString(7)),
          row.getBoolean(8));
    }
  }
}
