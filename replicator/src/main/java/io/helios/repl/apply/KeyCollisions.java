package io.helios.repl.apply;

import io.helios.repl.change.CopySink;
import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.ConnectionScope;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.CopyFormat;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.RowCondition;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.postgres.TableStorage;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/**
 * Before the first row of a copy is written: do rows of other tenants in a shared table hold keys or unique values that
 * rows of this tenant bring along? The ids of two shards collide in this way. Nothing but the columns of such rules is
 * fetched, into a temporary table, and only where another tenant has rows and a rule leaves the tenant's column out; the
 * target's own operators then compare. A role that may make no temporary table learns of it from the copy itself.
 *
 * <p>The keys are row values: they are listed in {@code helios.conflict} at the target, and messages tell their number.
 * Owned by one thread.
 */
public final class KeyCollisions implements AutoCloseable {

  /** So many keys of each rule are listed. */
  private static final int LISTED = 1_000;

  private static final String BROUGHT = "pg_temp.helios_brought";

  private final ConnectionScope scope;
  private final Connection connection;
  private final UUID tenant;
  private final List<String> found = new ArrayList<>();
  private String table = "";

  /** Brings the values of these columns of all of the tenant's rows. */
  @FunctionalInterface
  public interface Rows {
    void writeTo(List<String> columns, CopySink sink);
  }

  private KeyCollisions(ConnectionScope scope, Connection connection, UUID tenant) {
    this.scope = scope;
    this.connection = connection;
    this.tenant = tenant;
  }

  /** Throws an error of the family when the target is out of reach. */
  public static KeyCollisions open(ConnectionScope scope, ConnectionSettings target, UUID id, String tenant) {
    return new KeyCollisions(scope, CopyWriter.session(scope, target, tenant), id);
  }

  /**
   * Looks at one table, and lists what it finds.
   *
   * @param shared with the definition that the target has
   * @param copied the columns that the copy brings
   * @param point where the copy begins
   */
  public void look(TenantTable shared, Collection<String> copied, CopyFormat format, Lsn point, Rows rows) {
    String key = shared.keyColumn();
    if (key == null) {
      return;
    }
    try {
      connection.setAutoCommit(false);
      List<UniqueRule> rules = UniqueRule.of(connection, shared.definition().sqlName()).stream()
          .filter(rule -> rule.parts().stream().noneMatch(part -> key.equals(part.equalColumn())))
          .filter(rule -> copied.containsAll(rule.columns()))
          .toList();
      forget(shared);
      if (!rules.isEmpty()) {
        look(shared, rules, format, point, rows);
      }
      connection.commit();
    } catch (SQLException e) {
      throw SqlStates.classify(
          e,
          ErrorCode.COPY_TARGET_FAILED,
          "looking for other tenants' keys in " + shared.qualifiedName() + " failed",
          "helios-repl target check");
    }
  }

  private void look(TenantTable shared, List<UniqueRule> rules, CopyFormat format, Lsn point, Rows rows)
      throws SQLException {
    String mine = RowCondition.bind(connection, shared.definition(), shared.keyColumn(), shared.key()).sql("t");
    String others = "(" + mine + ") IS NOT TRUE";
    String from = TableStorage.source(shared.definition());
    if (!is("pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY')")
        || !is("EXISTS (SELECT FROM " + from + " AS t WHERE " + others + ")")) {
      return;
    }
    Set<String> columns = new TreeSet<>();
    rules.forEach(rule -> columns.addAll(rule.columns()));
    bring(shared, List.copyOf(columns), format, rows);
    for (UniqueRule rule : rules) {
      String taken = "SELECT DISTINCT b.c FROM (" + rule.rows(from, others) + ") AS a JOIN ("
          + rule.rows(BROUGHT, "true") + ") AS b ON " + rule.collide("a", "b");
      long count = count(taken);
      if (count > 0) {
        found.add(count + " in " + shared.qualifiedName() + " (\"" + rule.name() + "\")");
        table = table.isEmpty() ? shared.qualifiedName() : table;
        list(shared, rule, taken, point);
      }
    }
  }

  private void bring(TenantTable shared, List<String> columns, CopyFormat format, Rows rows) throws SQLException {
    String names = columns.stream().map(Identifiers::quote).collect(Collectors.joining(", "));
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE TEMPORARY TABLE " + BROUGHT + " ON COMMIT DROP AS SELECT " + names + " FROM "
          + TableStorage.source(shared.definition()) + " WITH NO DATA");
      CopyIn copy = connection.unwrap(PGConnection.class).getCopyAPI()
          .copyIn("COPY " + BROUGHT + " (" + names + ") FROM STDIN WITH (" + format.option() + ")");
      try {
        rows.writeTo(columns, (bytes, offset, length) -> {
          try {
            copy.writeToCopy(bytes, offset, length);
          } catch (SQLException e) {
            throw SqlStates.classify(e, ErrorCode.COPY_TARGET_FAILED,
                "keys for " + shared.qualifiedName() + " could not be compared", "helios-repl target check");
          }
        });
        copy.endCopy();
      } finally {
        CopyWriter.end(copy);
      }
      statement.execute("ANALYZE " + BROUGHT);
    }
  }

  private long count(String taken) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT pg_catalog.count(*) FROM (" + taken + ") AS x")) {
      row.next();
      return row.getLong(1);
    }
  }

  private boolean is(String condition) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT " + condition)) {
      return row.next() && row.getBoolean(1);
    }
  }

  /** What an earlier attempt listed. */
  private void forget(TenantTable shared) throws SQLException {
    try (PreparedStatement delete = connection.prepareStatement(
        "DELETE FROM helios.conflict WHERE tenant OPERATOR(pg_catalog.=) ?::pg_catalog.uuid AND schema_name"
            + " OPERATOR(pg_catalog.=) ? AND table_name OPERATOR(pg_catalog.=) ? AND kind OPERATOR(pg_catalog.=) ?")) {
      delete.setString(1, tenant.toString());
      delete.setString(2, shared.definition().schema());
      delete.setString(3, shared.definition().name());
      delete.setString(4, ConflictKind.KEY_TAKEN.label());
      delete.executeUpdate();
    }
  }

  private void list(TenantTable shared, UniqueRule rule, String taken, Lsn point) throws SQLException {
    List<String> columns = List.copyOf(rule.columns());
    String key = columns.stream()
        .map(column -> "CAST(? AS pg_catalog.text), CAST(k." + Identifiers.quote(column) + " AS pg_catalog.text)")
        .collect(Collectors.joining(", "));
    try (PreparedStatement insert = connection.prepareStatement(
        "INSERT INTO helios.conflict (tenant, schema_name, table_name, kind, commit_lsn, row_key)"
            + " SELECT CAST(? AS pg_catalog.uuid), CAST(? AS pg_catalog.text), CAST(? AS pg_catalog.text),"
            + " CAST(? AS pg_catalog.text), CAST(? AS pg_catalog.pg_lsn), pg_catalog.jsonb_build_object(" + key
            + ") FROM " + BROUGHT + " AS k WHERE k.ctid IN (" + taken + ") LIMIT " + LISTED)) {
      int at = 1;
      insert.setString(at++, tenant.toString());
      insert.setString(at++, shared.definition().schema());
      insert.setString(at++, shared.definition().name());
      insert.setString(at++, ConflictKind.KEY_TAKEN.label());
      insert.setString(at++, point.toString());
      for (String column : columns) {
        insert.setString(at++, column);
      }
      insert.executeUpdate();
    }
  }

  /** @throws OperatorException when anything was found: what, and where the keys are listed */
  public void refuse() {
    if (!found.isEmpty()) {
      throw new OperatorException(new Problem(
              ErrorCode.COPY_KEY_TAKEN,
              "keys of this tenant are taken: " + String.join(", ", found),
              "rows of another tenant at the target hold the same key: ids of two sources collide; another tenant's row is"
                  + " never touched, and nothing was copied",
              "see which, at the target: SELECT table_name, row_key FROM helios.conflict WHERE tenant = '" + tenant
                  + "' AND kind = '" + ConflictKind.KEY_TAKEN.label() + "'; (up to " + LISTED
                  + " of each rule). Then choose a target of its own for this tenant, or make the rule include the"
                  + " tenant's column")
          .at(null, table));
    }
  }

  @Override
  public void close() {
    scope.close(connection);
  }
}
