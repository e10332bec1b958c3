package io.helios.repl.tests.resync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.helios.repl.apply.CopyLedger;
import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.TransientException;
import io.helios.repl.pipeline.TenantCopy;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.status.MendedTable;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import io.helios.repl.tests.copy.TwoDatabases;
import io.helios.repl.verify.HoldPoint;
import io.helios.repl.verify.LiveRepair;
import io.helios.repl.verify.Repair;
import io.helios.repl.verify.VerifySettings;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A tenant is copied, somebody tampers with the target, and it is begun again: what differs is moved, and nothing else. */
class RepairTest {

  private final UUID id = UUID.randomUUID();

  @Test
  void alteredMissingAndExtraRowsAreRepairedAndOtherTenantsRowsStay() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (id int PRIMARY KEY, tenant_id int, v text)", "CREATE TABLE same (id int PRIMARY KEY, tenant_id int)");
    two.atSource(
        "INSERT INTO t SELECT i, i % 2, 'v' || i FROM generate_series(1, 10000) i",
        "INSERT INTO same SELECT i, i % 2 FROM generate_series(1, 500) i");
    copied(two, two.byColumn("1"));
    two.atTarget(
        "INSERT INTO t SELECT i, 2, 'of another tenant' FROM generate_series(50000, 50100) i",
        "UPDATE t SET v = 'other' WHERE id IN (3, 5003, 9999)",
        "DELETE FROM t WHERE id IN (7, 9)",
        "INSERT INTO t VALUES (30001, 1, 'extra')");

    TenantCopy again = again(two, () -> two.byColumn("1"));

    assertThat(again.mended())
        .containsExactlyInAnyOrder(
            new MendedTable("public.t", 5000, 5, 4), new MendedTable("public.same", 250, 0, 0));
    assertThat(again.progress().rows()).isEqualTo(5);
    assertThat(again.progress().done()).isEqualTo(2);
    assertThat(two.targetRows("SELECT t::text FROM t WHERE tenant_id = 1 ORDER BY id"))
        .isEqualTo(two.sourceRows("SELECT t::text FROM t WHERE tenant_id = 1 ORDER BY id"));
    assertThat(two.targetRows("SELECT count(*) FROM t WHERE tenant_id = 2 AND v = 'of another tenant'")).containsExactly("101");
    assertThat(two.targetRows("SELECT count(DISTINCT xmin::text) FROM t WHERE tenant_id = 1")).containsExactly("2");
  }

  @Test
  void withoutAKeyEachDuplicateIsThereAsOftenAsAtTheSource() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (a int, b text)");
    two.atSource("INSERT INTO t VALUES (1, 'x'), (1, 'x'), (1, 'x'), (2, 'y'), (3, NULL), (3, NULL)");
    copied(two, two.byDatabase());
    two.atTarget(
        "DELETE FROM t WHERE ctid IN (SELECT ctid FROM t WHERE a = 1 LIMIT 2)",
        "INSERT INTO t VALUES (2, 'y'), (2, 'y'), (2, ''), (NULL, NULL)");

    assertThat(again(two, two::byDatabase).mended()).containsExactly(new MendedTable("public.t", 6, 2, 4));
    String rows = "SELECT t::text FROM t ORDER BY a, b";
    assertThat(two.targetRows(rows)).isEqualTo(two.sourceRows(rows));
  }

  @ParameterizedTest
  @CsvSource({"IMMEDIATE", "DEFERRABLE"})
  void rowsThatExchangeWhatIsUniqueAreRepairedTogether(String kind) {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (id int PRIMARY KEY, tenant_id int, u int, CONSTRAINT once UNIQUE (u)"
        + (kind.equals("DEFERRABLE") ? " DEFERRABLE INITIALLY DEFERRED" : "") + ")");
    two.atSource("INSERT INTO t SELECT i, 1, i FROM generate_series(1, 2000) i");
    copied(two, two.byColumn("1"));
    two.atTarget(
        "UPDATE t SET u = -u WHERE id <= 100",
        "UPDATE t SET u = 101 + u WHERE u < 0", // 1 has what 100 had, and so on
        "DELETE FROM t WHERE id = 50",
        "INSERT INTO t VALUES (9999, 1, 51)"); // what 50 had

    assertThat(again(two, () -> two.byColumn("1")).mended()).containsExactly(new MendedTable("public.t", 2000, 100, 100));
    assertThat(two.targetRows("SELECT t::text FROM t ORDER BY id")).isEqualTo(two.sourceRows("SELECT t::text FROM t ORDER BY id"));
  }

  @ParameterizedTest
  @CsvSource({"17, 17", "14, 18"})
  void partitionsGeneratedAndIdentityColumnsAndLargeValuesOfAnyTypeAreRepaired(int sourceMajor, int targetMajor) {
    TwoDatabases two = TwoDatabases.of(sourceMajor, targetMajor);
    two.atBoth(
        "CREATE TYPE mood AS ENUM ('sad', 'happy')",
        """
        CREATE TABLE e (id bigint GENERATED ALWAYS AS IDENTITY, at date, m mood, n numeric, f float8, iv interval, x xml,
          j jsonb, a text[], big text, twice bigint GENERATED ALWAYS AS (n * 2) STORED, PRIMARY KEY (id, at))
          PARTITION BY RANGE (at)""");
    two.atSource(
        "CREATE TABLE e_1 PARTITION OF e FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
        "CREATE TABLE e_2 PARTITION OF e FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')",
        """
        INSERT INTO e (at, m, n, f, iv, x, j, a, big)
        SELECT date '2026-01-01' + i % 59, (ARRAY['sad', 'happy', NULL]::mood[])[i % 3 + 1], i / 7.0, i / 3.0,
          interval '-1 mon 3 d', '<a b="c"/>', '{"a": [1, null]}', ARRAY['NULL', NULL, E'a"\\\\b'],
          CASE WHEN i % 100 = 0 THEN (SELECT string_agg(md5((i * g)::text), '') FROM generate_series(1, 1000) g) END
        FROM generate_series(1, 3000) i""");
    two.atTarget(
        "CREATE TABLE e_a PARTITION OF e FOR VALUES FROM ('2025-01-01') TO ('2026-01-20')",
        "CREATE TABLE e_b PARTITION OF e DEFAULT");
    copied(two, two.byDatabase());
    two.atTarget(
        "UPDATE e SET at = '2026-01-19' WHERE id IN (100, 200)",
        "UPDATE e SET big = overlay(big placing 'x' from 20000 for 1) WHERE id = 300",
        "UPDATE e SET a = ARRAY[NULL, 'NULL'] WHERE id = 301",
        "DELETE FROM e WHERE id IN (400, 401)",
        "INSERT INTO e (at, m) VALUES ('2026-02-27', 'happy')");

    assertThat(again(two, two::byDatabase).mended()).containsExactly(new MendedTable("public.e", 3000, 6, 5));
    String rows = "SELECT e::text FROM e ORDER BY id";
    assertThat(two.targetRows(rows)).isEqualTo(two.sourceRows(rows));
  }

  @Test
  void aTableOfWhichMostDiffersOrIsGoneIsCopied() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE altered (id int PRIMARY KEY, v text)", "CREATE TABLE gone (id int PRIMARY KEY, v text)",
        "CREATE TABLE few (id int PRIMARY KEY, v text)");
    for (String table : List.of("altered", "gone")) {
      two.atSource("INSERT INTO " + table + " SELECT i, 'v' || i FROM generate_series(1, 5000) i", "ANALYZE " + table);
    }
    two.atSource("INSERT INTO few VALUES (1, 'a'), (2, 'b')");
    copied(two, two.byDatabase());
    two.atTarget("UPDATE altered SET v = 'x' WHERE id > 1500", "TRUNCATE gone", "UPDATE few SET v = 'c'");

    TenantCopy again = again(two, two::byDatabase);

    assertThat(again.mended()).containsExactly(new MendedTable("public.few", 2, 2, 2));
    assertThat(again.progress().rows()).isEqualTo(10002);
    for (String table : List.of("altered", "gone", "few")) {
      String rows = "SELECT t::text FROM " + table + " t ORDER BY id";
      assertThat(two.targetRows(rows)).isEqualTo(two.sourceRows(rows));
    }
  }

  @Test
  void anotherTenantsKeyInTheWayIsNamedAndNothingOfTheTableIsTouched() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (id int PRIMARY KEY, tenant_id int, v text)");
    two.atSource("INSERT INTO t SELECT i, 1, 'v' FROM generate_series(1, 100) i");
    copied(two, two.byColumn("1"));
    two.atTarget("DELETE FROM t WHERE id = 5", "INSERT INTO t VALUES (5, 2, 'theirs')", "UPDATE t SET v = 'x' WHERE id = 6");

    OperatorException refused = catchThrowableOfType(OperatorException.class, () -> again(two, () -> two.byColumn("1")));

    assertThat(refused.problem().code()).isEqualTo(ErrorCode.COPY_KEY_TAKEN);
    assertThat(refused.problem().message()).contains("public.t", "t_pkey");
    assertThat(two.targetRows("SELECT t::text FROM t WHERE id IN (5, 6) ORDER BY id")).containsExactly("(5,2,theirs)", "(6,1,x)");
  }

  @Test
  void aTenantThatIsToBeCopiedIsCopiedWhateverIsThere() throws SQLException {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (id int PRIMARY KEY, v text)");
    two.atSource("INSERT INTO t SELECT i, 'v' FROM generate_series(1, 100) i");
    copied(two, two.byDatabase());
    try (Connection connection = two.connectTarget()) {
      new CopyLedger(id, "acme").discard(connection);
    }
    TenantCopy again = two.copy(id, two.byDatabase());
    again.run();
    assertThat(again.mended()).isEmpty();
    assertThat(again.progress().rows()).isEqualTo(100);
    assertThat(two.targetRows("SELECT count(*) FROM t")).containsExactly("100");
  }

  @Test
  void aCopyOfAnEpochThatIsOverWritesNothing() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (id int PRIMARY KEY, v text)");
    two.atSource("INSERT INTO t VALUES (1, 'a'), (2, 'b')");
    copied(two, two.byDatabase());
    two.atTarget(
        "INSERT INTO helios.replica (tenant, name, tenant_key, epoch, source, source_system, source_region) VALUES ('" + id
            + "', 'acme', '1', 2, 's', 1, 'here')",
        "UPDATE t SET v = 'x'");
    OperatorException refused = catchThrowableOfType(OperatorException.class, () -> again(two, two::byDatabase));
    assertThat(refused.problem().code()).isEqualTo(ErrorCode.APPLIER_FENCED);
    assertThat(two.targetRows("SELECT v FROM t")).containsExactly("x", "x");
  }

  @Test
  void aRowThatIsTakenAwayBetweenComparisonAndRepairLeavesTheTableAsItIsAndItIsTriedAgain() throws Exception {
    TwoDatabases two = TwoDatabases.of(17, 18); // servers of their own: the source's snapshot waits for what is open there
    two.atBoth("CREATE TABLE t (id int PRIMARY KEY, v text)");
    two.atSource("INSERT INTO t SELECT i, 'v' FROM generate_series(1, 100) i");
    copied(two, two.byDatabase());
    two.atTarget("UPDATE t SET v = 'x' WHERE id IN (5, 6)");
    try (Connection other = two.connectTarget()) {
      other.setAutoCommit(false);
      other.createStatement().execute("DELETE FROM t WHERE id = 6");
      CompletableFuture<TenantCopy> repair =
          CompletableFuture.supplyAsync(() -> again(two, two::byDatabase), TwoDatabases.ASIDE);
      awaitWaiting(two);
      other.commit();
      assertThatThrownBy(repair::join)
          .cause()
          .isInstanceOfSatisfying(
              TransientException.class,
              e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.ROWS_CHANGED_MEANWHILE));
    }
    assertThat(two.targetRows("SELECT v FROM t WHERE id IN (5, 6)")).containsExactly("x");
    assertThat(again(two, two::byDatabase).mended()).containsExactly(new MendedTable("public.t", 100, 2, 1));
  }

  @Test
  void aTenantThatMovesWhileItIsRepairedIsNotWrittenTo() throws Exception {
    TwoDatabases two = TwoDatabases.of(17, 18); // servers of their own: the source's snapshot waits for what is open there
    two.atBoth("CREATE TABLE t (id int PRIMARY KEY, v text)", "INSERT INTO t VALUES (1, 'a')");
    two.atTarget(
        "INSERT INTO helios.replica (tenant, name, tenant_key, epoch, source, source_system, source_region) VALUES ('" + id
            + "', 'acme', '1', 1, 's', 1, 'here')",
        "UPDATE t SET v = 'x'");
    Tenant tenant = new Tenant(
        id, "acme", "1", "s", "t", TableFilter.ALL, Tier.STANDARD, Duration.ofSeconds(5), ConflictPolicy.SOURCE_WINS, 1);
    LiveRepair repair = new LiveRepair(
        two.snapshots(), two.target(), tenant, two.byDatabase(), new Still(), VerifySettings.DEFAULT, Repair::cheaperThanCopy);
    try (Connection applier = two.connectTarget()) {
      applier.setAutoCommit(false);
      applier.createStatement().execute("UPDATE helios.replica SET position = '0/1'");
      CompletableFuture<LiveRepair.Result> repairing = CompletableFuture.supplyAsync(repair::run, TwoDatabases.ASIDE);
      awaitWaiting(two);
      applier.commit();
      assertThatThrownBy(repairing::join)
          .cause()
          .isInstanceOfSatisfying(
              TransientException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.REPAIR_DISPLACED));
    }
    assertThat(two.targetRows("SELECT v FROM t")).containsExactly("x");
  }

  private static void awaitWaiting(TwoDatabases two) {
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> !two.targetRows("SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                + " AND wait_event_type = 'Lock'")
            .isEmpty());
  }

  /** An applier that has nothing to do. */
  private static final class Still implements HoldPoint {
    @Override
    public void holdAt(Lsn limit) {}

    @Override
    public Standing await(Duration patience) {
      return Standing.AT;
    }

    @Override
    public void release() {}
  }

  private void copied(TwoDatabases two, List<TenantTable> tables) {
    two.copy(id, tables).run();
  }

  private TenantCopy again(TwoDatabases two, Supplier<List<TenantTable>> tables) {
    try (Connection connection = two.connectTarget()) {
      new CopyLedger(id, "acme").reopen(connection);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    TenantCopy again = two.copy(id, tables.get());
    again.run();
    return again;
  }
}
