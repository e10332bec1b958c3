package io.helios.repl.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.PgOutputBytes;
import io.helios.repl.postgres.PgOutputDecoder;
import io.helios.repl.postgres.PgOutputMessage;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.Tuple;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TenantRouterTest {

  private static final int INT4 = 23;
  private static final Tenancy BY_COLUMN = new Tenancy.ByColumn("tenant_id");
  /** (tenant_id key, id key, body) */
  private static final Relation ORDERS = relation(1, "public", "orders", INT4, true, 'd');

  private final Recorder out = new Recorder();

  @Test
  void rowsGoToTheirTenantAndOthersAreDropped() {
    TenantRouter router = router(BY_COLUMN, keyed("1"), keyed("2"));
    router.define(ORDERS, out);
    send(router, PgOutputBytes.insert(1, row("1", "10", "a")));
    send(router, PgOutputBytes.insert(1, row("3", "10", "a")));
    send(router, PgOutputBytes.insert(1, row(null, "10", "a")));
    send(router, PgOutputBytes.update(1, null, false, row("2", "10", "b")));
    send(router, PgOutputBytes.delete(1, row("2", "10", null), true));
    send(router, PgOutputBytes.delete(1, row("12", "10", null), true));
    assertThat(out.seen).containsExactly("0 insert 1,10,a", "1 update 2,10,b", "1 delete key 2,10,-");
  }

  @Test
  void aRowThatAPollFoundGoesToTheTenantThatItsColumnNames() {
    TenantRouter router = router(BY_COLUMN, keyed("1"), keyed("2"), keyed("2"));
    router.define(relation(1, "public", "orders", INT4, false, 'd'), out);
    router.upsert(1, row("1", "10", "a"), out);
    router.upsert(1, row("2", "11", null), out);
    router.upsert(1, row("3", "12", "a"), out);
    router.upsert(1, row(null, "13", "a"), out);
    assertThat(out.seen).containsExactly("0 upsert 1,10,a", "1 upsert 2,11,-", "2 upsert 2,11,-");
    assertThatThrownBy(() -> router.upsert(2, row("1", "10", "a"), out)).isInstanceOf(CorruptionException.class);
    assertThatThrownBy(() -> router.upsert(1, row("1", "10"), out)).isInstanceOf(CorruptionException.class);
  }

  @Test
  void aReferenceTablesPolledRowGoesToWhoTakesTheWholeTable() {
    TenantRoute whole = new TenantRoute(UUID.randomUUID(), 1, TenantRoute.Kind.REFERENCE, "", TableFilter.ALL);
    TenantRouter router = new TenantRouter(
        new Routes(1, BY_COLUMN, TableFilter.ALL, new TableFilter(List.of("countries")), List.of(keyed("1"), whole)),
        ColumnTypes.BUILT_IN_ONLY);
    router.define(relation(2, "public", "countries", INT4, false, 'd'), out);
    router.upsert(2, row("1", "10", "a"), out);
    assertThat(out.seen).containsExactly("1 upsert 1,10,a");
  }

  @Test
  void aTruncationGoesToEverybodyWhoTakesTheTable() {
    TenantRouter router =
        router(
            BY_COLUMN,
            keyed("1"),
            keyed("2"),
            new TenantRoute(UUID.randomUUID(), 1, TenantRoute.Kind.KEYED, "3", new TableFilter(List.of("!orders"))));
    router.define(ORDERS, out);
    send(router, PgOutputBytes.truncate(2, 1));
    assertThat(out.seen).containsExactly("0 truncate true", "1 truncate true");
  }

  @Test
  void severalRoutesMayHaveTheSameKey() {
    TenantRouter router = router(BY_COLUMN, keyed("7"), keyed("7"), keyed("8"));
    router.define(ORDERS, out);
    send(router, PgOutputBytes.insert(1, row("7", "1", "a")));
    assertThat(out.seen).containsExactly("0 insert 7,1,a", "1 insert 7,1,a");
  }

  @Test
  void aRowThatChangesItsTenantIsADeleteAndAnInsert() {
    TenantRouter router = router(BY_COLUMN, keyed("1"), keyed("2"));
    router.define(ORDERS, out);
    send(router, PgOutputBytes.update(1, row("1", "10", null), true, row("2", "10", "b")));
    send(router, PgOutputBytes.update(1, row("1", "10", null), true, row("3", "10", "b")));
    send(router, PgOutputBytes.update(1, row("3", "10", null), true, row("2", "10", "b")));
    send(router, PgOutputBytes.update(1, row("1", "10", null), true, row("1", "11", "b")));
    assertThat(out.seen)
        .containsExactly(
            "0 delete key 1,10,-",
            "1 insert 2,10,b",
            "0 delete key 1,10,-",
            "1 insert 2,10,b",
            "0 update key 1,10,- 1,11,b");
  }

  @Test
  void aMoveTakesUnchangedValuesFromTheOldRowAndFailsByNameWithoutOne() {
    TenantRouter router = router(BY_COLUMN, keyed("1"), keyed("2"));
    router.define(ORDERS, out);
    send(router, PgOutputBytes.update(1, row("1", "10", "big"), false, row("2", "10", "\0u")));
    send(router, PgOutputBytes.update(1, row("1", "10", null), true, row("2", "10", "\0u")));
    send(router, PgOutputBytes.update(1, row("1", "10", null), true, row("3", "10", "\0u")));
    assertThat(out.seen)
        .containsExactly(
            "0 delete row 1,10,big",
            "1 insert 2,10,big",
            "0 delete key 1,10,-",
            "1 failed HR-2123 public.orders",
            "0 delete key 1,10,-");
  }

  @Test
  void anUnchangedTenantColumnIsTheOldRows() {
    Relation text = relation(1, "public", "orders", 25, true, 'f');
    TenantRouter router = router(BY_COLUMN, keyed("1"), keyed("2"));
    router.define(text, out);
    send(router, PgOutputBytes.update(1, row("1", "10", "a"), false, row("\0u", "10", "b")));
    send(router, PgOutputBytes.update(1, row("9", "10", "a"), false, row("\0u", "10", "b")));
    assertThat(out.seen).containsExactly("0 update row 1,10,a \0u,10,b");
  }

  @Test
  void changesThatDoNotSayWhoseTheyAreFailEverybodyWhoTakesTheTable() {
    TenantRouter router = router(BY_COLUMN, keyed("1"), keyed("2"));
    router.define(relation(1, "public", "orders", INT4, false, 'd'), out);
    send(router, PgOutputBytes.insert(1, row("1", "10", "a")));
    assertThat(out.seen).containsExactly("0 insert 1,10,a");
    out.seen.clear();
    send(router, PgOutputBytes.update(1, null, false, row("3", "10", "a")));
    assertThat(out.seen).containsExactly("0 failed HR-2122 public.orders", "1 failed HR-2122 public.orders");
    out.seen.clear();
    send(router, PgOutputBytes.delete(1, row(null, "10", null), true));
    send(router, PgOutputBytes.update(1, row(null, "10", null), true, row("1", "11", "a")));
    assertThat(out.seen).hasSize(4).allMatch(s -> s.contains("HR-2122"));
  }

  @Test
  void aTableThatCannotBeRoutedFailsThoseWhoTakeIt() {
    TenantRouter router =
        router(
            BY_COLUMN,
            keyed("1"),
            new TenantRoute(UUID.randomUUID(), 1, TenantRoute.Kind.KEYED, "2", new TableFilter(List.of("orders"))));
    router.define(new Relation(2, "public", "plans", 'd', List.of(new Relation.Column("id", INT4, -1, true))), out);
    router.define(relation(3, "public", "odd", 1700, true, 'd'), out);
    router.define(relation(1, "public", "orders", INT4, true, 'd'), out);
    send(router, PgOutputBytes.insert(2, PgOutputBytes.tuple("1")));
    assertThat(out.seen).containsExactly("0 failed HR-2120 public.plans", "0 failed HR-2121 public.odd");
  }

  @Test
  void aKeyThatIsNoValueOfTheTypeFailsThatTenantOnly() {
    TenantRouter router = router(BY_COLUMN, keyed("abc"), keyed("2"), keyed("3000000000"));
    router.define(ORDERS, out);
    send(router, PgOutputBytes.insert(1, row("2", "10", "a")));
    assertThat(out.seen)
        .containsExactlyInAnyOrder(
            "0 failed HR-2121 public.orders", "2 failed HR-2121 public.orders", "1 insert 2,10,a");
  }

  /** Whoever is called 007, because all columns had been texts, is not given the rows of 7 where a new table's is a number. */
  @ParameterizedTest
  @CsvSource({
    "23, 007, 7", "23, +7, 7", "20, ' 7', 7", "21, '7 ', 7", "20, -0, 0", "1042, 'ab ', 'ab   '", "1042, 'ab ', 'ab'",
    "2950, A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11, a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    "2950, {a0eebc999c0b4ef8bb6d6bb9bd380a11}, a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    "25, ' a', a", "25, a, 'a '", "1043, A, a", "19, a, ' a'"
  })
  void aKeyThatIsWrittenOtherwiseThanItsColumnPrintsItHasNoRows(int type, String key, String text) {
    TenantRouter router = router(BY_COLUMN, keyed("9"), keyed(key));
    router.define(relation(1, "public", "orders", type, true, 'd'), out);
    out.seen.removeIf(seen -> seen.contains("failed HR-2121"));
    send(router, PgOutputBytes.insert(1, row(text, "1", "x")));
    assertThat(out.seen).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "21, 7, 7, 0007",
    "21, -7, -7, fff9",
    "23, 70000, 70000, 00011170",
    "20, 5000000000, 5000000000, 000000012a05f200",
    "2950, a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11, a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11, a0eebc999c0b4ef8bb6d6bb9bd380a11",
    "25, größe, größe, 6772c3b6c39f65",
    "1043, a b, a b, 612062",
    "1042, ab, 'ab   ', 616220",
    "19, ab, ab, 6162",
    "20000, gold, gold, 676f6c64",
    "20001, 7, 7, 00000007",
  })
  void eachTypesValuesAreKnownInTextAndInBinary(int type, String key, String text, String binary) {
    ColumnTypes types = oid -> oid == 20000 ? ColumnTypes.ENUM : oid == 20001 ? INT4 : 0;
    TenantRouter router =
        new TenantRouter(new Routes(1, BY_COLUMN, TableFilter.ALL, null, List.of(keyed("9"), keyed(key))), types);
    router.define(relation(1, "public", "orders", type, true, 'd'), out);
    out.seen.clear();
    byte[] one = {0, 0, 0, 1};
    send(router, PgOutputBytes.insert(1, row(text, "1", "x")));
    send(router, PgOutputBytes.insert(1, PgOutputBytes.binaryTuple(java.util.HexFormat.of().parseHex(binary), one, one)));
    assertThat(out.seen).hasSize(2).allMatch(s -> s.startsWith("1 insert"));
  }

  @Test
  void textAndBinaryFormsAreNeverConfused() {
    // The bytes of the text "1234" are a binary int4, too.
    TenantRouter router = router(BY_COLUMN, keyed("1234"), keyed("825373492"));
    router.define(ORDERS, out);
    byte[] one = {0, 0, 0, 1};
    send(router, PgOutputBytes.insert(1, PgOutputBytes.binaryTuple(new byte[] {'1', '2', '3', '4'}, one, one)));
    send(router, PgOutputBytes.insert(1, row("1234", "1", "x")));
    assertThat(out.seen).hasSize(2);
    assertThat(out.seen.get(0)).startsWith("1 insert");
    assertThat(out.seen.get(1)).startsWith("0 insert");
  }

  @Test
  void referenceTablesGoToReferenceRoutesOnlyWhatverTheTenancy() {
    TenantRoute reference =
        new TenantRoute(UUID.randomUUID(), 1, TenantRoute.Kind.REFERENCE, "", TableFilter.ALL);
    TenantRouter router =
        new TenantRouter(
            new Routes(
                1,
                BY_COLUMN,
                new TableFilter(List.of("public.*", "!public.plans")),
                new TableFilter(List.of("public.plans")),
                List.of(keyed("1"), reference)),
            ColumnTypes.BUILT_IN_ONLY);
    router.define(ORDERS, out);
    router.define(new Relation(2, "public", "plans", 'd', List.of(new Relation.Column("id", INT4, -1, true))), out);
    send(router, PgOutputBytes.insert(1, row("1", "1", "x")));
    send(router, PgOutputBytes.insert(2, PgOutputBytes.tuple("1")));
    send(router, PgOutputBytes.update(2, null, false, PgOutputBytes.tuple("2")));
    send(router, PgOutputBytes.delete(2, PgOutputBytes.tuple("2"), true));
    assertThat(out.seen).containsExactly("0 insert 1,1,x", "1 insert 1", "1 update 2", "1 delete key 2");
  }

  @Test
  void bySchemaTheSchemaIsTheTenant() {
    TenantRouter router = router(new Tenancy.BySchema("tenant_{key}"), keyed("a"), keyed("b"));
    router.define(relation(1, "tenant_a", "orders", INT4, false, 'd'), out);
    router.define(relation(2, "tenant_c", "orders", INT4, false, 'd'), out);
    router.define(relation(3, "public", "orders", INT4, false, 'd'), out);
    for (int oid = 1; oid <= 3; oid++) {
      send(router, PgOutputBytes.insert(oid, row("1", "1", "x")));
      send(router, PgOutputBytes.delete(oid, row(null, "1", null), true));
      send(router, PgOutputBytes.truncate(0, oid));
    }
    assertThat(out.seen).containsExactly("0 insert 1,1,x", "0 delete key -,1,-", "0 truncate false");
  }

  @Test
  void byDatabaseEverythingIsTheTenantsButOurOwnSchema() {
    TenantRouter router = router(new Tenancy.ByDatabase(), keyed("whatever"));
    router.define(relation(1, "any", "orders", INT4, false, 'd'), out);
    router.define(relation(2, "helios", "fence", INT4, false, 'd'), out);
    send(router, PgOutputBytes.insert(1, row("1", "1", "x")));
    send(router, PgOutputBytes.insert(2, row("1", "1", "x")));
    assertThat(out.seen).containsExactly("0 insert 1,1,x");
  }

  @Test
  void tablesOutsideTheSourcesFilterAreNobodys() {
    TenantRouter router =
        new TenantRouter(
            new Routes(1, BY_COLUMN, new TableFilter(List.of("!public.plans")), null, List.of(keyed("1"))),
            ColumnTypes.BUILT_IN_ONLY);
    router.define(new Relation(2, "public", "plans", 'd', List.of(new Relation.Column("id", INT4, -1, true))), out);
    send(router, PgOutputBytes.insert(2, PgOutputBytes.tuple("1")));
    assertThat(out.seen).isEmpty();
  }

  @Test
  void whatContradictsItselfIsCorrupt() {
    TenantRouter router = router(BY_COLUMN, keyed("1"));
    assertThatThrownBy(() -> send(router, PgOutputBytes.insert(99, row("1", "1", "x"))))
        .isInstanceOf(CorruptionException.class);
    router.define(ORDERS, out);
    assertThatThrownBy(() -> send(router, PgOutputBytes.insert(1, PgOutputBytes.tuple("1"))))
        .isInstanceOf(CorruptionException.class);
  }

  /** The quick look and the full decoding must agree: what concerns() drops would have gone to nobody. */
  private void send(TenantRouter router, ByteBuffer message) {
    boolean concerns = router.concerns(message.duplicate());
    int before = out.seen.size();
    switch (new PgOutputDecoder().decode(message)) {
      case PgOutputMessage.Insert m -> router.insert(m, out);
      case PgOutputMessage.Update m -> router.update(m, out);
      case PgOutputMessage.Delete m -> router.delete(m, out);
      case PgOutputMessage.Truncate m -> router.truncate(m, out);
      case PgOutputMessage other -> throw new AssertionError(other);
    }
    assertThat(concerns || out.seen.size() == before).as("concerns() said no").isTrue();
    if (message.get(0) == 'I' || message.get(0) == 'D') {
      assertThat(concerns && out.seen.size() == before).as("concerns() said yes for nothing").isFalse();
    }
  }

  private static TenantRouter router(Tenancy tenancy, TenantRoute... tenants) {
    return new TenantRouter(
        new Routes(1, tenancy, TableFilter.ALL, null, List.of(tenants)), ColumnTypes.BUILT_IN_ONLY);
  }

  private static TenantRoute keyed(String key) {
    return new TenantRoute(UUID.randomUUID(), 1, TenantRoute.Kind.KEYED, key, TableFilter.ALL);
  }

  private static Relation relation(int oid, String schema, String name, int tenantType, boolean tenantIsKey, char identity) {
    return new Relation(
        oid,
        schema,
        name,
        identity,
        List.of(
            new Relation.Column("tenant_id", tenantType, -1, tenantIsKey),
            new Relation.Column("id", INT4, -1, true),
            new Relation.Column("body", 25, -1, identity == 'f')));
  }

  private static Tuple row(@Nullable String... values) {
    return PgOutputBytes.tuple(values);
  }

  private static final class Recorder implements RoutedChanges {

    final List<String> seen = new ArrayList<>();

    @Override
    public void insert(int tenant, Relation relation, Tuple row) {
      seen.add(tenant + " insert " + values(row));
    }

    @Override
    public void update(int tenant, Relation relation, @Nullable Tuple old, boolean oldIsKey, Tuple row) {
      seen.add(
          tenant + " update " + (old == null ? "" : (oldIsKey ? "key " : "row ") + values(old) + " ") + values(row));
    }

    @Override
    public void delete(int tenant, Relation relation, Tuple old, boolean oldIsKey) {
      seen.add(tenant + " delete " + (oldIsKey ? "key " : "row ") + values(old));
    }

    @Override
    public void upsert(int tenant, Relation relation, Tuple row) {
      seen.add(tenant + " upsert " + values(row));
    }

    @Override
    public void truncate(int tenant, Relation relation, boolean restartIdentity) {
      seen.add(tenant + " truncate " + restartIdentity);
    }

    @Override
    public void failed(int tenant, Problem problem) {
      seen.add(tenant + " failed " + problem.code().id() + " " + problem.table());
    }

    private static String values(Tuple tuple) {
      List<String> values = new ArrayList<>();
      for (int i = 0; i < tuple.columnCount(); i++) {
        String text = tuple.text(i);
        values.add(tuple.isUnchanged(i) ? "\0u" : text == null ? "-" : text);
      }
      return String.join(",", values);
    }
  }
}
