package io.helios.repl.pipeline;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * The source's clock as it was seen last.
 *
 * @param micros since 1970
 * @param nanos when that was, by the clock that only grows: the other may be set at any time
 */
record SourceClock(long micros, long nanos) {

  /** From 1970 to 2000, PostgreSQL's epoch. */
  private static final long POSTGRES_EPOCH_SECONDS = 946_684_800L;

  static SourceClock read(Connection connection, Ticker ticker) throws SQLException {
    long before = ticker.nanos();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())"
                    + " OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8")) {
      row.next();
      return new SourceClock(row.getLong(1), before + (ticker.nanos() - before) / 2);
    }
  }

  /** Microseconds since 1970 to microseconds since 2000-01-01 UTC. */
  static long sincePostgresEpoch(long micros) {
    return micros - POSTGRES_EPOCH_SECONDS * 1_000_000;
  }

  /** Microseconds since 2000-01-01 UTC as a time. */
  static Instant instant(long sincePostgresEpoch) {
    return Instant.ofEpochSecond(POSTGRES_EPOCH_SECONDS).plus(sincePostgresEpoch, ChronoUnit.MICROS);
  }

  /** What it shows now, microseconds since 2000-01-01 UTC. */
  long now(Ticker ticker) {
    return sincePostgresEpoch(micros + (ticker.nanos() - nanos) / 1000);
  }
}
