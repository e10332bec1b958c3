package io.helios.repl.capture;

import io.helios.repl.change.TenantTable;
import io.helios.repl.postgres.RowCondition;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.TableStorage;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * About how many rows of a table are a tenant's, as that database's planner sees it: nothing is read.
 *
 * @param rows of the tenant
 * @param share of the table, 0 to 1; 1 where the table was never analysed
 */
public record RowEstimate(long rows, double share) {

  private static final Pattern PLAN_ROWS = Pattern.compile("\"Plan Rows\": (\\d+)");

  /** Binds the tenant's key to the session ({@link RowCondition}). */
  public static RowEstimate read(Connection connection, TenantTable table) throws SQLException {
    TableDefinition definition = table.definition();
    long rows = rows(connection, table);
    return new RowEstimate(
        rows, definition.estimatedRows() > 0 ? Math.min(1.0, (double) rows / definition.estimatedRows()) : 1.0);
  }

  private static long rows(Connection connection, TenantTable table) throws SQLException {
    String condition = RowCondition.bind(connection, table.definition(), table.keyColumn(), table.key()).sql("t");
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("EXPLAIN (FORMAT JSON) SELECT 1 FROM "
            + TableStorage.source(table.definition()) + " t WHERE " + condition)) {
      row.next();
      Matcher plan = PLAN_ROWS.matcher(row.getString(1));
      return plan.find() ? Long.parseLong(plan.group(1)) : 0;
    }
  }
}
