package io.helios.repl.capture;

import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.IdentityIndex;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.TableDefinition.ColumnDefinition;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which tables log too little of the old row for an update or delete to be routed and applied, and the SQL that mends
 * it: an index that is there, else a new one, else the whole row. What counts is each leaf partition's identity: WAL is
 * written by it, while pgoutput speaks by the root's, so the leaf's must cover the root's.
 */
final class IdentityPlan {

  private final Map<Integer, List<TableDefinition>> leaves;
  private final Map<Integer, List<IdentityIndex>> candidates;
  private final Set<String> ownIndexes;

  private IdentityPlan(
      Map<Integer, List<TableDefinition>> leaves,
      Map<Integer, List<IdentityIndex>> candidates,
      Set<String> ownIndexes) {
    this.leaves = leaves;
    this.candidates = candidates;
    this.ownIndexes = ownIndexes;
  }

  static IdentityPlan read(Connection connection, Collection<TableDefinition> tables) throws SQLException {
    Map<Integer, List<TableDefinition>> leaves = Catalog.leafPartitions(connection, tables);
    List<Integer> oids = Stream.concat(tables.stream(), leaves.values().stream().flatMap(List::stream))
        .map(TableDefinition::oid)
        .toList();
    Set<String> own = new HashSet<>();
    try (PreparedStatement query = connection.prepareStatement(
            """
            SELECT n.nspname, c.relname
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'i' AND c.relname ~ '^helios_identity_'
            """);
        ResultSet row = query.executeQuery()) {
      while (row.next()) {
        own.add(Identifiers.quote(row.getString(1), row.getString(2)));
      }
    }
    return new IdentityPlan(leaves, IdentityIndex.read(connection, oids), own);
  }

  /** Whether the table itself (for a partitioned one, its root) names a row well enough. */
  static boolean fits(TableDefinition table, @Nullable String tenantColumn) {
    return !table.identityKey().isEmpty() && (tenantColumn == null || table.identityKey().contains(tenantColumn));
  }

  /** Leaf partitions that log less than their root promises. */
  List<TableDefinition> unfitLeaves(TableDefinition root) {
    return leaves(root).stream().filter(leaf -> !covers(leaf, root)).toList();
  }

  private static boolean covers(TableDefinition leaf, TableDefinition root) {
    return leaf.replicaIdentity() == 'f'
        || (root.replicaIdentity() != 'f' && leaf.identityKey().containsAll(root.identityKey()));
  }

  private List<TableDefinition> leaves(TableDefinition root) {
    return leaves.getOrDefault(root.oid(), List.of());
  }

  /** Statements, to be run one by one outside a transaction; empty when all is well. */
  List<String> mend(TableDefinition table, @Nullable String tenantColumn) {
    if (fits(table, tenantColumn)) {
      return unfitLeaves(table).isEmpty() ? List.of() : mendLeaves(table);
    }
    Optional<IdentityIndex> there = indexes(table).stream()
        .filter(i -> tenantColumn == null || i.columns().contains(tenantColumn))
        .min(Comparator.comparing(i -> !i.columns().containsAll(table.primaryKey())));
    if (there.isPresent()) {
      return useIndex(table, there.get());
    }
    return table.kind() == 'p' || tenantColumn == null ? useRow(table) : createIndex(table, tenantColumn);
  }

  private List<IdentityIndex> indexes(TableDefinition table) {
    return candidates.getOrDefault(table.oid(), List.of());
  }

  /** On the table, and on each leaf by the leaf's own index of the same columns; else everywhere the row. */
  private List<String> useIndex(TableDefinition table, IdentityIndex index) {
    List<String> sql = new ArrayList<>(List.of(alter(table, index)));
    for (TableDefinition leaf : leaves(table)) {
      Optional<IdentityIndex> same = sameColumns(leaf, index.columns());
      if (same.isEmpty()) {
        return useRow(table);
      }
      sql.add(alter(leaf, same.get()));
    }
    return sql;
  }

  private List<String> mendLeaves(TableDefinition root) {
    List<String> sql = new ArrayList<>();
    for (TableDefinition leaf : unfitLeaves(root)) {
      Optional<IdentityIndex> same =
          root.replicaIdentity() == 'f' ? Optional.empty() : sameColumns(leaf, root.identityKey());
      sql.add(same.map(index -> alter(leaf, index)).orElseGet(() -> alterFull(leaf)));
    }
    return sql;
  }

  private Optional<IdentityIndex> sameColumns(TableDefinition table, List<String> columns) {
    return indexes(table).stream()
        .filter(i -> new HashSet<>(i.columns()).equals(new HashSet<>(columns)))
        .findFirst();
  }

  private List<String> useRow(TableDefinition table) {
    return Stream.concat(Stream.of(table), leaves(table).stream())
        .filter(t -> t.replicaIdentity() != 'f')
        .map(IdentityPlan::alterFull)
        .toList();
  }

  private List<String> createIndex(TableDefinition table, String tenantColumn) {
    boolean possible = table.column(tenantColumn)
        .filter(ColumnDefinition::notNull)
        .filter(c -> !c.isGenerated())
        .isPresent();
    if (!possible || indexes(table).isEmpty()) {
      return useRow(table);
    }
    String name = "helios_identity_" + Integer.toUnsignedString(table.oid());
    List<String> columns = new ArrayList<>(List.of(tenantColumn));
    columns.addAll(indexes(table).getFirst().columns());
    List<String> sql = new ArrayList<>();
    String qualified = Identifiers.quote(table.schema(), name);
    if (ownIndexes.contains(qualified)) {
      // Had it been built to the end, it would be a candidate.
      sql.add("DROP INDEX CONCURRENTLY " + qualified);
    }
    sql.add("CREATE UNIQUE INDEX CONCURRENTLY " + Identifiers.quote(name) + " ON " + table.sqlName() + " ("
        + String.join(", ", columns.stream().map(Identifiers::quote).toList()) + ")");
    sql.add(alter(table, new IdentityIndex(name, false, columns)));
    return sql;
  }

  private static String alter(TableDefinition table, IdentityIndex index) {
    return "ALTER TABLE " + table.sqlName() + " REPLICA IDENTITY "
        + (index.primary() ? "DEFAULT" : "USING INDEX " + Identifiers.quote(index.name()));
  }

  private static String alterFull(TableDefinition table) {
    return "ALTER TABLE " + table.sqlName() + " REPLICA IDENTITY FULL";
  }
}
