package io.helios.repl.capture;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.PgOutputMessage;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.Tuple;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Relation and row to tenant, by the source's tenancy rule. Compares the tenant column's bytes as they came.
 *
 * <ul>
 *   <li>A row whose tenant changes is a delete for the old tenant and an insert for the new one.
 *   <li>A truncation goes to everybody who takes the table.
 *   <li>What cannot be told is a failure of each tenant that it may concern, by name; never silence.
 *   <li>Tables of schema {@code helios} are our own and are nobody's.
 * </ul>
 *
 * Does no I/O but for asking {@link ColumnTypes} about a tenant column of a type that is not built in. Owned by the
 * capture thread.
 */
final class TenantRouter {

  private static final String OWN_SCHEMA = "helios";
  private static final int FIRST_USER_OID = 16384;

  private final Routes routes;
  private final ColumnTypes types;
  private final Map<Integer, TableRouting> tables = new LinkedHashMap<>();
  private final Map<IndexKey, Indexes> indexes = new HashMap<>();
  private @Nullable TableRouting last;
  private int lastOid;

  private record IndexKey(int type, List<Integer> takers) {}

  /** @param problems by taker: keys that are no value of the type */
  private record Indexes(KeyIndex text, KeyIndex binary, Map<Integer, Problem> problems) {}

  TenantRouter(Routes routes, ColumnTypes types) {
    this.routes = routes;
    this.types = types;
  }

  Routes routes() {
    return routes;
  }

  /** The relations known so far, in the order in which they came: what a router with other routes starts from. */
  List<Relation> relations() {
    return tables.values().stream().map(TableRouting::relation).toList();
  }

  /** A table's definition, before its first row and after each change of it. */
  void define(Relation relation, RoutedChanges out) {
    tables.put(relation.oid(), routing(relation, out));
    last = null;
  }

  /** Whether a message can concern anybody; cheap, and sure only in saying no. */
  boolean concerns(ByteBuffer message) {
    byte[] bytes = message.array();
    int start = message.arrayOffset() + message.position();
    if (message.remaining() < 6) {
      return true;
    }
    byte tag = bytes[start];
    if (tag != 'I' && tag != 'U' && tag != 'D') {
      return true;
    }
    TableRouting table = find(message.getInt(message.position() + 1));
    return table == null || table.concerns(bytes, start, message.arrayOffset() + message.limit());
  }

  void insert(PgOutputMessage.Insert insert, RoutedChanges out) {
    TableRouting table = table(insert.relationOid());
    Tuple row = checked(table, insert.row());
    for (int tenant : tenantsOf(table, row, out)) {
      out.insert(tenant, table.relation(), row);
    }
  }

  void delete(PgOutputMessage.Delete delete, RoutedChanges out) {
    TableRouting table = table(delete.relationOid());
    Tuple old = checked(table, delete.old());
    if (delete.oldIsKey() && !table.identityCarriesTenant()) {
      unknownTenant(table, out);
      return;
    }
    for (int tenant : tenantsOf(table, old, out)) {
      out.delete(tenant, table.relation(), old, delete.oldIsKey());
    }
  }

  void update(PgOutputMessage.Update update, RoutedChanges out) {
    TableRouting table = table(update.relationOid());
    Tuple row = checked(table, update.row());
    Tuple old = update.old() == null ? null : checked(table, update.old());
    if (table.isWhole()) {
      for (int tenant : table.takers()) {
        out.update(tenant, table.relation(), old, update.oldIsKey(), row);
      }
      return;
    }
    if (!table.identityCarriesTenant() && (old == null || update.oldIsKey())
        || old == null && table.tenantIsUnchanged(row)) {
      unknownTenant(table, out);
      return;
    }
    // Without an old tuple no column of the identity has changed, and the tenant's is one of them.
    int[] after = table.tenantsOf(table.tenantIsUnchanged(row) && old != null ? old : row);
    int[] before = old == null ? after : tenantsOf(table, old, out);
    if (Arrays.equals(before, after)) {
      for (int tenant : after) {
        out.update(tenant, table.relation(), old, update.oldIsKey(), row);
      }
    } else if (old != null) {
      moved(table, old, update.oldIsKey(), row, before, after, out);
    }
  }

  /** A row that a poll found, whole: its own tenant column says whose it is; who had it before is not known. */
  void upsert(int relationOid, Tuple found, RoutedChanges out) {
    TableRouting table = table(relationOid);
    Tuple row = checked(table, found);
    for (int tenant : tenantsOf(table, row, out)) {
      out.upsert(tenant, table.relation(), row);
    }
  }

  void truncate(PgOutputMessage.Truncate truncate, RoutedChanges out) {
    for (int oid : truncate.relationOids()) {
      TableRouting table = table(oid);
      for (int tenant : table.takers()) {
        out.truncate(tenant, table.relation(), truncate.restartIdentity());
      }
    }
  }

  /** Whether anybody takes rows of a table that was described. */
  boolean isTaken(int relationOid) {
    return table(relationOid).takers().length > 0;
  }

  /** A table that was described cannot be captured: everybody who takes it fails. */
  void refuse(int relationOid, Problem problem, RoutedChanges out) {
    for (int tenant : table(relationOid).takers()) {
      out.failed(tenant, problem);
    }
  }

  private void moved(
      TableRouting table, Tuple old, boolean oldIsKey, Tuple row, int[] before, int[] after, RoutedChanges out) {
    for (int tenant : before) {
      out.delete(tenant, table.relation(), old, oldIsKey);
    }
    if (after.length == 0) {
      return;
    }
    Tuple whole = row.hasUnchanged() ? (oldIsKey ? null : filled(row, old)) : row;
    for (int tenant : after) {
      if (whole == null) {
        out.failed(tenant, moveIncomplete(table.relation()));
      } else {
        out.insert(tenant, table.relation(), whole);
      }
    }
  }

  /** The row with the values that did not change taken from the old row; null when that lacks them too. */
  private static @Nullable Tuple filled(Tuple row, Tuple old) {
    long length = 2;
    for (int i = 0; i < row.columnCount(); i++) {
      Tuple from = row.isUnchanged(i) ? old : row;
      if (from.isUnchanged(i)) {
        return null;
      }
      length += from.columnOffset(i + 1) - from.columnOffset(i);
    }
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(length)).putShort((short) row.columnCount());
    for (int i = 0; i < row.columnCount(); i++) {
      Tuple from = row.isUnchanged(i) ? old : row;
      bytes.put(from.array(), from.columnOffset(i), from.columnOffset(i + 1) - from.columnOffset(i));
    }
    return Tuple.of(bytes.array(), 0, bytes.capacity());
  }

  private int[] tenantsOf(TableRouting table, Tuple row, RoutedChanges out) {
    if (table.isWhole()) {
      return table.takers();
    }
    if (table.tenantIsUnchanged(row)) {
      unknownTenant(table, out);
      return KeyIndex.NOBODY;
    }
    return table.tenantsOf(row);
  }

  private TableRouting table(int oid) {
    TableRouting table = find(oid);
    if (table == null) {
      throw malformed("a change of a table that was never described");
    }
    return table;
  }

  private @Nullable TableRouting find(int oid) {
    if (last != null && lastOid == oid) {
      return last;
    }
    TableRouting table = tables.get(oid);
    last = table;
    lastOid = oid;
    return table;
  }

  private static Tuple checked(TableRouting table, Tuple tuple) {
    if (tuple.columnCount() != table.relation().columns().size()) {
      throw malformed("a row has another number of columns than its table");
    }
    return tuple;
  }

  private TableRouting routing(Relation relation, RoutedChanges out) {
    if (relation.schema().equals(OWN_SCHEMA)) {
      return TableRouting.whole(relation, KeyIndex.NOBODY);
    }
    boolean reference = matches(routes.referenceTables(), relation);
    int[] takers = takers(relation, reference);
    if (takers.length == 0 || reference || !(routes.tenancy() instanceof Tenancy.ByColumn tenancy)) {
      return TableRouting.whole(relation, takers);
    }
    int column = relation.indexOf(tenancy.column());
    if (column < 0) {
      return failed(relation, takers, withoutTenant(relation, tenancy.column()), out);
    }
    int declared = relation.columns().get(column).typeOid();
    int type = Integer.compareUnsigned(declared, FIRST_USER_OID) >= 0 ? types.baseOf(declared) : declared;
    if (!KeyEncoding.supports(type)) {
      return failed(relation, takers, keyType(relation, tenancy.column()), out);
    }
    Indexes found = indexes.computeIfAbsent(new IndexKey(type, Arrays.stream(takers).boxed().toList()), this::index);
    found.problems().forEach((tenant, problem) -> out.failed(tenant, problem.at(null, relation.qualifiedName())));
    return TableRouting.byKey(relation, takers, column, type == KeyEncoding.BPCHAR, found.text(), found.binary());
  }

  private static TableRouting failed(Relation relation, int[] takers, Problem problem, RoutedChanges out) {
    for (int tenant : takers) {
      out.failed(tenant, problem);
    }
    return TableRouting.whole(relation, KeyIndex.NOBODY);
  }

  private int[] takers(Relation relation, boolean reference) {
    if (!reference && !matches(routes.sourceTables(), relation)) {
      return KeyIndex.NOBODY;
    }
    Map<TableFilter, Boolean> matches = new HashMap<>();
    List<Integer> takers = new ArrayList<>();
    for (int i = 0; i < routes.tenants().size(); i++) {
      TenantRoute route = routes.tenants().get(i);
      boolean itsKind = route.kind() == (reference ? TenantRoute.Kind.REFERENCE : TenantRoute.Kind.KEYED);
      boolean itsPlace =
          reference
              || !(routes.tenancy() instanceof Tenancy.BySchema tenancy)
              || tenancy.schemaOf(route.key()).equals(relation.schema());
      if (route.isOpen() && itsKind && itsPlace && matches.computeIfAbsent(route.tables(), f -> matches(f, relation))) {
        takers.add(i);
      }
    }
    return takers.stream().mapToInt(Integer::intValue).toArray();
  }

  private static boolean matches(@Nullable TableFilter filter, Relation relation) {
    return filter != null && filter.matches(relation.schema(), relation.name());
  }

  private Indexes index(IndexKey key) {
    Map<ByteBuffer, List<Integer>> byText = new LinkedHashMap<>();
    Map<ByteBuffer, KeyEncoding> encodings = new HashMap<>();
    Map<Integer, Problem> problems = new HashMap<>();
    for (int tenant : key.takers()) {
      KeyEncoding encoding = KeyEncoding.of(key.type(), routes.tenants().get(tenant).key());
      if (encoding == null) {
        problems.put(tenant, keyValue());
      } else {
        ByteBuffer text = ByteBuffer.wrap(encoding.text());
        encodings.put(text, encoding);
        byText.computeIfAbsent(text, t -> new ArrayList<>()).add(tenant);
      }
    }
    List<Map.Entry<byte[], int[]>> texts = new ArrayList<>();
    List<Map.Entry<byte[], int[]>> binaries = new ArrayList<>();
    byText.forEach((text, tenants) -> {
      int[] array = tenants.stream().mapToInt(Integer::intValue).toArray();
      texts.add(Map.entry(text.array(), array));
      KeyEncoding encoding = encodings.get(text);
      if (encoding != null) {
        binaries.add(Map.entry(encoding.binary(), array));
      }
    });
    return new Indexes(new KeyIndex(texts), new KeyIndex(binaries), problems);
  }

  private static void unknownTenant(TableRouting table, RoutedChanges out) {
    Relation relation = table.relation();
    Problem problem =
        new Problem(
            ErrorCode.IDENTITY_WITHOUT_TENANT,
            "an update or delete of " + relation.qualifiedName() + " does not say whose row it was",
            "the table's replica identity does not carry the tenant column",
            "ALTER TABLE " + Identifiers.quote(relation.schema(), relation.name())
                + " REPLICA IDENTITY FULL; then: helios-repl tenant resync NAME",
            null,
            relation.qualifiedName());
    for (int tenant : table.takers()) {
      out.failed(tenant, problem);
    }
  }

  private static Problem withoutTenant(Relation relation, String column) {
    return new Problem(
        ErrorCode.TABLE_WITHOUT_TENANT,
        "table " + relation.qualifiedName() + " has no column " + column + " among those that are published",
        "it is not known whose its rows are",
        "exclude it (tables: \"!" + relation.qualifiedName() + "\"), or name it under reference-tables, or add the column;"
            + " then: helios-repl tenant resync NAME",
        null,
        relation.qualifiedName());
  }

  private static Problem keyType(Relation relation, String column) {
    return new Problem(
        ErrorCode.TENANT_KEY_TYPE,
        "column " + column + " of " + relation.qualifiedName() + " cannot tell tenants apart",
        "its type is none of smallint, integer, bigint, uuid, text, varchar, char, name, an enum or a domain over these",
        "change the column's type, or exclude the table (tables: \"!" + relation.qualifiedName() + "\")",
        null,
        relation.qualifiedName());
  }

  private static Problem keyValue() {
    return new Problem(
        ErrorCode.TENANT_KEY_TYPE,
        "the tenant's key is no value of the tenant column's type, or is not written as that prints it",
        "so no row of that table is known to be its",
        "create the tenant again with the right --key");
  }

  private static Problem moveIncomplete(Relation relation) {
    return new Problem(
        ErrorCode.MOVE_INCOMPLETE,
        "a row of " + relation.qualifiedName() + " came from another tenant without all of its values",
        "large values that did not change are only sent with replica identity full",
        "ALTER TABLE " + Identifiers.quote(relation.schema(), relation.name())
            + " REPLICA IDENTITY FULL; then: helios-repl tenant resync NAME",
        null,
        relation.qualifiedName());
  }

  /** The stream says what it cannot mean. */
  static CorruptionException malformed(String why) {
    return new CorruptionException(
        new Problem(
            ErrorCode.WAL_MESSAGE_MALFORMED,
            "the WAL stream contradicts itself",
            why,
            "report this; the stream is opened again after: helios-repl source check NAME"));
  }
}
