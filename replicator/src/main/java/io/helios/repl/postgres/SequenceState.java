package io.helios.repl.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A sequence that feeds a column: an identity's, a serial's, or one that a default merely calls (facts: PostgreSQL
 * {@code pg_sequence}, {@code pg_depend}). Sequences are not in the WAL stream; they are sampled with {@link #read}.
 *
 * @param tableOid the fed table, as given to {@link #read}
 * @param column the fed column
 * @param tie {@code i}: of an identity column; {@code a}: owned by the column; {@code n}: only called by its default
 * @param type {@code smallint}, {@code integer} or {@code bigint}
 * @param lastValue the last value handed out, null when none was, or when {@code readable} is false
 * @param readable whether the role may see the value (USAGE or SELECT on the sequence)
 */
public record SequenceState(
    String schema,
    String name,
    int tableOid,
    String column,
    char tie,
    String type,
    long start,
    long increment,
    long minimum,
    long maximum,
    long cache,
    boolean cycle,
    @Nullable Long lastValue,
    boolean readable) {

  private static final String SEQUENCES =
      """
      SELECT n.nspname, c.relname, f.relation::pg_catalog.int8, a.attname, f.tie,
        pg_catalog.format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
        CASE WHEN f.readable THEN pg_catalog.pg_sequence_last_value(c.oid) END, f.readable
      FROM (
        SELECT t.sequence, t.relation, t.attnum, pg_catalog.min(t.tie) AS tie,
          pg_catalog.has_sequence_privilege(t.sequence, 'SELECT, USAGE') AS readable
        FROM (
          SELECT d.objid AS sequence, d.refobjid AS relation, d.refobjsubid AS attnum, d.deptype::pg_catalog.text AS tie
          FROM pg_catalog.pg_depend d
          WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i')
            AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjsubid > 0
            AND d.refobjid = ANY (?::pg_catalog.int8[]::pg_catalog.oid[])
          UNION ALL
          SELECT d.refobjid, e.adrelid, e.adnum, 'n'
          FROM pg_catalog.pg_attrdef e
          JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.objid = e.oid
            AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjsubid = 0
          WHERE e.adrelid = ANY (?::pg_catalog.int8[]::pg_catalog.oid[])
        ) t
        JOIN pg_catalog.pg_sequence q ON q.seqrelid = t.sequence
        GROUP BY t.sequence, t.relation, t.attnum
      ) f
      JOIN pg_catalog.pg_sequence s ON s.seqrelid = f.sequence
      JOIN pg_catalog.pg_class c ON c.oid = f.sequence
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_attribute a ON a.attrelid = f.relation AND a.attnum = f.attnum
      ORDER BY 1, 2, 3, f.attnum
      """;

  /** {@code "schema"."name"}, for SQL. */
  public String sqlName() {
    return Identifiers.quote(schema, name);
  }

  /** The sequences that feed the given tables, by name; one that feeds several columns comes several times. */
  public static List<SequenceState> read(Connection connection, Collection<Integer> tableOids) throws SQLException {
    Object[] oids = tableOids.stream().map(Integer::toUnsignedLong).toArray();
    List<SequenceState> sequences = new ArrayList<>();
    try (EmptySearchPath _ = EmptySearchPath.on(connection);
        PreparedStatement query = connection.prepareStatement(SEQUENCES)) {
      query.setArray(1, connection.createArrayOf("int8", oids));
      query.setArray(2, connection.createArrayOf("int8", oids));
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          sequences.add(of(row));
        }
      }
    }
    return sequences;
  }

  private static SequenceState of(ResultSet row) throws SQLException {
    return new SequenceState(
        row.getString(1),
        row.getString(2),
        (int) row.getLong(3),
        row.getString(4),
        row.getString(5).charAt(0),
        row.getString(6),
        row.getLong(7),
        row.getLong(8),
        row.getLong(9),
        row.getLong(10),
        row.getLong(11),
        row.getBoolean(12),
        row.getObject(13, Long.class),
        row.getBoolean(14));
  }
}
