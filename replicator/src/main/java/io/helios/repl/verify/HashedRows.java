package io.helios.repl.verify;

import io.helios.repl.postgres.TableName;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A side's hashed rows in order, a key at a time. One thread's only. */
final class HashedRows implements AutoCloseable {

  private final PreparedStatement query;
  private final ResultSet result;
  private final Side side;
  private final TableName table;
  private Side.@Nullable HashedRow next;

  HashedRows(PreparedStatement query, ResultSet result, Side side, TableName table) throws SQLException {
    this.query = query;
    this.result = result;
    this.side = side;
    this.table = table;
    this.next = read();
  }

  /** The row that comes next, or null at the end. */
  Side.@Nullable HashedRow peek() {
    return next;
  }

  /** All rows with the next key, sorted; one row where keys are unique. */
  List<Side.HashedRow> nextKey() {
    List<Side.HashedRow> rows = new ArrayList<>();
    Side.HashedRow row = next;
    try {
      while (row != null && (rows.isEmpty() || row.sameKey(rows.getFirst()))) {
        rows.add(row);
        row = read();
      }
      next = row;
      return rows;
    } catch (SQLException e) {
      throw side.failed(e, table.toString());
    }
  }

  private Side.@Nullable HashedRow read() throws SQLException {
    return result.next()
        ? new Side.HashedRow(result.getLong(1), result.getLong(2), result.getLong(3), result.getLong(4))
        : null;
  }

  @Override
  public void close() {
    try {
      query.close();
    } catch (SQLException e) {
      throw side.failed(e, table.toString());
    }
  }
}
