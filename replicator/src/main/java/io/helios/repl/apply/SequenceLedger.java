package io.helios.repl.apply;

import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.SequenceSample;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;

/**
 * {@code helios.sequence} at a target: how far the source's sequences had come when they were last looked at, for the day
 * on which the source cannot be asked any more. The target's own sequences are left alone. Runs in the caller's
 * transaction.
 */
public final class SequenceLedger {

  /** A value that has not changed is written again when its time is as old as this. */
  public static final Duration REFRESHED_AFTER = Duration.ofMinutes(1);

  /** What nobody has refreshed for so long is not at the source any more, or of no tenant here. */
  private static final Duration FORGOTTEN_AFTER = Duration.ofMinutes(10);

  private SequenceLedger() {}

  /**
   * Keeps samples of one source, over older ones; the WAL says which are older, since clocks may be set back. Those of
   * tables that no tenant has here do no harm.
   */
  public static void keep(Connection connection, String source, long sourceSystem, List<SequenceSample> samples)
      throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(
        """
        INSERT INTO helios.sequence AS k (source_system, source, schema_name, sequence_name, table_schema, table_name,
          column_name, last_value, is_called, increment, lsn, at)
        SELECT ?, ?, s.* FROM ROWS FROM (
          pg_catalog.unnest(?::pg_catalog.text[]), pg_catalog.unnest(?::pg_catalog.text[]),
          pg_catalog.unnest(?::pg_catalog.text[]), pg_catalog.unnest(?::pg_catalog.text[]),
          pg_catalog.unnest(?::pg_catalog.text[]), pg_catalog.unnest(?::pg_catalog.int8[]),
          pg_catalog.unnest(?::pg_catalog.bool[]), pg_catalog.unnest(?::pg_catalog.int8[]),
          pg_catalog.unnest(?::pg_catalog.text[]::pg_catalog.pg_lsn[]),
          pg_catalog.unnest(?::pg_catalog.text[]::pg_catalog.timestamptz[])) s
        ORDER BY 3, 4, 5, 6, 7
        ON CONFLICT (source_system, source, schema_name, sequence_name, table_schema, table_name, column_name)
        DO UPDATE SET last_value = EXCLUDED.last_value, is_called = EXCLUDED.is_called, increment = EXCLUDED.increment,
          lsn = EXCLUDED.lsn, at = EXCLUDED.at
        WHERE (EXCLUDED.lsn OPERATOR(pg_catalog.>) k.lsn
            OR EXCLUDED.lsn OPERATOR(pg_catalog.=) k.lsn AND EXCLUDED.at OPERATOR(pg_catalog.>) k.at)
          AND (EXCLUDED.at OPERATOR(pg_catalog.<) k.at
            OR EXCLUDED.at OPERATOR(pg_catalog.-) k.at OPERATOR(pg_catalog.>=) ?::pg_catalog.interval
            OR (k.last_value, k.is_called, k.increment) IS DISTINCT FROM
              (EXCLUDED.last_value, EXCLUDED.is_called, EXCLUDED.increment))
        """)) {
      insert.setLong(1, sourceSystem);
      insert.setString(2, source);
      array(connection, insert, 3, "text", samples, SequenceSample::schema);
      array(connection, insert, 4, "text", samples, SequenceSample::name);
      array(connection, insert, 5, "text", samples, SequenceSample::tableSchema);
      array(connection, insert, 6, "text", samples, SequenceSample::table);
      array(connection, insert, 7, "text", samples, SequenceSample::column);
      array(connection, insert, 8, "int8", samples, SequenceSample::lastValue);
      array(connection, insert, 9, "bool", samples, SequenceSample::called);
      array(connection, insert, 10, "int8", samples, SequenceSample::increment);
      array(connection, insert, 11, "text", samples, s -> s.lsn().toString());
      array(connection, insert, 12, "text", samples, s -> s.at().toString());
      insert.setString(13, REFRESHED_AFTER.toSeconds() + " seconds");
      insert.executeUpdate();
    }
  }

  private static void array(
      Connection connection, PreparedStatement statement, int place, String type, List<SequenceSample> samples,
      Function<SequenceSample, Object> value)
      throws SQLException {
    statement.setArray(place, connection.createArrayOf(type, samples.stream().map(value).toArray()));
  }

  /** Forgets what {@link #keep} has not been told for long, although the source was looked at just now. */
  public static void forgetOld(Connection connection, String source, long sourceSystem, Instant now)
      throws SQLException {
    try (PreparedStatement delete = connection.prepareStatement(
        "DELETE FROM helios.sequence WHERE source_system = ? AND source = ? AND at < ?")) {
      delete.setLong(1, sourceSystem);
      delete.setString(2, source);
      delete.setTimestamp(3, Timestamp.from(now.minus(FORGOTTEN_AFTER)));
      delete.executeUpdate();
    }
  }

  /** The last samples of the sequences that feed the tenant's tables, by name. */
  public static List<SequenceSample> of(Connection connection, UUID tenant) throws SQLException {
    List<SequenceSample> samples = new ArrayList<>();
    try (PreparedStatement query = connection.prepareStatement(
        """
        SELECT s.schema_name, s.sequence_name, s.table_schema, s.table_name, s.column_name, s.last_value, s.is_called,
          s.increment, s.lsn::pg_catalog.text, s.at
        FROM helios.replica r
        JOIN helios.copied_table c ON c.tenant = r.tenant
        JOIN helios.sequence s ON s.source_system = r.source_system AND s.source = r.source
          AND s.table_schema = c.schema_name AND s.table_name = c.table_name
        WHERE r.tenant = ?::pg_catalog.uuid
        ORDER BY 1, 2, 3, 4, 5
        """)) {
      query.setString(1, tenant.toString());
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          samples.add(new SequenceSample(
              row.getString(1),
              row.getString(2),
              row.getString(3),
              row.getString(4),
              row.getString(5),
              row.getLong(6),
              row.getBoolean(7),
              row.getLong(8),
              Lsn.parse(row.getString(9)),
              row.getTimestamp(10).toInstant()));
        }
      }
    }
    return samples;
  }
}
