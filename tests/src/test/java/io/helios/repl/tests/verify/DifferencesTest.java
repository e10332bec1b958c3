package io.helios.repl.tests.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.helios.repl.change.TenantTable;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.status.TableEvidence;
import io.helios.repl.tests.copy.TwoDatabases;
import io.helios.repl.verify.HoldPoint;
import io.helios.repl.verify.RowQuery;
import io.helios.repl.verify.TenantVerifier;
import io.helios.repl.verify.VerifySettings;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** What one pass finds, table by table: which rows differ and how to get at them, in chunks, at a bounded rate. */
class DifferencesTest {

  private static final VerifySettings SMALL_CHUNKS =
      new VerifySettings(2, 64 << 10, Duration.ofSeconds(2), Duration.ofSeconds(30));

  @Test
  void theRowsThatDifferAreFoundAtBothSidesByTheQueryThatNamesNoneOfTheirValues() {
    TwoDatabases two = TwoDatabases.of(17, 18);
    two.atBoth(
        "CREATE TABLE \"my t\" (tenant_id text, at timestamptz, part float8, b bytea, secret text, PRIMARY KEY (tenant_id, at, part, b))",
        """
        INSERT INTO "my t" SELECT t, timestamptz '2026-03-29 00:00+00' + i * interval '1 h', i / 3.0, '\\xff00', 'secret' || i
        FROM unnest(ARRAY['it''s\\', 'other']) t, generate_series(1, 3000) i""");
    two.atTarget(
        "UPDATE \"my t\" SET secret = 'secretly' WHERE part = 7 / 3.0::float8",
        "DELETE FROM \"my t\" WHERE part = 8 / 3.0::float8",
        "INSERT INTO \"my t\" SELECT tenant_id, '2001-01-01', 0, 'x', 'secret extra' FROM \"my t\" WHERE part = 9 / 3.0::float8");
    for (String setting : List.of("datestyle = 'German'", "timezone = 'Asia/Kathmandu'", "extra_float_digits = -3", "bytea_output = 'escape'")) {
      two.atSource("ALTER DATABASE " + two.sourceDatabase + " SET " + setting);
    }

    TableEvidence found = only(two, two.byColumn("it's\\"));
    assertThat(found.altered()).isEqualTo(1);
    assertThat(found.missing()).isEqualTo(1);
    assertThat(found.extra()).isEqualTo(1);
    assertThat(found.sourceDigest()).matches("[0-9a-f]{32}").isNotEqualTo(found.targetDigest());
    assertThat(found.columns()).containsExactly("at", "b", "part", "secret", "tenant_id");

    String sql = RowQuery.of(found, "it's\\");
    assertThat(sql).contains("1 altered, 1 missing at the target, 1 only at the target").doesNotContain("secret'", "2001", "2.33");
    assertThat(found.toString()).doesNotContain("it's");
    assertThat(run(two::connectSource, sql)).containsExactlyInAnyOrder("secret7", "secret8");
    assertThat(run(two::connectTarget, sql)).containsExactlyInAnyOrder("secretly", "secret extra");
  }

  @Test
  void withoutAKeyTheRowsThemselvesAreNamed() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (a int, secret text)");
    two.atSource("INSERT INTO t VALUES (1, 'x'), (1, 'x'), (1, 'x'), (2, NULL), (3, 'z')");
    two.atTarget("INSERT INTO t VALUES (1, 'x'), (2, NULL), (2, NULL), (3, 'y')");
    TableEvidence found = only(two, two.byDatabase());
    assertThat(List.of(found.altered(), found.missing(), found.extra())).containsExactly(0L, 3L, 2L);
    String sql = RowQuery.of(found, "");
    assertThat(run(two::connectSource, sql)).containsExactlyInAnyOrder("x", "x", "x", "null", "z");
    assertThat(run(two::connectTarget, sql)).containsExactlyInAnyOrder("x", "null", "null", "y");
  }

  @Test
  void ofManyRowsThatDifferTheFirstAreNamedAndAllAreCounted() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (id int PRIMARY KEY, secret text)", "INSERT INTO t SELECT i, i FROM generate_series(1, 3000) i");
    two.atTarget("UPDATE t SET secret = 'other' WHERE id > 500");
    TableEvidence found = only(two, two.byDatabase());
    assertThat(found.altered()).isEqualTo(2500);
    String sql = RowQuery.of(found, "");
    assertThat(sql).contains("The first 100 keys of 2500.");
    assertThat(run(two::connectTarget, sql)).hasSize(100).containsOnly("other");
  }

  @Test
  void rowsFoundThroughAnIndexAddUpToTheSameAsThoseOfAWholeScan() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (id int PRIMARY KEY, tenant_id int, v text)");
    two.atSource("CREATE INDEX ON t (tenant_id)");
    two.atBoth(
        "INSERT INTO t SELECT i, i / 3000, repeat('x', i % 100) FROM generate_series(0, 59999) i",
        "ANALYZE t");
    assertThat(two.sourceRows("EXPLAIN SELECT * FROM t WHERE tenant_id = 7").getFirst()).as("the premise").contains("Index");
    TableEvidence found = only(two, two.byColumn("7"));
    assertThat(found.equal()).as("%s", found).isTrue();
    assertThat(found.sourceRows()).isEqualTo(3000);
    two.atTarget("UPDATE t SET v = v || 'y' WHERE id IN (21000, 23999, 24000)");
    assertThat(only(two, two.byColumn("7")).altered()).isEqualTo(2);
  }

  @Test
  void whenSnapshotsAreOldOneTableIsComparedAndTheOthersAreLeft() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE a (id int)", "CREATE TABLE b (id int)", "CREATE TABLE c (id int)");
    List<TableEvidence> found = found(two, two.byDatabase(), SMALL_CHUNKS.withSnapshotBudget(Duration.ZERO));
    assertThat(found).hasSize(1);
  }

  @Test
  void aThrottledVerificationWaitsBetweenChunksAndCanBeBrokenOffThere() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (id int PRIMARY KEY, v text)", "INSERT INTO t SELECT i, repeat('x', 100) FROM generate_series(1, 5000) i");
    TenantVerifier slow =
        new TenantVerifier(two.snapshots(), two.target(), "acme", two.byDatabase(), new Nobody(), SMALL_CHUNKS.withBytesPerSecond(1));
    CompletableFuture<Void> running = CompletableFuture.runAsync(() -> slow.run(table -> {}), TwoDatabases.ASIDE);
    await().until(() -> slow.cost().rows() > 0 && slow.cost().pausedMillis() > 10_000_000);
    assertThat(slow.cost().bytes()).isLessThan(slow.bytesExpected());
    assertThat(slow.cost().snapshotMillis()).isNotNegative();
    assertThat(running).as("a byte a second").isNotDone();
    slow.cancel();
    assertThatThrownBy(running::join).hasCauseInstanceOf(CancellationException.class);
  }

  private static TableEvidence only(TwoDatabases two, List<TenantTable> tables) {
    List<TableEvidence> found = found(two, tables, SMALL_CHUNKS);
    assertThat(found).hasSize(1);
    return found.getFirst();
  }

  private static List<TableEvidence> found(TwoDatabases two, List<TenantTable> tables, VerifySettings settings) {
    List<TableEvidence> found = new CopyOnWriteArrayList<>();
    new TenantVerifier(two.snapshots(), two.target(), "acme", tables, new Nobody(), settings).run(found::add);
    return found;
  }

  private interface Connecting {
    Connection open() throws SQLException;
  }

  /** The column {@code secret} of what the lines of SQL list. */
  private static List<String> run(Connecting connecting, String sql) {
    List<String> secrets = new ArrayList<>();
    try (Connection connection = connecting.open();
        Statement statement = connection.createStatement()) {
      boolean isResult = statement.execute(sql);
      while (isResult || statement.getUpdateCount() != -1) {
        if (isResult) {
          ResultSet row = statement.getResultSet();
          while (row.next()) {
            secrets.add(String.valueOf(row.getString("secret")));
          }
        }
        isResult = statement.getMoreResults();
      }
      return secrets;
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  /** An applier with nothing to do. */
  private static final class Nobody implements HoldPoint {
    @Override
    public void holdAt(Lsn limit) {}

    @Override
    public Standing await(Duration patience) {
      return Standing.AT;
    }

    @Override
    public void release() {}
  }
}
