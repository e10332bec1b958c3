package io.helios.repl.apply;

import io.helios.repl.change.CutoverMarker.Sequence;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.SequenceState;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

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

  private static final String OIDS =
      """
      SELECT pg_catalog.to_regclass(t.n)::pg_catalog.oid::pg_catalog.int8
      FROM pg_catalog.unnest(?::pg_catalog.text[]) WITH ORDINALITY AS t (n, i) ORDER BY t.i""";

  private record Fed(int tableOid, String column) {}

  private SequenceHandover() {}

  static void set(Connection connection, List<Sequence> sequences) throws SQLException {
    List<Sequence> drawn = sequences.stream().filter(Sequence::called).toList();
    if (drawn.isEmpty()) {
      return;
    }
    Map<Fed, Sequence> there = fed(connection, drawn);
    Map<String, Long> moved = new HashMap<>(); // one may feed several columns, for which it must not go back
    try (PreparedStatement set =
        connection.prepareStatement("SELECT pg_catalog.setval(?::pg_catalog.regclass, ?, true)")) {
      for (SequenceState here : SequenceState.read(connection, there.keySet().stream().map(Fed::tableOid).toList())) {
        Sequence from = there.get(new Fed(here.tableOid(), here.column()));
        if (from != null) {
          if (!here.readable()) {
            throw new SQLException("permission denied for sequence " + here.sqlName(), "42501");
          }
          Long last = moved.getOrDefault(here.sqlName(), here.lastValue());
          long next = next(last != null, last == null ? 0 : last, from, here.minimum(), here.maximum());
          if (last == null || next != last) {
            set.setString(1, here.sqlName());
            set.setLong(2, next);
            set.executeQuery().close();
            moved.put(here.sqlName(), next);
          }
        }
      }
    }
  }

  /** By the column that each feeds, in tables that are here. */
  private static Map<Fed, Sequence> fed(Connection connection, List<Sequence> sequences) throws SQLException {
    Map<Fed, Sequence> fed = new HashMap<>();
    try (PreparedStatement query = connection.prepareStatement(OIDS)) {
      query.setArray(
          1,
          connection.createArrayOf(
              "text", sequences.stream().map(s -> Identifiers.quote(s.tableSchema(), s.table())).toArray()));
      try (ResultSet row = query.executeQuery()) {
        for (Sequence sequence : sequences) {
          row.next();
          long oid = row.getLong(1);
          if (!row.wasNull()) {
            fed.put(new Fed((int) oid, sequence.column()), sequence);
          }
        }
      }
    }
    return fed;
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
