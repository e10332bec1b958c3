package io.helios.repl.capture;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.tenant.Tenancy;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which tables of the source are polled: those that were admitted, when a tenant was started, and of which somebody takes rows.
 * What is made later is admitted by the next start, which also copies it; polled before that, it would lack its old rows.
 * Owned by the capture thread.
 */
final class PolledTables {

  /** With so many tenants the source tells their rows from others'; with more, the router does. */
  private static final int MOST_KEYS = 100;

  private static final int BPCHAR = 1042;

  private final SourceScope scope;
  private final CaptureMode.Checkpoint mode;
  private final ColumnTypes types;
  private final Set<Integer> admitted = new HashSet<>();
  private final Map<Integer, Relation> relations = new HashMap<>();
  private final Map<Integer, TableMark> marks = new HashMap<>();
  private List<PolledTable> polled = List.of();
  private String keys = "{}";
  private List<String> left = List.of();

  PolledTables(SourceScope scope, CaptureMode.Checkpoint mode, ColumnTypes types, List<TableMark> marks) {
    this.scope = scope;
    this.mode = mode;
    this.types = types;
    for (TableMark mark : marks) {
      admitted.add(mark.oid());
      this.marks.put(mark.oid(), mark);
    }
  }

  List<PolledTable> all() {
    return polled;
  }

  /** Tables that take part and were not admitted, as {@code schema.table}. */
  List<String> left() {
    return left;
  }

  /** The keys of tenants that queries leave others' rows out by, as a text array's text. */
  String keys() {
    return keys;
  }

  /** Whether it has just joined: nothing of it was found yet. */
  boolean isNew(PolledTable table) {
    return !marks.containsKey(table.oid());
  }

  TableMark mark(PolledTable table) {
    return marks.getOrDefault(table.oid(), TableMark.of(table.oid()));
  }

  void mark(TableMark mark) {
    marks.put(mark.oid(), mark);
  }

  List<TableMark> marks() {
    return List.copyOf(marks.values());
  }

  /**
   * Reads them from the catalog, and tells the router.
   *
   * @param admit whether all that the scope takes are admitted now
   * @param out told of tenants that take a table which cannot be polled
   */
  void read(Connection connection, boolean admit, TenantRouter router, RoutedChanges out) throws SQLException {
    List<PolledTable> next = new ArrayList<>();
    Set<Integer> there = new HashSet<>();
    boolean byKey = router.routes().tenants().stream().filter(r -> r.kind() == TenantRoute.Kind.KEYED).count() <= MOST_KEYS;
    Set<String> wanted = new LinkedHashSet<>();
    List<String> outside = new ArrayList<>();
    for (TableDefinition table : scope.read(connection)) {
      String tenant = scope.tenantColumn(table);
      if (tenant != null && table.column(tenant).isEmpty() && !admitted.contains(table.oid())) {
        continue; // nobody's, which source check says; one that loses the column later is not passed over like this
      }
      if (admit) {
        admitted.add(table.oid());
      }
      if (!admitted.contains(table.oid())) {
        outside.add(table.qualifiedName());
        continue;
      }
      Relation described = PolledTable.relation(table);
      Relation relation = relations.merge(table.oid(), described, (known, now) -> known.equals(now) ? known : now);
      router.define(relation, out);
      if (!router.isTaken(table.oid())) {
        continue;
      }
      TableDefinition.ColumnDefinition column = table.column(mode.column()).orElse(null);
      if (column == null || !mode.polls(table)) {
        if (mode.fullRefresh() == null) {
          router.refuse(table.oid(), unusable(table, column == null), out);
        }
        continue;
      }
      there.add(table.oid());
      next.add(new PolledTable(
          relation, table, CheckpointColumn.of(connection, column, types), byKey ? tenantColumn(table, router, wanted) : null));
    }
    marks.keySet().retainAll(there);
    polled = List.copyOf(next);
    left = List.copyOf(outside);
    keys = wanted.stream()
        .map(key -> "\"" + key.replace("\\", "\\\\").replace("\"", "\\\"") + "\"")
        .collect(Collectors.joining(",", "{", "}"));
  }

  /** Adds the tenants' keys, as the column's type prints them, to those that are wanted. */
  private @Nullable String tenantColumn(TableDefinition table, TenantRouter router, Set<String> wanted) {
    if (!(scope.tenancy() instanceof Tenancy.ByColumn tenancy) || scope.isReference(table.schema(), table.name())) {
      return null;
    }
    int type = table.column(tenancy.column()).map(TableDefinition.ColumnDefinition::typeOid).orElse(0);
    if (!KeyEncoding.supports(type) || type == BPCHAR) {
      return null; // the router knows more of domains, enums and blanks
    }
    for (TenantRoute route : router.routes().tenants()) {
      KeyEncoding key = route.kind() == TenantRoute.Kind.KEYED ? KeyEncoding.of(type, route.key()) : null;
      if (key != null) {
        wanted.add(new String(key.text(), StandardCharsets.UTF_8));
      }
    }
    return tenancy.column();
  }

  private Problem unusable(TableDefinition table, boolean withoutColumn) {
    return new Problem(
        ErrorCode.TABLE_NOT_POLLABLE,
        "table " + table.qualifiedName() + " cannot be polled",
        withoutColumn
            ? "it has no column " + mode.column()
            : "it has no primary key, so a row that is found again cannot be told from another one",
        withoutColumn
            ? "add the column and an index on it; or exclude the table (tables: \"!" + table.qualifiedName()
                + "\"); or set full-refresh; then: helios-repl tenant resync NAME"
            : "ALTER TABLE " + Identifiers.quote(table.schema(), table.name())
                + " ADD PRIMARY KEY (…); or exclude the table; or set full-refresh; then: helios-repl tenant resync NAME",
        null,
        table.qualifiedName());
  }
}
