package io.helios.repl.apply;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Relation;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a session knows of the target's tables: read from its catalog when first met, forgotten after each failure, so
 * that a table that was mended is seen. Owned by the session's thread.
 */
final class TargetTables {

  /** Frames bring their own copies of a relation; within one, a look-up by identity spares comparing its columns. */
  private static final int KEPT_BY_IDENTITY = 1_000;

  private record Key(Relation relation, @Nullable String tenantColumn) {}

  private final Connection connection;
  private final Map<Integer, Integer> arrayTypes = new HashMap<>();
  private final Map<Key, TableSql> byRelation = new HashMap<>();
  private final Map<Relation, TableSql> byIdentity = new IdentityHashMap<>();
  private final Map<Relation, String> columnByIdentity = new IdentityHashMap<>();

  TargetTables(Connection connection) throws SQLException {
    this.connection = connection;
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT oid::pg_catalog.int8, typarray::pg_catalog.int8"
            + " FROM pg_catalog.pg_type WHERE oid::pg_catalog.int8 < 10000 AND typarray <> 0")) {
      while (row.next()) {
        arrayTypes.put((int) row.getLong(1), (int) row.getLong(2));
      }
    }
  }

  /**
   * @param tenantColumn says whose a row is; null when all of the table is the tenant's
   * @throws OperatorException when the target lacks the table or a column
   */
  TableSql of(Relation relation, @Nullable String tenantColumn) throws SQLException {
    TableSql known = byIdentity.get(relation);
    if (known != null && java.util.Objects.equals(columnByIdentity.get(relation), tenantColumn)) {
      return known;
    }
    Key key = new Key(relation, tenantColumn);
    TableSql sql = byRelation.get(key);
    if (sql == null) {
      TargetTable table =
          TargetTable.load(connection, relation.schema(), relation.name()).orElseThrow(() -> missing(relation));
      sql = new TableSql(TablePlan.of(relation, table, tenantColumn), arrayTypes);
      byRelation.put(key, sql);
    }
    if (byIdentity.size() >= KEPT_BY_IDENTITY) {
      byIdentity.clear();
      columnByIdentity.clear();
    }
    byIdentity.put(relation, sql);
    if (tenantColumn != null) {
      columnByIdentity.put(relation, tenantColumn);
    } else {
      columnByIdentity.remove(relation);
    }
    return sql;
  }

  /** Whether we may restart the table's sequences: it takes their owner, who is the table's. */
  boolean isOurs(TableSql sql) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(
        "SELECT pg_catalog.pg_has_role(c.relowner, 'USAGE') FROM pg_catalog.pg_class c"
            + " WHERE c.oid = pg_catalog.to_regclass(?)")) {
      query.setString(1, sql.plan().sqlName());
      try (ResultSet row = query.executeQuery()) {
        return row.next() && row.getBoolean(1);
      }
    }
  }

  void forget() {
    byRelation.clear();
    byIdentity.clear();
    columnByIdentity.clear();
  }

  private static OperatorException missing(Relation relation) {
    return new OperatorException(new Problem(
            ErrorCode.TARGET_TABLE_MISSING,
            "the target has no table " + relation.qualifiedName(),
            "a change for it arrived from the source",
            "create " + relation.qualifiedName() + " at the target as the source has it, then: helios-repl tenant start NAME")
        .at(null, relation.qualifiedName()));
  }
}
