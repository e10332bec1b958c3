package io.helios.repl.capture;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Set;

/**
 * The transactions in progress in the source's database, as far as it shows them to a role without any right.
 *
 * <p>Each transaction holds an exclusive lock on its virtual id from its first to its last moment ({@code
 * VirtualXactLockTableInsert} in {@code StartTransaction}, {@code xact.c}), whether or not it has written yet, and {@code
 * pg_locks} shows it to everybody; {@code pg_stat_activity} tells the database, the role and the application's name, but hides
 * from other roles when a transaction began. In {@code pg_locks} itself such a lock belongs to no database.
 *
 * @param virtual virtual ids, without those of our own sessions and of autovacuum (which alone has a database and no role):
 *     neither writes rows
 * @param prepared ids of prepared transactions; they hold no lock on a virtual id
 * @param replayedMicros commit time of the last transaction replayed by a standby, microseconds since 2000; {@link
 *     Long#MIN_VALUE} when none was, and at a primary
 * @param oldestXid of a snapshot: no transaction with a lower one is in progress
 */
public record RunningTransactions(Set<String> virtual, Set<String> prepared, long replayedMicros, long oldestXid) {

  private static final String VIRTUAL =
      """
      SELECT l.virtualxid
        FROM pg_catalog.pg_locks AS l LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid OPERATOR(pg_catalog.=) l.pid
       WHERE l.locktype OPERATOR(pg_catalog.=) 'virtualxid'
         AND l.mode OPERATOR(pg_catalog.=) 'ExclusiveLock'
         AND l.granted
         AND l.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()
         AND (a.datid IS NULL
           OR a.datid OPERATOR(pg_catalog.=) (
               SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
             AND a.usesysid IS NOT NULL
             AND NOT coalesce(a.usename OPERATOR(pg_catalog.=) current_user
               AND pg_catalog.starts_with(a.application_name, 'helios-repl/'), false))""";

  private static final String PREPARED =
      """
      SELECT p.transaction::pg_catalog.text FROM pg_catalog.pg_prepared_xacts AS p
       WHERE p.database OPERATOR(pg_catalog.=) pg_catalog.current_database()""";

  private static final String REPLAYED =
      """
      SELECT (pg_catalog.date_part('epoch', pg_catalog.pg_last_xact_replay_timestamp() OPERATOR(pg_catalog.-)
               '2000-01-01 00:00:00+00'::pg_catalog.timestamptz) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8,
             pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::pg_catalog.text""";

  public RunningTransactions {
    virtual = Set.copyOf(virtual);
    prepared = Set.copyOf(prepared);
  }

  /**
   * Reads them as they are at this moment, whatever the session's snapshot.
   *
   * @param connection in autocommit
   */
  public static RunningTransactions read(Connection connection, boolean standby) throws SQLException {
    if (standby) {
      try (PreparedStatement query = connection.prepareStatement(REPLAYED);
          ResultSet row = query.executeQuery()) {
        row.next();
        long replayed = row.getLong(1);
        return new RunningTransactions(
            Set.of(), Set.of(), row.wasNull() ? Long.MIN_VALUE : replayed, Long.parseLong(row.getString(2)));
      }
    }
    // In this order: one that is prepared meanwhile is in the second, for its lock goes when it is there (PrepareTransaction).
    Set<String> virtual = names(connection, VIRTUAL);
    return new RunningTransactions(virtual, names(connection, PREPARED), Long.MIN_VALUE, 0);
  }

  private static Set<String> names(Connection connection, String sql) throws SQLException {
    Set<String> names = new HashSet<>();
    try (PreparedStatement query = connection.prepareStatement(sql);
        ResultSet row = query.executeQuery()) {
      while (row.next()) {
        names.add(row.getString(1));
      }
    }
    return names;
  }
}
