package io.helios.repl.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;

/**
 * How far a sequence that feeds a column had come at one moment. Sequences are not in the WAL stream, so they are looked
 * at now and then.
 *
 * @param tableSchema schema of the fed table; of its root, for a partition
 * @param lastValue the last value handed out; the first to be handed out when {@code called} is false
 * @param lsn everything that a transaction with a commit LSN up to this one drew from it is in {@code lastValue}
 * @param at when it was looked at, by the clock of this machine
 */
public record SequenceSample(
    String schema,
    String name,
    String tableSchema,
    String table,
    String column,
    long lastValue,
    boolean called,
    long increment,
    Lsn lsn,
    Instant at) {

  /** Each value that is read takes a lock until its transaction ends; a server has room for some thousands. */
  private static final int VALUES_AT_ONCE = 500;

  private static final String SEQUENCES =
      """
      SELECT DISTINCT s.seqrelid::pg_catalog.int8, sn.nspname, sc.relname, tn.nspname, tc.relname, a.attname,
        s.seqstart, s.seqincrement
      FROM (
        SELECT d.objid AS sequence, d.refobjid AS relation, d.refobjsubid AS attnum
        FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i')
          AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjsubid > 0
        UNION ALL
        SELECT d.refobjid, e.adrelid, e.adnum
        FROM pg_catalog.pg_attrdef e
        JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.objid = e.oid
          AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjsubid = 0
      ) f
      JOIN pg_catalog.pg_sequence s ON s.seqrelid = f.sequence
      JOIN pg_catalog.pg_class sc ON sc.oid = s.seqrelid AND sc.relpersistence <> 't'
      JOIN pg_catalog.pg_namespace sn ON sn.oid = sc.relnamespace
      JOIN pg_catalog.pg_attribute a ON a.attrelid = f.relation AND a.attnum = f.attnum
      JOIN pg_catalog.pg_class tc ON tc.oid = coalesce(pg_catalog.pg_partition_root(f.relation), f.relation)
      JOIN pg_catalog.pg_namespace tn ON tn.oid = tc.relnamespace
      WHERE pg_catalog.has_sequence_privilege(s.seqrelid, 'SELECT, USAGE')
      ORDER BY 2, 3, 4, 5, 6
      """;

  private static final String VALUES =
      """
      SELECT s.seqrelid::pg_catalog.int8, pg_catalog.pg_sequence_last_value(s.seqrelid)
      FROM pg_catalog.pg_sequence s WHERE s.seqrelid = ANY (?::pg_catalog.int8[]::pg_catalog.oid[])
      """;

  /** Without its value. */
  private record Found(long oid, String schema, String name, String tableSchema, String table, String column, long start,
      long increment) {}

  /** {@code schema.name} for people; not SQL. */
  public String qualifiedName() {
    return schema + "." + name;
  }

  /** {@code schema.table} for people; not SQL. */
  public String qualifiedTable() {
    return tableSchema + "." + table;
  }

  /** Whether it says the same, whenever it was taken. */
  public boolean isAt(SequenceSample other) {
    return lastValue == other.lastValue && called == other.called && increment == other.increment;
  }

  /**
   * Looks at the sequences that feed the tables that are asked for, as far as the role may read them: owned by a column, of
   * an identity, or called by a default. One that feeds several columns comes several times.
   *
   * @param connection in autocommit mode
   * @param now what the samples are dated with
   * @param tables by schema and name
   */
  public static List<SequenceSample> read(Connection connection, Instant now, BiPredicate<String, String> tables)
      throws SQLException {
    Instant at = now.truncatedTo(ChronoUnit.MILLIS);
    // Before the values: what had committed by then has drawn what it drew.
    Lsn lsn = currentLsn(connection);
    List<Found> found = new ArrayList<>();
    try (PreparedStatement query = connection.prepareStatement(SEQUENCES);
        ResultSet row = query.executeQuery()) {
      while (row.next()) {
        if (tables.test(row.getString(4), row.getString(5))) {
          found.add(new Found(row.getLong(1), row.getString(2), row.getString(3), row.getString(4), row.getString(5),
              row.getString(6), row.getLong(7), row.getLong(8)));
        }
      }
    }
    Map<Long, Long> last = values(connection, found.stream().map(Found::oid).distinct().toList());
    return found.stream()
        .filter(f -> last.containsKey(f.oid()))
        .map(f -> {
          Long value = last.get(f.oid());
          return new SequenceSample(f.schema(), f.name(), f.tableSchema(), f.table(), f.column(),
              value == null ? f.start() : value, value != null, f.increment(), lsn, at);
        })
        .toList();
  }

  private static Lsn currentLsn(Connection connection) throws SQLException {
    try (PreparedStatement query =
            connection.prepareStatement(
                "SELECT (CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()"
                    + " ELSE pg_catalog.pg_current_wal_lsn() END)::pg_catalog.text");
        ResultSet row = query.executeQuery()) {
      row.next();
      return Lsn.parse(row.getString(1));
    }
  }

  /** Null for one that has handed out nothing yet; one that is gone by now is left out. */
  private static Map<Long, Long> values(Connection connection, List<Long> sequences) throws SQLException {
    Map<Long, Long> values = new HashMap<>();
    try (PreparedStatement query = connection.prepareStatement(VALUES)) {
      for (int from = 0; from < sequences.size(); from += VALUES_AT_ONCE) {
        List<Long> some = sequences.subList(from, Math.min(sequences.size(), from + VALUES_AT_ONCE));
        query.setArray(1, connection.createArrayOf("int8", some.toArray()));
        try (ResultSet row = query.executeQuery()) {
          while (row.next()) {
            values.put(row.getLong(1), row.getObject(2, Long.class));
          }
        }
      }
    }
    return values;
  }
}
