package io.helios.repl.apply;

import io.helios.repl.change.CutoverMarker.Sequence;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import io.helios.repl.postgres.Identifiers;
import java.util.List;

/**
 * Sets the sequences of the database that takes a tenant over, so that they go on behind what the old home has drawn. One
 * that is further already stays: others may draw from it too. A sequence is found by the column that it feeds, for it may
 * have another name here. Runs in the caller's transaction; what is set stays set, also when that is rolled back, which does
 * no harm: numbers are left out.
 */
final class SequenceHandover {

  /**
   * Others may draw while one is looked at and then set: so many numbers may pass in between. Only where it has to be moved
   * at all.
   */
  private static final int MARGIN = 100;

  private static final String FEEDS =
      """
      SELECT DISTINCT s.seqrelid::pg_catalog.int8, pg_catalog.pg_sequence_last_value(s.seqrelid), s.seqmin, s.seqmax
      FROM pg_catalog.pg_attribute a
      JOIN (
        SELECT d.objid AS sequence, d.refobjid AS relation, d.refobjsubid::pg_catalog.int2 AS attnum
        FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i')
          AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjsubid > 0
          AND d.refobjid = pg_catalog.to_regclass(?)
        UNION ALL
        SELECT d.refobjid, e.adrelid, e.adnum
        FROM pg_catalog.pg_attrdef e
        JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.objid = e.oid
          AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjsubid = 0
        WHERE e.adrelid = pg_catalog.to_regclass(?)
      ) t ON t.relation = a.attrelid AND t.attnum = a.attnum
      JOIN pg_catalog.pg_sequence s ON s.seqrelid = t.sequence
      WHERE a.attrelid = pg_catalog.to_regclass(?) AND a.attname = ?
      """;

  private SequenceHandover() {}

  static void set(Connection connection, List<Sequence> sequences) throws SQLException {
    for (Sequence sequence : sequences) {
      if (sequence.called()) {
        set(connection, sequence);
      }
    }
  }

  private static void set(Connection connection, Sequence sequence) throws SQLException {
    String table = Identifiers.quote(sequence.tableSchema(), sequence.table());
    try (PreparedStatement query = connection.prepareStatement(FEEDS)) {
      query.setString(1, table);
      query.setString(2, table);
      query.setString(3, table);
      query.setString(4, sequence.column());
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          long oid = row.getLong(1);
          long here = row.getLong(2);
          boolean drawn = !row.wasNull();
          long next = next(drawn, here, sequence, row.getLong(3), row.getLong(4));
          if (!drawn || next != here) {
            try (PreparedStatement set =
                connection.prepareStatement("SELECT pg_catalog.setval(?::pg_catalog.oid::pg_catalog.regclass, ?, true)")) {
              set.setLong(1, oid);
              set.setLong(2, next);
              set.executeQuery().close();
            }
          }
        }
      }
    }
  }

  /** The value that counts as drawn last from now on. */
  static long next(boolean drawn, long here, Sequence there, long minimum, long maximum) {
    long value = there.lastValue();
    boolean up = there.increment() > 0;
    if (drawn && (up ? here >= value : here <= value)) {
      return here;
    }
    // Where nobody has ever drawn here, nobody is likely to draw right now.
    long margin = drawn ? MARGIN * there.increment() : 0;
    return Math.clamp(saturated(value, margin), minimum, maximum);
  }

  private static long saturated(long value, long margin) {
    long sum = value + margin;
    boolean overflow = ((value ^ sum) & (margin ^ sum)) < 0;
    return overflow ? (margin > 0 ? Long.MAX_VALUE : Long.MIN_VALUE) : sum;
  }
}
