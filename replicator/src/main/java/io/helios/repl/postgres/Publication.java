package io.helios.repl.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A publication as it is, and what makes it hold the tables that it must (facts: PostgreSQL {@code pg_publication},
 * {@code pg_publication_rel}). Tables are only ever added: others may be somebody else's. A table without a replica
 * identity must not be given to it, since PostgreSQL then refuses the application's updates.
 *
 * @param allTables FOR ALL TABLES
 * @param operations of {@code insert, update, delete, truncate} those that it publishes
 * @param viaRoot changes of partitions go by their root's name
 * @param ownedByUs whether the role may alter it
 * @param generatedColumns whether it publishes generated columns (18)
 * @param tables what it publishes, each as {@code "schema"."table"}; tables of published schemas too
 * @param narrowed those of the tables with a row filter or a column list
 */
public record Publication(
    String name,
    boolean allTables,
    List<String> operations,
    boolean viaRoot,
    boolean ownedByUs,
    boolean generatedColumns,
    Set<String> tables,
    Set<String> narrowed) {

  private static final List<String> OPERATIONS = List.of("insert", "update", "delete", "truncate");

  private static final String FIND =
      """
      SELECT p.puballtables,
        pg_catalog.array_remove(ARRAY[
          CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
          CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END], NULL),
        p.pubviaroot, pg_catalog.pg_has_role(p.pubowner, 'USAGE'), /*generated*/
      FROM pg_catalog.pg_publication p WHERE p.pubname = ?
      """;

  private static final String TABLES =
      """
      SELECT n.nspname, c.relname, /*narrowed*/
      FROM pg_catalog.pg_publication p
      JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid
      JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE p.pubname = ?
      """;

  private static final String SCHEMAS =
      """
      SELECT n.nspname, c.relname
      FROM pg_catalog.pg_publication p
      JOIN pg_catalog.pg_publication_namespace s ON s.pnpubid = p.oid
      JOIN pg_catalog.pg_namespace n ON n.oid = s.pnnspid
      JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p') AND c.relpersistence = 'p'
      WHERE p.pubname = ?
      """;

  public static Optional<Publication> find(Connection connection, String name) throws SQLException {
    int version = Catalog.majorVersion(connection);
    Set<String> tables = new HashSet<>();
    Set<String> narrowed = new HashSet<>();
    String filtered = version >= 15 ? "r.prqual IS NOT NULL OR r.prattrs IS NOT NULL" : "false";
    try (PreparedStatement query = connection.prepareStatement(TABLES.replace("/*narrowed*/", filtered))) {
      query.setString(1, name);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          String table = Identifiers.quote(row.getString(1), row.getString(2));
          tables.add(table);
          if (row.getBoolean(3)) {
            narrowed.add(table);
          }
        }
      }
    }
    if (version >= 15) {
      try (PreparedStatement query = connection.prepareStatement(SCHEMAS)) {
        query.setString(1, name);
        try (ResultSet row = query.executeQuery()) {
          while (row.next()) {
            tables.add(Identifiers.quote(row.getString(1), row.getString(2)));
          }
        }
      }
    }
    try (PreparedStatement query =
        connection.prepareStatement(FIND.replace("/*generated*/", version >= 18 ? "p.pubgencols <> 'n'" : "false"))) {
      query.setString(1, name);
      try (ResultSet row = query.executeQuery()) {
        if (!row.next()) {
          return Optional.empty();
        }
        return Optional.of(new Publication(
            name,
            row.getBoolean(1),
            List.copyOf(Arrays.asList((String[]) row.getArray(2).getArray())),
            row.getBoolean(3),
            row.getBoolean(4),
            row.getBoolean(5),
            Set.copyOf(tables),
            Set.copyOf(narrowed)));
      }
    }
  }

  /** Whether changes of the table go through it, be they filtered or not. */
  public boolean covers(TableDefinition table) {
    return allTables || tables.contains(table.sqlName());
  }

  /** SQL that makes it publish everything of the given tables in the way we need; empty when it does. */
  public List<String> mend(Collection<TableDefinition> wanted) {
    String alter = "ALTER PUBLICATION " + Identifiers.quote(name);
    List<String> sql = new ArrayList<>();
    if (!operations.equals(OPERATIONS)) {
      sql.add(alter + " SET (publish = '" + String.join(", ", OPERATIONS) + "')");
    }
    if (!viaRoot && wanted.stream().anyMatch(t -> t.kind() == 'p')) {
      sql.add(alter + " SET (publish_via_partition_root = true)");
    }
    if (generatedColumns) {
      sql.add(alter + " SET (publish_generated_columns = none)");
    }
    for (TableDefinition table : wanted) {
      if (narrowed.contains(table.sqlName())) {
        sql.addAll(List.of(
            "BEGIN",
            alter + " DROP TABLE " + table.sqlName(),
            alter + " ADD TABLE " + table.sqlName(),
            "COMMIT"));
      }
    }
    return sql;
  }

  /** SQL that creates the publication, or adds the tables that it lacks; empty when there is nothing to do. */
  public static List<String> plan(Connection connection, String name, Collection<TableDefinition> wanted)
      throws SQLException {
    Optional<Publication> found = find(connection, name);
    List<TableDefinition> lacking =
        wanted.stream().filter(t -> found.isEmpty() || !found.get().covers(t)).toList();
    if (found.isPresent()) {
      return lacking.isEmpty()
          ? List.of()
          : List.of("ALTER PUBLICATION " + Identifiers.quote(name) + " ADD TABLE " + list(lacking));
    }
    return List.of("CREATE PUBLICATION " + Identifiers.quote(name) + (lacking.isEmpty() ? "" : " FOR TABLE " + list(lacking))
        + " WITH (publish_via_partition_root = true)");
  }

  /**
   * Runs the {@link #plan} and returns it. Two that do so at once, for one another's benefit, both succeed.
   *
   * @throws SQLException 42501 where the role does not own the tables or the publication, or lacks CREATE on the database
   */
  public static List<String> ensure(Connection connection, String name, Collection<TableDefinition> wanted)
      throws SQLException {
    List<String> sql = plan(connection, name, wanted);
    try {
      execute(connection, sql);
      return sql;
    } catch (SQLException e) {
      List<String> left = connection.getAutoCommit() ? plan(connection, name, wanted) : sql;
      if (left.equals(sql)) {
        throw e;
      }
      execute(connection, left);
      return left;
    }
  }

  private static void execute(Connection connection, List<String> sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      for (String one : sql) {
        statement.execute(one);
      }
    }
  }

  private static String list(List<TableDefinition> tables) {
    return tables.stream().map(TableDefinition::sqlName).collect(Collectors.joining(", "));
  }
}
