package io.helios.repl.tests.copy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.TransientException;
import io.helios.repl.pipeline.CopySettings;
import io.helios.repl.pipeline.TenantCopy;
import io.helios.repl.postgres.CopyFormat;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.TableName;
import io.helios.repl.status.TenantStatus.CopyProgress;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TenantCopyTest {

  private static final CopySettings SMALL_PARTS = new CopySettings(4, 64 << 10);

  private static final String PORTABLE_TYPES =
      """
      CREATE TABLE public.portable (
        id bigint PRIMARY KEY, tenant_id int NOT NULL, b boolean, i2 smallint, i4 int, i8 bigint, n numeric(20,5),
        f4 real, f8 double precision, t text, v varchar(40), c char(8), by bytea, d date, ti time, tt timetz,
        ts timestamp, tz timestamptz, u uuid, j json, jb jsonb, ip inet, net cidr, mac macaddr, bi bit(5),
        vb varbit, p point, ia int[], ta text[], na numeric[])
      """;

  private static final String PORTABLE_ROWS =
      """
      INSERT INTO public.portable
      SELECT i, i % 2, i % 3 = 0, i, -i, i * 1000000007::bigint, i / 7.0, i / 3.0, 'NaN', E'tab\\t \\\\N \\n "quo''te" ü€' || i,
        CASE WHEN i % 5 = 0 THEN '' END, 'x', decode(lpad(to_hex(i), 8, '0'), 'hex'), date '0044-03-15 BC' + i, '24:00',
        '12:00+05:30', 'infinity', timestamptz '2026-03-29 00:59:59+00' + i * interval '1 s',
        gen_random_uuid(), '{"a" :  1}', '{"b": [1, null, "x"]}', '10.1.2.3/8', '10.0.0.0/8', '08:00:2b:01:02:03',
        B'10101', B'1', '(1.5,-2)', ARRAY[i, NULL, 3], ARRAY['NULL', NULL, 'a"b', ''], '{1.10,NaN}'
      FROM generate_series(1, 500) i
      """;

  private static final String OTHER_TYPES =
      """
      CREATE TYPE public.mood AS ENUM ('sad', 'happy');
      CREATE DOMAIN public.positive AS int CHECK (VALUE > 0);
      CREATE TYPE public.pair AS (x int, y text);
      CREATE TABLE public.others (
        tenant_id int NOT NULL, id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, m public.mood, p public.positive,
        pr public.pair, r int4range, mr int8range, ts tsvector, x xml, mo money, iv interval, "odd "" Näme" public.mood[],
        twice int GENERATED ALWAYS AS (tenant_id * 2) STORED)
      """;

  private static final String OTHER_ROWS =
      """
      INSERT INTO public.others (tenant_id, m, p, pr, r, mr, ts, x, mo, iv, "odd "" Näme")
      SELECT i % 2, (ARRAY['sad','happy',NULL]::public.mood[])[i % 3 + 1], i, ROW(i, E'a\\\\,"b'::text)::public.pair, int4range(i, i + 5),
        'empty', to_tsvector('simple', 'one two'), '<a b="c"/>', 12.34, interval '-1 mon 3 d', ARRAY['sad', NULL]::public.mood[]
      FROM generate_series(1, 500) i
      """;

  @ParameterizedTest
  @CsvSource({"17, 17", "14, 17", "17, 18", "18, 14"})
  void everyValueArrivesAsItWasAndOnlyTheTenantsRows(int sourceMajor, int targetMajor) {
    TwoDatabases two = TwoDatabases.of(sourceMajor, targetMajor);
    two.atBoth(PORTABLE_TYPES, OTHER_TYPES);
    two.atSource(PORTABLE_ROWS, OTHER_ROWS);
    List<TenantTable> tables = two.byColumn("1");
    assertThat(tables)
        .extracting(table -> CopyFormat.between(table.definition(), table.definition()))
        .containsExactly(CopyFormat.TEXT, CopyFormat.BINARY);

    TenantCopy copy = two.copy(UUID.randomUUID(), tables);
    Map<TableName, Lsn> points = copy.run();

    assertThat(points).containsOnlyKeys(new TableName("public", "others"), new TableName("public", "portable"));
    for (String table : List.of("portable", "others")) {
      assertThat(two.targetRows("SELECT t::text FROM public." + table + " t ORDER BY id"))
          .hasSize(250)
          .isEqualTo(two.sourceRows("SELECT t::text FROM public." + table + " t WHERE tenant_id = 1 ORDER BY id"));
    }
    CopyProgress progress = copy.progress();
    assertThat(progress.tables()).isEqualTo(2);
    assertThat(progress.done()).isEqualTo(2);
    assertThat(progress.rows()).isEqualTo(500);
    assertThat(progress.bytes()).isPositive();
    assertThat(progress.estimatedRows()).isPositive();
    assertThat(two.sourceRows("SELECT slot_name FROM pg_replication_slots WHERE database = current_database()"))
        .isEmpty();
  }

  @Test
  void textIsUsedWhereTheTargetsTypeIsAnother() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atSource("CREATE TABLE t (id int PRIMARY KEY, v varchar(10))", "INSERT INTO t VALUES (1, 'a'), (2, NULL)");
    two.atTarget("CREATE TABLE t (v text, id bigint PRIMARY KEY)");
    two.copy(UUID.randomUUID(), two.byDatabase()).run();
    assertThat(two.targetRows("SELECT t::text FROM t ORDER BY id")).containsExactly("(a,1)", "(,2)");
  }

  @Test
  void partsOfALargeTableAreTheWholeTable() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE big (id int, pad text)");
    two.atSource(
        "INSERT INTO big SELECT i, repeat('x', 200) FROM generate_series(1, 20000) i",
        "DELETE FROM big WHERE id % 7 = 0",
        "ANALYZE big");
    TenantCopy copy = two.copy(UUID.randomUUID(), two.byDatabase(), SMALL_PARTS);
    copy.run();
    assertThat(two.targetRows("SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || sum(id) FROM big"))
        .isEqualTo(two.sourceRows("SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || sum(id) FROM big"));
    assertThat(copy.progress().rows()).isEqualTo(20000 - 20000 / 7);
    assertThat(two.targetRows("SELECT finished FROM helios.copied_table")).containsExactly("t");
    assertThat(two.targetRows("SELECT count(DISTINCT xmin::text) FROM big").getFirst()).isEqualTo("8");
  }

  @Test
  void aPartitionedTableIsCopiedThroughItsRootIntoOtherPartitions() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE events (id int, tenant_id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)");
    two.atSource(
        "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
        "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')",
        "INSERT INTO events SELECT i, i % 2, date '2026-01-01' + i % 59 FROM generate_series(1, 20000) i",
        "ANALYZE events");
    two.atTarget("CREATE TABLE events_all PARTITION OF events DEFAULT");
    two.copy(UUID.randomUUID(), two.byColumn("0"), SMALL_PARTS).run();
    assertThat(two.targetRows("SELECT count(*) || ' ' || sum(id) FROM events"))
        .isEqualTo(two.sourceRows("SELECT count(*) || ' ' || sum(id) FROM events WHERE tenant_id = 0"));
  }

  @Test
  void tablesThatInheritAreTablesOfTheirOwn() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE parent (id int)", "CREATE TABLE child (more int) INHERITS (parent)");
    two.atSource("INSERT INTO parent VALUES (1)", "INSERT INTO child VALUES (2, 3)");
    two.copy(UUID.randomUUID(), two.byDatabase()).run();
    assertThat(two.targetRows("SELECT id FROM ONLY parent")).containsExactly("1");
    assertThat(two.targetRows("SELECT id FROM child")).containsExactly("2");
  }

  @Test
  void aSmallTenantIsReadThroughTheIndexOfItsColumn() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (id int, tenant_id varchar(20), pad text)");
    two.atSource(
        "INSERT INTO t SELECT i, 'tenant-' || i % 200, repeat('x', 100) FROM generate_series(1, 20000) i",
        "CREATE INDEX by_tenant ON t (tenant_id)",
        "ANALYZE t");
    two.copy(UUID.randomUUID(), two.byColumn("tenant-7"), SMALL_PARTS).run();
    assertThat(two.targetRows("SELECT count(*) FROM t")).containsExactly("100");
    await().untilAsserted(() -> assertThat(two.sourceRows("SELECT idx_scan::text || ' ' || idx_tup_read FROM"
            + " pg_stat_user_indexes WHERE indexrelname = 'by_tenant'"))
        .containsExactly("1 100"));
    assertThat(two.sourceRows("SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 't'"))
        .containsExactly("20000"); // building the index
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {"o'brien", "\\", "x') TO PROGRAM 'touch /tmp/helios' --", "$1", "a\"b", "Ünï-codé €", "''::text OR true"})
  void aTenantsKeyIsOnlyEverAValue(String key) throws Exception {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (id int, tenant_id varchar(60))");
    try (Connection connection = two.connectSource();
        var insert = connection.prepareStatement("INSERT INTO t VALUES (1, ?), (2, 'another')")) {
      insert.setString(1, key);
      insert.execute();
    }
    two.copy(UUID.randomUUID(), two.byColumn(key)).run();
    assertThat(two.targetRows("SELECT tenant_id FROM t")).containsExactly(key);
  }

  @Test
  void aKeyLongerThanTheColumnIsNoOthersKey() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE DOMAIN short AS varchar(3)", "CREATE TABLE t (id int, tenant_id short)");
    two.atSource("INSERT INTO t VALUES (1, 'abc')");
    two.copy(UUID.randomUUID(), two.byColumn("abcdef")).run();
    assertThat(two.targetRows("SELECT id FROM t")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"int, 007", "int, abc", "uuid, A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "bigint, +1", "char(4), 'ab '"})
  void aKeyThatTheWalWillWriteInAnotherWayIsRefused(String type, String key) {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (id int, tenant_id " + type + ")");
    OperatorException refused = catchThrowableOfType(
        OperatorException.class, () -> two.copy(UUID.randomUUID(), two.byColumn(key)).run());
    assertThat(refused.problem().code()).isEqualTo(ErrorCode.KEY_NOT_CANONICAL);
    assertThat(refused.problem().table()).isEqualTo("public.t");
  }

  /** The target's own index of equality would take another tenant's rows for this one's. */
  @Test
  void aColumnWhoseCollationKnowsNoCaseTellsNoTenantsApart() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
    two.atSource("CREATE TABLE t (id int, tenant_id text)");
    two.atTarget("CREATE TABLE t (id int, tenant_id text COLLATE ci)");
    OperatorException refused = catchThrowableOfType(
        OperatorException.class, () -> two.copy(UUID.randomUUID(), two.byColumn("acme")).run());
    assertThat(refused.problem().code()).isEqualTo(ErrorCode.TENANT_KEY_TYPE);
    assertThat(refused.problem().message() + refused.problem().why()).contains("public.t", "ci");
  }

  @Test
  void aRestartKeepsFinishedTablesWithTheirOwnPoint() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE a (id int, tenant_id int)", "CREATE TABLE b (id int, tenant_id int)");
    two.atTarget("ALTER TABLE b ADD CHECK (id < 100)");
    two.atSource("INSERT INTO a VALUES (1, 1)", "INSERT INTO b VALUES (500, 1)");
    UUID tenant = UUID.randomUUID();
    CopySettings oneByOne = new CopySettings(1, 64 << 10);
    OperatorException refused = catchThrowableOfType(
        OperatorException.class, () -> two.copy(tenant, two.byColumn("1"), oneByOne).run());
    assertThat(refused.problem().message()).contains("public.b");
    String firstPoint =
        two.targetRows("SELECT copied_at_lsn FROM helios.copied_table WHERE table_name = 'a' AND finished").getFirst();

    two.atSource("INSERT INTO a VALUES (2, 1)", "INSERT INTO b VALUES (501, 1)");
    two.atTarget("ALTER TABLE b DROP CONSTRAINT b_id_check");
    TenantCopy again = two.copy(tenant, two.byColumn("1"));
    Map<TableName, Lsn> points = again.run();

    assertThat(points.get(new TableName("public", "a"))).isEqualTo(Lsn.parse(firstPoint));
    assertThat(points.get(new TableName("public", "b"))).isGreaterThan(Lsn.parse(firstPoint));
    assertThat(two.targetRows("SELECT id FROM a")).containsExactly("1"); // 2 committed after a's point: the stream has it
    assertThat(two.targetRows("SELECT id FROM b ORDER BY id")).containsExactly("500", "501");
    assertThat(again.progress().done()).isEqualTo(2);
    assertThat(two.copy(tenant, two.byColumn("1")).run()).isEqualTo(points);
  }

  @Test
  void aCopyBrokenOffHalfwayLeavesNoRowTwice() throws Exception {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (id int, tenant_id int, pad text)");
    two.atSource(
        "INSERT INTO t SELECT i, i % 2, repeat('x', 300) FROM generate_series(1, 30000) i", "ANALYZE t");
    two.atTarget("INSERT INTO t VALUES (-1, 0, 'of another tenant')");
    UUID tenant = UUID.randomUUID();
    TenantCopy first = two.copy(tenant, two.byColumn("1"), SMALL_PARTS);
    CompletableFuture<Map<TableName, Lsn>> running = CompletableFuture.supplyAsync(first::run, TwoDatabases.ASIDE);
    await().pollInterval(Duration.ofMillis(1)).until(() -> first.progress().rows() > 0);
    first.cancel();
    assertThatThrownBy(running::join).hasCauseInstanceOf(CancellationException.class);

    two.copy(tenant, two.byColumn("1"), SMALL_PARTS).run();
    assertThat(two.targetRows("SELECT count(*) || ' ' || count(DISTINCT id) FROM t WHERE tenant_id = 1"))
        .containsExactly("15000 15000");
    assertThat(two.targetRows("SELECT pad FROM t WHERE tenant_id = 0")).containsExactly("of another tenant");
  }

  @Test
  void anInterruptedCopyEndsAndTheThreadStaysInterrupted() throws Exception {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (id int)");
    try (Connection open = two.connectSource()) {
      open.setAutoCommit(false);
      open.createStatement().execute("INSERT INTO t VALUES (1)");
      TenantCopy copy = two.copy(UUID.randomUUID(), two.byDatabase());
      CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
      Thread thread = Thread.ofPlatform().start(() -> {
        try {
          copy.run();
        } catch (CancellationException e) {
          interrupted.complete(Thread.currentThread().isInterrupted());
        }
      });
      await().until(() -> copy.activity().contains("open at the source"));
      thread.interrupt();
      assertThat(interrupted.join()).isTrue();
    }
  }

  @Test
  void waitingForAnOpenTransactionIsSaidAndCanBeCancelledAtTheServerToo() throws Exception {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (id int)");
    try (Connection open = two.connectSource()) {
      open.setAutoCommit(false);
      open.createStatement().execute("INSERT INTO t VALUES (1)");
      TenantCopy copy = two.copy(UUID.randomUUID(), two.byDatabase());
      CompletableFuture<Map<TableName, Lsn>> running = CompletableFuture.supplyAsync(copy::run, TwoDatabases.ASIDE);
      String slots = "SELECT slot_name FROM pg_replication_slots WHERE database = current_database()"
          + " AND slot_name LIKE 'helios\\_copy\\_%' AND temporary";
      await().until(() -> !two.sourceRows(slots).isEmpty());
      assertThat(copy.activity()).contains("waiting for the transactions that are open at the source");
      copy.cancel();
      assertThatThrownBy(running::join).hasCauseInstanceOf(CancellationException.class);
      await().until(() -> two.sourceRows(slots).isEmpty());
    }
  }

  @Test
  void rowsThatWeDidNotBringAreNeverTouched() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE a (id int, tenant_id int)", "CREATE TABLE b (id int, tenant_id int)");
    two.atSource("INSERT INTO a VALUES (1, 1)", "INSERT INTO b VALUES (1, 1)");
    two.atTarget("INSERT INTO b VALUES (77, 1)", "INSERT INTO a VALUES (78, 2)");
    UUID tenant = UUID.randomUUID();
    for (int attempt = 0; attempt < 2; attempt++) {
      OperatorException refused = catchThrowableOfType(
          OperatorException.class, () -> two.copy(tenant, two.byColumn("1")).run());
      assertThat(refused.problem().code()).isEqualTo(ErrorCode.COPY_TARGET_NOT_EMPTY);
      assertThat(refused.problem().message()).contains("public.b").doesNotContain("public.a");
    }
    assertThat(two.targetRows("SELECT id FROM b")).containsExactly("77");
    assertThat(two.targetRows("SELECT id FROM a")).containsExactly("78");
  }

  @Test
  void aKeyTakenByAnotherTenantNamesTableAndConstraintButNoValue() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (id int CONSTRAINT t_key PRIMARY KEY, tenant_id int)");
    two.atSource("INSERT INTO t VALUES (918273, 1)");
    two.atTarget("INSERT INTO t VALUES (918273, 2)");
    OperatorException refused = catchThrowableOfType(
        OperatorException.class, () -> two.copy(UUID.randomUUID(), two.byColumn("1")).run());
    assertThat(refused.problem().code()).isEqualTo(ErrorCode.COPY_KEY_TAKEN);
    assertThat(refused.problem().table()).isEqualTo("public.t");
    assertThat(refused.problem().message()).contains("t_key");
    assertThat(refused).hasStackTraceContaining("HR-").hasNoCause();
    assertThat(refused.problem().toString()).doesNotContain("918273");
    assertThat(two.targetRows("SELECT tenant_id FROM t")).containsExactly("2");
  }

  @Test
  void aDeferrableKeyTakenByAnotherTenantIsFoundToo() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (id int, tenant_id int, code text CONSTRAINT t_code UNIQUE DEFERRABLE)");
    two.atSource("INSERT INTO t VALUES (1, 1, 'a')");
    two.atTarget("INSERT INTO t VALUES (2, 2, 'a')");
    OperatorException refused = catchThrowableOfType(
        OperatorException.class, () -> two.copy(UUID.randomUUID(), two.byColumn("1")).run());
    assertThat(refused.problem().code()).isEqualTo(ErrorCode.COPY_KEY_TAKEN);
    assertThat(refused.problem().message()).contains("t_code");
  }

  @Test
  void aTriggerThatDropsRowsIsNoticed() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (id int)");
    two.atSource("INSERT INTO t SELECT generate_series(1, 10)");
    two.atTarget(
        "CREATE FUNCTION drop_odd() RETURNS trigger LANGUAGE plpgsql AS"
            + " $$ BEGIN IF NEW.id % 2 = 1 THEN RETURN NULL; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER odd BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION drop_odd()");
    UUID tenant = UUID.randomUUID();
    two.copy(tenant, two.byDatabase()).run(); // an ordinary trigger does not fire for a replica
    assertThat(two.targetRows("SELECT count(*) FROM t")).containsExactly("10");

    two.atTarget("DELETE FROM helios.copied_table", "TRUNCATE t", "ALTER TABLE t ENABLE ALWAYS TRIGGER odd");
    OperatorException refused = catchThrowableOfType(
        OperatorException.class, () -> two.copy(tenant, two.byDatabase()).run());
    assertThat(refused.problem().code()).isEqualTo(ErrorCode.COPY_ROWS_MISSING);
    assertThat(two.targetRows("SELECT count(*) FROM t")).containsExactly("0");
  }

  @Test
  void aTableThatTheTargetLacksIsNamed() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atSource("CREATE TABLE t (id int)");
    OperatorException refused = catchThrowableOfType(
        OperatorException.class, () -> two.copy(UUID.randomUUID(), two.byDatabase()).run());
    assertThat(refused.problem().code()).isEqualTo(ErrorCode.COPY_TABLE_MISSING);
    assertThat(refused.problem().message()).contains("public.t");
  }

  @Test
  void ofTwoCopiesAtOnceOneGoesOnAndNoRowComesTwice() throws Exception {
    TwoDatabases two = TwoDatabases.of(17, 18); // a snapshot waits for open transactions of its own server
    two.atBoth("CREATE TABLE t (id int, tenant_id int)");
    two.atSource("INSERT INTO t SELECT i, 1 FROM generate_series(1, 1000) i");
    UUID tenant = UUID.randomUUID();
    CompletableFuture<Map<TableName, Lsn>> first;
    CompletableFuture<Map<TableName, Lsn>> second;
    try (Connection lock = two.connectTarget()) {
      lock.setAutoCommit(false);
      lock.createStatement().execute("LOCK TABLE t IN SHARE MODE");
      first = CompletableFuture.supplyAsync(() -> two.copy(tenant, two.byColumn("1")).run(), TwoDatabases.ASIDE);
      awaitBlocked(two, "COPY%");
      second = CompletableFuture.supplyAsync(() -> two.copy(tenant, two.byColumn("1")).run(), TwoDatabases.ASIDE);
      awaitBlocked(two, "UPDATE helios.copied_table%");
    }
    Map<TableName, Lsn> points = first.join();
    assertThatThrownBy(second::join).hasCauseInstanceOf(TransientException.class);
    assertThat(two.copy(tenant, two.byColumn("1")).run()).isEqualTo(points);
    assertThat(two.targetRows("SELECT count(*) FROM t")).containsExactly("1000");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aConnectionLostHalfwayMayBeTriedAgain(boolean ofTheSource) throws Exception {
    TwoDatabases two = TwoDatabases.of(17, 18);
    two.atBoth("CREATE TABLE t (id int, tenant_id int)");
    two.atSource("INSERT INTO t SELECT i, 1 FROM generate_series(1, 1000) i");
    UUID tenant = UUID.randomUUID();
    CompletableFuture<Map<TableName, Lsn>> running;
    try (Connection lock = two.connectTarget()) {
      lock.setAutoCommit(false);
      lock.createStatement().execute("LOCK TABLE t IN SHARE MODE");
      running = CompletableFuture.supplyAsync(() -> two.copy(tenant, two.byColumn("1")).run(), TwoDatabases.ASIDE);
      awaitBlocked(two, "COPY%");
      String terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
          + " AND application_name = 'helios-repl/copy/acme'";
      if (ofTheSource) {
        two.atSource(terminate);
      } else {
        two.atTarget(terminate);
      }
    }
    assertThatThrownBy(running::join).hasCauseInstanceOf(TransientException.class);
    two.copy(tenant, two.byColumn("1")).run();
    assertThat(two.targetRows("SELECT count(*) FROM t")).containsExactly("1000");
  }

  @Test
  void aTableRewrittenWhileTheSnapshotIsTakenIsCopiedAnew() throws Exception {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (id int)");
    two.atSource("CREATE TABLE other (id int)", "INSERT INTO t SELECT generate_series(1, 10)");
    two.atTarget("CREATE TABLE other (id int)");
    UUID tenant = UUID.randomUUID();
    CompletableFuture<Map<TableName, Lsn>> running;
    try (Connection open = two.connectSource()) {
      open.setAutoCommit(false);
      open.createStatement().execute("INSERT INTO other VALUES (1)");
      TenantCopy copy = two.copy(tenant, two.byDatabase());
      running = CompletableFuture.supplyAsync(copy::run, TwoDatabases.ASIDE);
      await().until(() -> !two.sourceRows("SELECT 1 FROM pg_replication_slots WHERE database = current_database()"
              + " AND temporary")
          .isEmpty());
      two.atSource("ALTER TABLE t ALTER id TYPE bigint"); // its rows now have this transaction's xmin
    }
    assertThatThrownBy(running::join).hasCauseInstanceOf(TransientException.class).hasMessageContaining("public.t");
    two.copy(tenant, two.byDatabase()).run();
    assertThat(two.targetRows("SELECT count(*) FROM t")).containsExactly("10");
  }

  @Test
  void aSchemaOfItsOwnIsCopiedAndNothingElse() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth(
        "CREATE SCHEMA \"tenant_a.b\"",
        "CREATE SCHEMA tenant_c",
        "CREATE TABLE \"tenant_a.b\".\"Or\"\"ders\" (id int)",
        "CREATE TABLE tenant_c.t (id int)");
    two.atSource("INSERT INTO \"tenant_a.b\".\"Or\"\"ders\" VALUES (1)", "INSERT INTO tenant_c.t VALUES (1)");
    List<TenantTable> tables =
        TenantTable.of(two.catalog(), new Tenancy.BySchema("tenant_{key}"), "a.b", TableFilter.ALL, null);
    assertThat(two.copy(UUID.randomUUID(), tables).run()).containsOnlyKeys(new TableName("tenant_a.b", "Or\"ders"));
    assertThat(two.targetRows("SELECT id FROM \"tenant_a.b\".\"Or\"\"ders\"")).containsExactly("1");
    assertThat(two.targetRows("SELECT id FROM tenant_c.t")).isEmpty();
  }

  private static void awaitBlocked(TwoDatabases two, String query) {
    await().until(() -> !two.targetRows("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '"
            + query + "' AND datname = current_database()")
        .isEmpty());
  }
}
