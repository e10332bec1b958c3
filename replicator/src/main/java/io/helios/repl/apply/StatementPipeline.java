package io.helios.repl.apply;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.postgresql.copy.CopyIn;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.Field;
import org.postgresql.core.ParameterList;
import org.postgresql.core.Query;
import org.postgresql.core.QueryExecutor;
import org.postgresql.core.ResultCursor;
import org.postgresql.core.ResultHandlerBase;
import org.postgresql.core.Tuple;

/**
 * Different statements with binary parameters, all in one round trip: what JDBC has no call for. Statements that are sent
 * together are one query text to pgjdbc, which parses each part once for a connection and sends Bind and Execute of all of
 * them before one Sync ({@code QueryExecutorImpl.sendQuery}); BEGIN goes along when no transaction is open. The first that
 * fails ends it: the server skips the rest. Results are row counts, in order; rows are dropped.
 *
 * <p>Uses pgjdbc's core classes, since only they take binary parameters of any type. Owned by the connection's thread.
 */
final class StatementPipeline {

  /** Parsed query texts kept for a connection: compositions repeat, since they know no row counts. */
  private static final int KEPT = 200;

  private final QueryExecutor executor;
  private final Map<String, Query> queries = new LinkedHashMap<>(64, 0.75f, true);
  private final List<Statement> waiting = new ArrayList<>();

  /** Rows that the last statement answered with, unless it was one that has no columns. */
  private List<Tuple> found = List.of();

  /** @param sql one statement, parameters as {@code ?} */
  record Statement(String sql, List<Parameter> parameters) {}

  /**
   * @param binary the value in binary form, or null
   * @param text the value as text for a type that the server infers, or null; both null is NULL
   * @param typeOid of a binary value; 0 lets the server infer it
   */
  record Parameter(byte @Nullable [] binary, @Nullable String text, int typeOid) {

    static Parameter binary(byte[] value, int typeOid) {
      return new Parameter(value, null, typeOid);
    }

    static Parameter text(@Nullable String value) {
      return new Parameter(null, value, 0);
    }

    static Parameter nothing(int typeOid) {
      return new Parameter(null, null, typeOid);
    }
  }

  StatementPipeline(Connection connection) throws SQLException {
    this.executor = connection.unwrap(BaseConnection.class).getQueryExecutor();
  }

  void add(Statement statement) {
    waiting.add(statement);
  }

  int size() {
    return waiting.size();
  }

  void clear() {
    waiting.clear();
  }

  /** Sends what waits and returns each statement's row count. */
  long[] run() throws SQLException {
    if (waiting.isEmpty()) {
      return new long[0];
    }
    StringBuilder text = new StringBuilder();
    for (Statement statement : waiting) {
      text.append(text.isEmpty() ? "" : "; ").append(statement.sql());
    }
    Query query = query(text.toString());
    ParameterList parameters = query.createParameterList();
    int place = 1;
    for (Statement statement : waiting) {
      for (Parameter parameter : statement.parameters()) {
        bind(parameters, place++, parameter);
      }
    }
    Counts counts = new Counts(waiting.size());
    waiting.clear();
    found = List.of();
    executor.execute(query, parameters, counts, 0, 0, QueryExecutor.QUERY_BOTH_ROWS_AND_STATUS);
    if (counts.received != counts.rows.length) {
      throw new IllegalStateException(counts.received + " results of " + counts.rows.length + " statements");
    }
    found = counts.found;
    return counts.rows;
  }

  long run(Statement statement) throws SQLException {
    add(statement);
    return run()[0];
  }

  /** The first column of what a query finds, as text. Nothing may wait. */
  List<String> texts(Statement query) throws SQLException {
    add(query);
    run();
    return found.stream().map(row -> new String(row.get(0), StandardCharsets.UTF_8)).toList();
  }

  /** Sends rows, with BEGIN when no transaction is open, and returns how many the server took. Nothing may wait. */
  long copy(CopyRows rows) throws SQLException {
    if (!waiting.isEmpty()) {
      throw new IllegalStateException(waiting.size() + " statements wait");
    }
    CopyIn copy = (CopyIn) executor.startCopy(rows.sql(), false);
    rows.writeTo(copy::writeToCopy);
    return copy.endCopy();
  }

  private static void bind(ParameterList parameters, int place, Parameter parameter) throws SQLException {
    if (parameter.binary() != null) {
      parameters.setBinaryParameter(place, parameter.binary(), parameter.typeOid());
    } else if (parameter.text() != null) {
      parameters.setStringParameter(place, parameter.text(), parameter.typeOid());
    } else {
      parameters.setNull(place, parameter.typeOid());
    }
  }

  private Query query(String text) throws SQLException {
    Query known = queries.get(text);
    if (known != null) {
      return known;
    }
    if (queries.size() >= KEPT) {
      var oldest = queries.entrySet().iterator();
      oldest.next().getValue().close();
      oldest.remove();
    }
    Query query = executor.createQuery(text, false, true).query;
    queries.put(text, query);
    return query;
  }

  private static final class Counts extends ResultHandlerBase {
    private final long[] rows;
    private int received;
    private List<Tuple> found = List.of();

    Counts(int statements) {
      this.rows = new long[statements];
    }

    @Override
    public void handleCommandStatus(String status, long updateCount, long insertOid) {
      if (received < rows.length) {
        rows[received] = updateCount;
      }
      received++;
    }

    @Override
    public void handleResultRows(
        Query fromQuery, Field @Nullable [] fields, List<Tuple> tuples, @Nullable ResultCursor cursor) {
      // Row counts come with the command status.
      found = fields == null || fields.length == 0 ? List.of() : tuples;
    }

    @Override
    public void handleWarning(SQLWarning warning) {
      // Warnings may carry values.
    }

    @Override
    public void secureProgress() {
      // Nothing is committed in between.
    }
  }
}
