package io.helios.repl.apply;

import io.helios.repl.change.TenantTable;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.RowCondition;
import io.helios.repl.postgres.SequenceSample;
import io.helios.repl.postgres.SequenceState;
import io.helios.repl.postgres.TableStorage;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Sets the sequences of a database whose tenant's home has died, so that no number is handed out here that may have been
 * handed out there. Two things are known: what the sequence was when it was last looked at ({@link SequenceLedger}), and the
 * rows that have come. What was drawn after the look is covered by a margin, {@link #reached}. Like a cutover's ({@link
 * SequenceHandover}) it never goes back, and stays set when the transaction is rolled back.
 */
final class SequenceSuccession {

  /** So many numbers a second may have been drawn there since the last look; it is far more than rows are inserted one by one. */
  static final long DRAWN_A_SECOND = 10_000;

  /** The home's transactions and our clock: a look is dated before it, and who had died then may have drawn a little longer. */
  private static final Duration SLACK = Duration.ofSeconds(10);

  /** So many sessions may have taken a {@code CACHE} of numbers each, at once. */
  private static final long SESSIONS = 100;

  /** Of what is left of its range a margin takes no more than this part: it may not use a sequence up. */
  private static final long PART_OF_ROOM = 4;

  /** An index that answers for the largest number of all rows (its first column), or of the tenant's. */
  private static final String INDEXED =
      """
      SELECT a.attnum = i.indkey[0] FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attname = ?
        AND a.atttypid IN ('int2'::pg_catalog.regtype, 'int4'::pg_catalog.regtype, 'int8'::pg_catalog.regtype)
      LEFT JOIN pg_catalog.pg_attribute k ON k.attrelid = i.indrelid AND k.attname = ?
      JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
      JOIN pg_catalog.pg_am m ON m.oid = x.relam AND m.amname = 'btree'
      WHERE i.indrelid = ?::pg_catalog.int8::pg_catalog.oid AND i.indisvalid AND i.indpred IS NULL
        AND (i.indkey[0] = a.attnum OR i.indkey[0] = k.attnum AND i.indkey[1] = a.attnum)
      ORDER BY 1 DESC LIMIT 1""";

  private SequenceSuccession() {}

  /**
   * Runs in the caller's transaction.
   *
   * @param tables of the tenant, as this database has them
   * @param samples what was last seen of the home's sequences
   */
  static void set(
      Connection connection, Collection<TenantTable> tables, List<SequenceSample> samples, Instant now)
      throws SQLException {
    Map<Integer, TenantTable> byOid =
        tables.stream().collect(Collectors.toMap(table -> table.definition().oid(), table -> table));
    Map<String, Long> moved = new HashMap<>(); // one may feed several columns, for which it must not go back
    try (PreparedStatement set =
        connection.prepareStatement("SELECT pg_catalog.setval(?::pg_catalog.regclass, ?, true)")) {
      for (SequenceState here : SequenceState.read(connection, byOid.keySet())) {
        TenantTable table = Objects.requireNonNull(byOid.get(here.tableOid()));
        Long drawn = further(here, sampled(here, table, samples, now), furthest(connection, table, here));
        Long last = moved.getOrDefault(here.sqlName(), here.lastValue());
        if (drawn != null && !drawn.equals(last) && drawn.equals(further(here, drawn, last))) {
          if (!here.readable()) {
            throw new SQLException("permission denied for sequence " + here.sqlName(), "42501");
          }
          set.setString(1, here.sqlName());
          set.setLong(2, drawn);
          set.executeQuery().close();
          moved.put(here.sqlName(), drawn);
        }
      }
    }
  }

  /** Of two values of a sequence the one that is drawn later. */
  private static @Nullable Long further(SequenceState here, @Nullable Long one, @Nullable Long other) {
    if (one == null || other == null) {
      return one == null ? other : one;
    }
    return here.increment() > 0 ? Math.max(one, other) : Math.min(one, other);
  }

  private static @Nullable Long sampled(
      SequenceState here, TenantTable table, List<SequenceSample> samples, Instant now) {
    Long reached = null;
    for (SequenceSample sample : samples) {
      boolean feeds = sample.tableSchema().equals(table.definition().schema())
          && sample.table().equals(table.definition().name())
          && sample.column().equals(here.column());
      if (feeds) {
        reached = further(here, reached(sample, here, now), reached);
      }
    }
    return reached;
  }

  /** A value behind which the home has handed out none by now, going by what it was last seen at. */
  static long reached(SequenceSample there, SequenceState here, Instant now) {
    long step = Math.max(1, Math.abs(there.increment()));
    Duration unseen = Duration.between(there.at(), now);
    long seconds = (unseen.isNegative() ? Duration.ZERO : unseen).plus(SLACK).toSeconds();
    long margin = times(plus(times(DRAWN_A_SECOND, seconds), times(SESSIONS, here.cache())), step);
    long from = Math.clamp(there.lastValue(), here.minimum(), here.maximum());
    boolean up = there.increment() > 0;
    long room = up ? plus(here.maximum(), negated(from)) : plus(from, negated(here.minimum()));
    long covered = Math.min(margin, room / PART_OF_ROOM);
    return up ? from + covered : from - covered;
  }

  /** The last number in rows that have come; null where there is none, or only a scan of the table would tell. */
  private static @Nullable Long furthest(Connection connection, TenantTable table, SequenceState here)
      throws SQLException {
    boolean ofAll;
    try (PreparedStatement query = connection.prepareStatement(INDEXED)) {
      query.setString(1, here.column());
      query.setString(2, table.keyColumn());
      query.setLong(3, Integer.toUnsignedLong(here.tableOid()));
      try (ResultSet row = query.executeQuery()) {
        if (!row.next()) {
          return null;
        }
        ofAll = row.getBoolean(1);
      }
    }
    String condition =
        ofAll
            ? ""
            : " WHERE " + RowCondition.bind(connection, table.definition(), table.keyColumn(), table.key()).sql("t");
    String sql = "SELECT pg_catalog." + (here.increment() > 0 ? "max" : "min") + "(t." + Identifiers.quote(here.column())
        + ")::pg_catalog.int8 FROM " + TableStorage.source(table.definition()) + " t" + condition;
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getObject(1, Long.class);
    }
  }

  private static long plus(long a, long b) {
    long sum = a + b;
    boolean overflow = ((a ^ sum) & (b ^ sum)) < 0;
    return overflow ? a < 0 ? Long.MIN_VALUE : Long.MAX_VALUE : sum;
  }

  private static long negated(long a) {
    return a == Long.MIN_VALUE ? Long.MAX_VALUE : -a;
  }

  /** Of two that are not negative. */
  private static long times(long a, long b) {
    return Math.multiplyHigh(a, b) != 0 || a * b < 0 ? Long.MAX_VALUE : a * b;
  }
}
