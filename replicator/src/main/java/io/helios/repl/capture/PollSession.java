package io.helios.repl.capture;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyOut;

/**
 * The connection that polls: in autocommit between polls, in one read-only transaction with one snapshot during each. Needs the
 * rights to connect and to read, and nothing else. Owned by the capture thread.
 */
final class PollSession implements AutoCloseable {

  /**
   * What the database's tables look like, and which files they are in: a table that is rewritten (ALTER TABLE, TRUNCATE) seems
   * empty under a snapshot that was taken before.
   */
  private static final String SHAPE =
      """
      SELECT pg_catalog.concat_ws(' ',
        (SELECT pg_catalog.sum(pg_catalog.hashtextextended(pg_catalog.concat_ws(' ', c.oid, c.relnamespace, c.relname, c.relkind,
            c.relpersistence, pg_catalog.pg_relation_filenode(c.oid)), 0)) FROM c),
        (SELECT pg_catalog.sum(pg_catalog.hashtextextended(pg_catalog.concat_ws(' ', a.attrelid, a.attnum, a.attname, a.atttypid,
            a.atttypmod, a.attnotnull, a.attgenerated, a.attisdropped), 0))
           FROM c JOIN pg_catalog.pg_attribute AS a ON a.attrelid OPERATOR(pg_catalog.=) c.oid
             AND a.attnum OPERATOR(pg_catalog.>) 0),
        (SELECT pg_catalog.sum(pg_catalog.hashtextextended(pg_catalog.concat_ws(' ', i.indrelid, i.indkey), 0))
           FROM c JOIN pg_catalog.pg_index AS i ON i.indrelid OPERATOR(pg_catalog.=) c.oid AND i.indisprimary))
      """;

  private static final String TABLES =
      """
      WITH c AS MATERIALIZED (
        SELECT c.oid, c.relnamespace, c.relname, c.relkind, c.relpersistence
          FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
         WHERE c.relkind IN ('r', 'p') AND c.relpersistence OPERATOR(pg_catalog.<>) 't'
           AND NOT pg_catalog.starts_with(n.nspname, 'pg_')
           AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema')
      """;

  /**
   * An index on the column is used even where the statistics are old; where there is none, the price of going without is no
   * reason to compile the query. The transaction rightly idles while its snapshot is taken over.
   */
  private static final String SETTINGS =
      "SET LOCAL enable_seqscan = off; SET LOCAL jit = off; SET LOCAL idle_in_transaction_session_timeout = 0";

  /** Takes rows as COPY prints them. */
  interface Lines {
    void line(byte[] line);
  }

  private final Connection connection;

  PollSession(Connection connection) throws SQLException {
    this.connection = connection;
    connection.setReadOnly(true);
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
  }

  /** Between two polls: for the catalog. */
  Connection connection() {
    return connection;
  }

  /** The same text as long as no table is made, changed or rewritten; as of now, so to be asked between two polls. */
  String shape() throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(TABLES + SHAPE);
        ResultSet row = query.executeQuery()) {
      row.next();
      return row.getString(1);
    }
  }

  RunningTransactions running(boolean standby) throws SQLException {
    return RunningTransactions.read(connection, standby);
  }

  /** A poll begins: its snapshot is taken here. */
  PollMoment begin() throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute(SETTINGS);
    }
    return PollMoment.read(connection);
  }

  /** Gives the poll's queries values, by the names of settings. */
  void bind(Map<String, String> values) throws SQLException {
    Map<String, String> ordered = new LinkedHashMap<>(values);
    String sql = ordered.keySet().stream()
        .map(name -> "pg_catalog.set_config('" + name + "', ?, true)")
        .collect(Collectors.joining(", ", "SELECT ", ""));
    try (PreparedStatement set = connection.prepareStatement(sql)) {
      int place = 1;
      for (String value : ordered.values()) {
        set.setString(place++, value);
      }
      set.execute();
    }
  }

  /** Returns how many rows there were. */
  long copy(String sql, Lines lines) throws SQLException {
    CopyOut copy = connection.unwrap(PGConnection.class).getCopyAPI().copyOut(sql);
    long rows = 0;
    for (byte[] line = copy.readFromCopy(); line != null; line = copy.readFromCopy()) {
      lines.line(line);
      rows++;
    }
    return rows;
  }

  /** The only value of a query; null without a row. */
  @Nullable String value(String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      return row.next() ? row.getString(1) : null;
    }
  }

  /** Lets others read under the poll's snapshot until {@link #end}. */
  String export() throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT pg_catalog.pg_export_snapshot()")) {
      row.next();
      return row.getString(1);
    }
  }

  /** The poll is over. */
  void end() throws SQLException {
    connection.rollback();
    connection.setAutoCommit(true);
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      // It is of no use any more in any case.
    }
  }
}
