package io.helios.repl.tests.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.status.Verification;
import io.helios.repl.status.Verification.TableResult;
import io.helios.repl.tests.copy.TwoDatabases;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.verify.HoldPoint;
import io.helios.repl.verify.TenantVerifier;
import io.helios.repl.verify.VerifySettings;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TenantVerifierTest {

  private static final VerifySettings SMALL_PARTS =
      new VerifySettings(2, 64 << 10, Duration.ofSeconds(2), Duration.ofSeconds(30));

  private static final String ALL_TYPES =
      """
      CREATE TYPE public.mood AS ENUM ('sad', 'happy');
      CREATE DOMAIN public.positive AS int CHECK (VALUE > 0);
      CREATE TYPE public.pair AS (x int, y text);
      CREATE TABLE public.everything (
        id bigint, part text COLLATE "C", tenant_id int NOT NULL, b boolean, i2 smallint, n numeric, f4 real,
        f8 double precision, t text, v varchar(40), c char(8), by bytea, d date, ti time, tt timetz, ts timestamp,
        tz timestamptz, iv interval, u uuid, j json, jb jsonb, ip inet, net cidr, mac macaddr, bi bit(5), vb varbit,
        p point, bx box, ia int[], ta text[], m public.mood, po public.positive, pr public.pair, r int4range,
        q tsvector, x xml, mo money, "odd "" Näme %L" public.mood[], oid oid, n2 name,
        twice int GENERATED ALWAYS AS (tenant_id * 2) STORED,
        PRIMARY KEY (id, part))
      """;

  private static final String ALL_ROWS =
      """
      INSERT INTO public.everything (id, part, tenant_id, b, i2, n, f4, f8, t, v, c, by, d, ti, tt, ts, tz, iv, u, j, jb,
        ip, net, mac, bi, vb, p, bx, ia, ta, m, po, pr, r, q, x, mo, "odd "" Näme %L", oid, n2)
      SELECT i, 'é' || i, i % 2, i % 3 = 0, i, i / 7.0, i / 3.0, pi() * i, E'tab\\t \\\\ "quo''te" ü' || i,
        CASE WHEN i % 5 = 0 THEN '' END, 'x', decode(lpad(to_hex(i), 8, '0'), 'hex'), date '0044-03-15 BC' + i, '24:00',
        '12:00+05:30', 'infinity', timestamptz '2026-03-29 00:59:59+00' + i * interval '1 s', interval '-1 mon 3 d',
        md5(i::text)::uuid, '{"a" :  1}', '{"b": [1, null, "x"]}', '10.1.2.3/8', '10.0.0.0/8', '08:00:2b:01:02:03',
        B'10101', B'1', point(i / 3.0, -i), '(1,2),(3,4)', ARRAY[i, NULL, 3], ARRAY['NULL', NULL, 'a"b', ''],
        (ARRAY['sad','happy',NULL]::public.mood[])[i % 3 + 1], i, ROW(i, 'a,"b'::text)::public.pair, int4range(i, i + 5),
        to_tsvector('simple', 'one two'), '<a b="c"/>', 12.34, ARRAY['sad', NULL]::public.mood[], i, 'name'
      FROM generate_series(1, 400) i
      """;

  @ParameterizedTest
  @CsvSource({"17, 17", "14, 18", "18, 14"})
  void whatWasCopiedIsEqualWhateverTheServersAndTheirSettings(int sourceMajor, int targetMajor) {
    TwoDatabases two = TwoDatabases.of(sourceMajor, targetMajor);
    two.atBoth(ALL_TYPES);
    two.atSource(ALL_ROWS);
    two.copy(UUID.randomUUID(), two.byColumn("1")).run();
    for (String setting : List.of(
        "datestyle = 'German'",
        "intervalstyle = 'iso_8601'",
        "timezone = 'Asia/Kathmandu'",
        "extra_float_digits = -3",
        "bytea_output = 'escape'",
        "search_path = 'public'")) {
      two.atTarget("ALTER DATABASE " + two.targetDatabase + " SET " + setting);
    }
    for (String setting : List.of(
        "datestyle = 'SQL, DMY'",
        "intervalstyle = 'sql_standard'",
        "timezone = 'America/St_Johns'",
        "extra_float_digits = 0",
        "lc_monetary = 'C.UTF-8'",
        "standard_conforming_strings = off",
        "enable_seqscan = off")) {
      two.atSource("ALTER DATABASE " + two.sourceDatabase + " SET " + setting);
    }
    Verification found = verify(two, two.byColumn("1"));
    assertThat(found.equal()).isTrue();
    assertThat(found.tables()).containsExactly(new TableResult("public.everything", 200, 200, 0));
    assertThat(found.lsn()).isGreaterThan(Lsn.INVALID);
  }

  @Test
  void aDatabaseInAnotherEncodingIsEqualToo() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atSource("CREATE DATABASE latin_" + two.targetDatabase
        + " ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"); // the servers are one and the same here
    two.atBoth("CREATE TABLE t (id int PRIMARY KEY, v text)");
    two.atSource("INSERT INTO t VALUES (1, 'Ünï')");
    Postgres.execute(
        two.targetServer,
        "latin_" + two.targetDatabase,
        "CREATE TABLE t (id int PRIMARY KEY, v text)",
        "INSERT INTO t VALUES (1, 'Ünï')");
    Verification found = new TenantVerifier(
            two.snapshots(),
            two.targetServer.settings("latin_" + two.targetDatabase),
            "acme",
            two.byDatabase(),
            new Still(),
            SMALL_PARTS)
        .run();
    assertThat(found.tables()).containsExactly(new TableResult("public.t", 1, 1, 0));
  }

  @Test
  void alteredMissingAndExtraKeysAreCounted() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth(
        "CREATE TABLE t (id int PRIMARY KEY, tenant_id int, v text)",
        "INSERT INTO t SELECT i, i % 2, 'v' || i FROM generate_series(1, 20000) i",
        "CREATE TABLE same (id int PRIMARY KEY, tenant_id int)",
        "INSERT INTO same SELECT i, i % 2 FROM generate_series(1, 1000) i");
    two.atTarget(
        "UPDATE t SET v = 'other' WHERE id IN (3, 5003, 19999)",
        "DELETE FROM t WHERE id IN (7, 9)",
        "INSERT INTO t VALUES (30001, 1, 'extra')",
        "UPDATE t SET v = 'of another tenant' WHERE id = 4");
    Verification found = verify(two, two.byColumn("1"));
    assertThat(found.equal()).isFalse();
    assertThat(found.tables())
        .containsExactlyInAnyOrder(
            new TableResult("public.t", 10000, 9999, 6), new TableResult("public.same", 500, 500, 0));
  }

  @ParameterizedTest
  @CsvSource(
      delimiterString = " => ",
      quoteCharacter = '`',
      value = {
        "UPDATE t SET a = CASE id WHEN 1 THEN 2 ELSE 1 END WHERE id IN (1, 2) => 2", // two rows swap a value
        "UPDATE t SET a = b, b = a WHERE id = 4 => 1", // two columns of a row swap
        "UPDATE t SET a = a + CASE id WHEN 5 THEN 1 ELSE -1 END WHERE id IN (5, 6) => 2", // the sum stays
        "UPDATE t SET s = s || 'x', u = substr(u, 2) WHERE id = 7 => 1", // the border between columns moves
        "UPDATE t SET s = NULL WHERE id = 8 => 1", // NULL is not the empty string
        "UPDATE t SET s = 'NULL' WHERE id = 9 => 1", // nor its name
        "UPDATE t SET id = id + 1000 WHERE id = 3 => 2", // one missing, one extra
        "UPDATE t SET f = '-0' WHERE id = 2 => 1",
        "UPDATE t SET j = '{\"a\": 1.0}' WHERE id = 2 => 1",
        "DELETE FROM t => 10"
      })
  void differencesDoNotCancelEachOther(String change, long differing) {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth(
        "CREATE TABLE t (id int PRIMARY KEY, a int, b int, s text, u text, f float8, j jsonb)",
        "INSERT INTO t SELECT i, i, 100 - i, CASE WHEN i <> 9 THEN '' END, 'xyz', 0, '{\"a\": 1}' FROM generate_series(1, 10) i");
    two.atTarget(change);
    assertThat(verify(two, two.byDatabase()).tables())
        .extracting(TableResult::differing)
        .containsExactly(differing);
  }

  @Test
  void withoutAKeyRowsAreComparedAsOftenAsTheyAreThere() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (a int, b text)");
    two.atSource("INSERT INTO t VALUES (1, 'x'), (1, 'x'), (2, 'y'), (3, NULL), (3, NULL)");
    two.atTarget("INSERT INTO t VALUES (1, 'x'), (2, 'y'), (2, 'y'), (3, NULL), (3, NULL)");
    assertThat(verify(two, two.byDatabase()).tables()).containsExactly(new TableResult("public.t", 5, 5, 2));
    two.atTarget("TRUNCATE t", "INSERT INTO t VALUES (3, NULL), (2, 'y'), (1, 'x'), (3, NULL), (1, 'x')");
    assertThat(verify(two, two.byDatabase()).equal()).isTrue();
  }

  @Test
  void moreColumnsThanAFunctionTakesArgumentsAreAllCompared() {
    TwoDatabases two = TwoDatabases.of(17);
    StringBuilder columns = new StringBuilder("id int PRIMARY KEY");
    for (int i = 0; i < 250; i++) {
      columns.append(", c").append(i).append(" int DEFAULT ").append(i);
    }
    two.atBoth("CREATE TABLE t (" + columns + ")", "INSERT INTO t VALUES (1), (2), (3)");
    assertThat(verify(two, two.byDatabase()).equal()).isTrue();
    two.atTarget("UPDATE t SET c249 = 0 WHERE id = 2", "UPDATE t SET c0 = 1, c1 = 0 WHERE id = 3");
    assertThat(verify(two, two.byDatabase()).tables()).containsExactly(new TableResult("public.t", 3, 3, 2));
  }

  @Test
  void partitionsAndOrderOfColumnsDoNotMatter() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atSource(
        "CREATE TABLE t (id int PRIMARY KEY, v text) PARTITION BY RANGE (id)",
        "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (5000)",
        "CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (5000) TO (20000)");
    two.atTarget("CREATE TABLE t (v text, id int PRIMARY KEY, only_here int DEFAULT 5)");
    two.atBoth("INSERT INTO t (id, v) SELECT i, repeat('x', i % 90) FROM generate_series(1, 10000) i", "ANALYZE t");
    assertThat(verify(two, two.byDatabase()).tables()).containsExactly(new TableResult("public.t", 10000, 10000, 0));
  }

  @Test
  void aTableThatTheTargetLacksIsNamed() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atSource("CREATE TABLE t (id int)");
    OperatorException refused =
        catchThrowableOfType(OperatorException.class, () -> verify(two, two.byDatabase()));
    assertThat(refused.problem().code()).isEqualTo(ErrorCode.VERIFY_TABLE_MISSING);
    assertThat(refused.problem().message()).contains("public.t");
  }

  @Test
  void theApplierGoesOnWhileTheSourceWaitsForAnOpenTransaction() throws Exception {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (id int PRIMARY KEY)");
    Still applier = new Still();
    CompletableFuture<Verification> running;
    try (Connection open = two.connectSource()) {
      open.setAutoCommit(false);
      open.createStatement().execute("INSERT INTO t VALUES (1)");
      open.createStatement().execute("DELETE FROM t WHERE id = 1");
      TenantVerifier verifier = verifier(
          two, applier, new VerifySettings(1, 1 << 20, Duration.ofMillis(50), Duration.ofSeconds(30)));
      running = CompletableFuture.supplyAsync(verifier::run, TwoDatabases.ASIDE);
      await().until(() -> applier.calls.size() >= 2);
      assertThat(applier.calls).startsWith("hold 0/0", "release").hasSize(2);
      open.commit();
    }
    Verification found = running.join();
    assertThat(found.equal()).isTrue();
    assertThat(applier.calls.subList(2, applier.calls.size()))
        .containsSubsequence("hold 0/0", "hold " + found.lsn(), "await", "release")
        .last()
        .isEqualTo("release");
  }

  @Test
  void anApplierThatHasPassedThePointIsHeldAnewAndOneThatNeverGetsThereIsLetGo() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (id int PRIMARY KEY)");
    Still passedOnce = new Still(HoldPoint.Standing.PAST, HoldPoint.Standing.BEFORE);
    assertThat(verifier(two, passedOnce, SMALL_PARTS).run().equal()).isTrue();

    Still never = new Still(HoldPoint.Standing.BEFORE) {
      @Override
      public Standing await(Duration patience) {
        calls.add("await");
        return Standing.BEFORE;
      }
    };
    VerifySettings impatient = SMALL_PARTS.withPatience(Duration.ofMillis(100));
    assertThatThrownBy(verifier(two, never, impatient)::run)
        .isInstanceOfSatisfying(
            TransientException.class,
            e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.VERIFY_NO_POINT));
    assertThat(never.calls).last().isEqualTo("release");
  }

  @Test
  void aCancelledVerificationLetsTheApplierGo() throws Exception {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (id int PRIMARY KEY)");
    Still applier = new Still();
    try (Connection open = two.connectSource()) {
      open.setAutoCommit(false);
      open.createStatement().execute("INSERT INTO t VALUES (1)");
      TenantVerifier verifier = verifier(two, applier, SMALL_PARTS);
      CompletableFuture<Verification> running = CompletableFuture.supplyAsync(verifier::run, TwoDatabases.ASIDE);
      await().until(() -> applier.calls.contains("hold 0/0"));
      verifier.cancel();
      assertThatThrownBy(running::join).hasCauseInstanceOf(CancellationException.class);
      assertThat(applier.calls).last().isEqualTo("release");
    }
  }

  private static Verification verify(TwoDatabases two, List<TenantTable> tables) {
    return new TenantVerifier(two.snapshots(), two.target(), "acme", tables, new Still(), SMALL_PARTS).run();
  }

  private static TenantVerifier verifier(TwoDatabases two, HoldPoint applier, VerifySettings settings) {
    return new TenantVerifier(two.snapshots(), two.target(), "acme", two.byDatabase(), applier, settings);
  }

  /** An applier that has nothing to do; the first answers may be given. */
  private static class Still implements HoldPoint {

    final List<String> calls = new CopyOnWriteArrayList<>();
    private final List<Standing> answers;

    Still(Standing... answers) {
      this.answers = new CopyOnWriteArrayList<>(answers);
    }

    @Override
    public void holdAt(Lsn limit) {
      calls.add("hold " + limit);
    }

    @Override
    public Standing await(Duration patience) {
      calls.add("await");
      return answers.isEmpty() ? Standing.AT : answers.removeFirst();
    }

    @Override
    public void release() {
      calls.add("release");
    }
  }
}
