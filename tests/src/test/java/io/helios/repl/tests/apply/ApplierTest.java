package io.helios.repl.tests.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.apply.Applier;
import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.apply.Replicas;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.Tenancy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ApplierTest {

  private static final String ORDERS =
      "CREATE TABLE orders (tenant_id int, id bigint, title text, amount numeric(10,2), at timestamptz,"
          + " PRIMARY KEY (tenant_id, id))";

  private static final String LOG = "CREATE TABLE log (tenant_id int, line text)";

  private static void insertsUpdatesAndDeletes(ApplyFixture fixture) throws SQLException {
    ReplicaTenant one = fixture.tenant("1");
    ReplicaTenant two = fixture.tenant("2");
    fixture.transaction(
        "INSERT INTO orders SELECT g % 2 + 1, g, 'order ' || g, g * 1.5, '2026-01-01'::timestamptz + g * interval '1 s'"
            + " FROM generate_series(1, 1000) g");
    fixture.transaction("UPDATE orders SET title = NULL, amount = 7 WHERE id % 3 = 0");
    fixture.transaction("DELETE FROM orders WHERE id % 5 = 0", "INSERT INTO orders VALUES (1, 10, 'again', 1, now())");
    fixture.apply();
    fixture.transaction("UPDATE orders SET amount = amount + 1");
    fixture.apply();

    assertThat(one.status().error()).isNull();
    assertThat(fixture.target("SELECT * FROM orders ORDER BY 1, 2"))
        .isEqualTo(fixture.source("SELECT * FROM orders ORDER BY 1, 2"))
        .hasSize(801);
    for (ReplicaTenant tenant : new ReplicaTenant[] {one, two}) {
      assertThat(tenant.status().error()).isNull();
      assertThat(fixture.target("SELECT position FROM helios.replica WHERE tenant = '" + tenant.id() + "'"))
          .containsExactly(tenant.status().position().toString());
      assertThat(fixture.frames.acknowledged(tenant.id())).isEqualTo(tenant.status().position().value());
    }
    assertThat(one.status().conflicts()).isZero();
    assertThat(one.status().tables().get("public.orders").inserts()).isEqualTo(501);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void insertsUpdatesAndDeletesArriveWithThePositionInBothFormats(boolean binary) throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(ORDERS)) {
      fixture.binary = binary;
      insertsUpdatesAndDeletes(fixture);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 18})
  void insertsUpdatesAndDeletesArriveOnOtherMajors(int major) throws SQLException {
    try (ApplyFixture fixture = new ApplyFixture(major, new Tenancy.ByColumn("tenant_id"), ORDERS)) {
      insertsUpdatesAndDeletes(fixture);
    }
  }

  @Test
  void framesDeliveredAgainAfterACrashBeforeTheAcknowledgementChangeNothing() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(LOG)) {
      ReplicaTenant one = fixture.tenant("1");
      fixture.transaction("INSERT INTO log VALUES (1, 'a'), (1, 'a')");
      fixture.transaction("INSERT INTO log VALUES (1, 'b')");
      fixture.apply();
      fixture.frames.keepAll();

      // A new process knows nothing of the tenant, and the journal gives everything once more.
      fixture.schedule.remove(one.id());
      ReplicaTenant again = fixture.tenant("1");
      fixture.transaction("INSERT INTO log VALUES (1, 'c')");
      fixture.apply();
      assertThat(fixture.target("SELECT line FROM log ORDER BY 1")).containsExactly("a", "a", "b", "c");
      assertThat(again.status().transactions()).isEqualTo(1);
    }
  }

  @Test
  void anApplierOfAnOldEpochWritesNothing() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(LOG)) {
      ReplicaTenant one = fixture.tenant("1");
      ReplicaTenant two = fixture.tenant("2");
      fixture.transaction("INSERT INTO log VALUES (1, 'a'), (2, 'a')");
      fixture.apply();
      assertThat(Replicas.raiseEpoch(fixture.target, one.id(), 1, 2)).isTrue();
      assertThat(Replicas.raiseEpoch(fixture.target, one.id(), 1, 2)).isFalse();
      fixture.transaction("INSERT INTO log VALUES (1, 'b'), (2, 'b')");
      fixture.apply();

      assertThat(one.status().stopped()).isTrue();
      assertThat(one.status().error().code()).isEqualTo(ErrorCode.APPLIER_FENCED);
      assertThat(two.status().error()).isNull();
      assertThat(fixture.target("SELECT * FROM log ORDER BY 1, 2")).containsExactly("1|a", "2|a", "2|b");
    }
  }

  @Test
  void aTenantThatStartsUnderAnOldEpochIsFencedBeforeItWrites() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(LOG)) {
      ReplicaTenant one = fixture.tenant("1", ConflictPolicy.SOURCE_WINS, 7);
      Replicas.raiseEpoch(fixture.target, one.id(), 7, 8);
      fixture.transaction("INSERT INTO log VALUES (1, 'a')");
      fixture.apply();
      assertThat(one.status().error().code()).isEqualTo(ErrorCode.APPLIER_FENCED);
      assertThat(fixture.target("SELECT * FROM log")).isEmpty();
    }
  }

  @Test
  void aSecondApplierOfTheSameEpochAppliesNothingTwice() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(LOG)) {
      fixture.settings = Settings.impatient();
      ReplicaTenant one = fixture.tenant("1");
      fixture.transaction("INSERT INTO log VALUES (1, 'a')");
      fixture.apply();
      fixture.frames.keepAll();
      // Somebody else moves the tenant on behind our back.
      fixture.transaction("INSERT INTO log VALUES (1, 'b')");
      fixture.capture();
      long position = fixture.frames.fetch(one.id(), one.status().position().value(), 2, 1).getLast()
          .header().lastPosition();
      fixture.onTarget("INSERT INTO log VALUES (1, 'b')",
          "UPDATE helios.replica SET position = '" + new Lsn(position) + "'");
      fixture.applyUntil(() -> one.status().position().value() == position);
      fixture.applyUntil(() -> one.status().error() == null);
      assertThat(fixture.target("SELECT line FROM log ORDER BY 1")).containsExactly("a", "b");
    }
  }

  @Test
  void aKilledBackendIsReplacedAndTheBatchAppliedOnce() throws Exception {
    try (ApplyFixture fixture = ApplyFixture.shared(LOG)) {
      fixture.settings = Settings.impatient();
      ReplicaTenant one = fixture.tenant("1");
      fixture.transaction("INSERT INTO log VALUES (1, 'a')");
      fixture.apply();
      fixture.transaction("INSERT INTO log VALUES (1, 'b')");
      fixture.capture();
      fixture.schedule.signal(one.id());
      // The batch waits for a lock, in the middle of its transaction, when its backend dies.
      CompletableFuture<Integer> turn;
      try (Connection locker = fixture.server.connect(fixture.targetDatabase)) {
        locker.setAutoCommit(false);
        locker.createStatement().execute("LOCK TABLE log");
        turn = CompletableFuture.supplyAsync(() -> fixture.applier().runOnce());
        String waiting = "SELECT pid FROM pg_stat_activity WHERE application_name = 'helios-repl/apply'"
            + " AND wait_event_type = 'Lock' AND datname = current_database()";
        await().until(() -> !fixture.target(waiting).isEmpty());
        fixture.target("SELECT pg_terminate_backend(pid) FROM (" + waiting + ") s");
        assertThat(turn.get()).isZero();
        assertThat(fixture.applier().problem()).isNotNull();
        assertThat(one.status().error().code()).isEqualTo(ErrorCode.TARGET_CONNECTION_LOST);
        assertThat(one.status().stopped()).isFalse();
      }
      fixture.applyUntil(() -> one.status().transactions() == 2);
      assertThat(fixture.target("SELECT line FROM log ORDER BY 1")).containsExactly("a", "b");
      assertThat(one.status().error()).isNull();
      assertThat(fixture.applier().problem()).isNull();
    }
  }

  @Test
  void aTransactionLargerThanEveryBoundIsOneTransactionAtTheTarget() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(ORDERS, LOG)) {
      fixture.settings = Settings.batches(100);
      fixture.changesPerFrame = 70;
      ReplicaTenant one = fixture.tenant("1");
      ReplicaTenant two = fixture.tenant("2");
      fixture.transaction("INSERT INTO orders SELECT 1, g, 'x', 1, now() FROM generate_series(1, 1000) g",
          "UPDATE orders SET title = 'y' WHERE id > 300", "DELETE FROM orders WHERE id > 900",
          "INSERT INTO log SELECT 1, g FROM generate_series(1, 50) g", "INSERT INTO log VALUES (2, 'x')");
      fixture.apply();
      assertThat(one.status().error()).isNull();
      assertThat(fixture.target("SELECT tenant_id, id, title FROM orders ORDER BY 1, 2"))
          .isEqualTo(fixture.source("SELECT tenant_id, id, title FROM orders ORDER BY 1, 2"));
      assertThat(fixture.target("SELECT count(DISTINCT xmin::text) FROM log WHERE tenant_id = 1")).containsExactly("1");
      assertThat(fixture.target("SELECT count(DISTINCT xmin::text) FROM"
          + " (SELECT xmin FROM orders UNION ALL SELECT xmin FROM log WHERE tenant_id = 1) s")).containsExactly("1");
      assertThat(one.status().transactions()).isEqualTo(1);
      assertThat(two.status().transactions()).isEqualTo(1);
    }
  }

  @Test
  void aConflictInALargeTransactionIsSettledInOneTransactionToo() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(ORDERS)) {
      fixture.settings = Settings.batches(100);
      fixture.changesPerFrame = 70;
      ReplicaTenant one = fixture.tenant("1");
      fixture.onTarget("INSERT INTO orders VALUES (1, 777, 'local')");
      fixture.transaction("INSERT INTO orders SELECT 1, g, 'x', 1, now() FROM generate_series(1, 1000) g");
      fixture.apply();
      assertThat(one.status().error()).isNull();
      assertThat(one.status().conflicts()).isEqualTo(1);
      assertThat(fixture.target("SELECT count(*), count(DISTINCT xmin::text) FROM orders")).containsExactly("1000|1");
    }
  }

  @Test
  void transactionsThatACopyHoldsAreSkippedForThatTableOnly() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(LOG, "CREATE TABLE other (tenant_id int, line text)")) {
      fixture.transaction("INSERT INTO log VALUES (1, 'early')", "INSERT INTO other VALUES (1, 'early')");
      ReplicaTenant one = fixture.tenant("1");
      fixture.capture();
      Lsn first = new Lsn(fixture.frames.fetch(one.id(), 0, 0, 1).getFirst().header().firstPosition());
      // The copy of log began just after the transaction, that of other just at it.
      fixture.onTarget(
          "INSERT INTO log VALUES (1, 'early')",
          "INSERT INTO helios.copied_table VALUES ('" + one.id() + "', 'public', 'log', '"
              + new Lsn(first.value() + 1) + "', true), ('" + one.id() + "', 'public', 'other', '" + first + "', true)");
      fixture.transaction("INSERT INTO log VALUES (1, 'late')", "INSERT INTO other VALUES (1, 'late')");
      fixture.apply();
      assertThat(fixture.target("SELECT line FROM log ORDER BY 1")).containsExactly("early", "late");
      assertThat(fixture.target("SELECT line FROM other ORDER BY 1")).containsExactly("early", "late");
    }
  }

  @Test
  void aHeldTenantAppliesEverythingBeforeThePointAndNothingFromItOn() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(LOG)) {
      fixture.settings = Settings.impatient();
      ReplicaTenant one = fixture.tenant("1");
      fixture.transaction("INSERT INTO log VALUES (1, 'before')");
      Lsn point = Lsn.parse(fixture.source("SELECT pg_current_wal_insert_lsn()").getFirst());
      CompletableFuture<Lsn> held = one.holdAt(point);
      fixture.applier().runOnce();
      assertThat(held).isNotDone();
      fixture.transaction("INSERT INTO log VALUES (1, 'after')");
      fixture.applyUntil(held::isDone);
      assertThat(held.join()).isEqualTo(one.status().position());
      assertThat(one.status().position().isBefore(point)).isTrue();
      assertThat(fixture.target("SELECT line FROM log")).containsExactly("before");
      one.release();
      fixture.applyUntil(() -> one.status().transactions() == 2);
      assertThat(fixture.target("SELECT line FROM log ORDER BY 1")).containsExactly("after", "before");
      assertThat(one.status().caughtUpTo().value()).isEqualTo(fixture.frames.capturedUpTo());
    }
  }

  @Test
  void aHoldWithoutAPointKeepsTheTenantWhereItIsUntilAPointFollows() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(LOG)) {
      fixture.settings = Settings.impatient();
      ReplicaTenant one = fixture.tenant("1");
      fixture.transaction("INSERT INTO log VALUES (1, 'a')");
      fixture.apply();
      one.holdAt(Lsn.INVALID);
      fixture.transaction("INSERT INTO log VALUES (1, 'b')");
      fixture.apply();
      assertThat(one.status().transactions()).isEqualTo(1);
      Lsn point = Lsn.parse(fixture.source("SELECT pg_current_wal_insert_lsn()").getFirst());
      CompletableFuture<Lsn> held = one.holdAt(point);
      fixture.transaction("INSERT INTO log VALUES (1, 'c')");
      fixture.applyUntil(held::isDone);
      assertThat(fixture.target("SELECT line FROM log ORDER BY 1")).containsExactly("a", "b");
    }
  }

  @Test
  void aFrameOfAnotherSourceStopsTheTenant() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(LOG)) {
      ReplicaTenant one = fixture.tenant("1");
      fixture.onTarget("UPDATE helios.replica SET source_system = 1");
      fixture.transaction("INSERT INTO log VALUES (1, 'a')");
      fixture.apply();
      assertThat(one.status().error().code()).isEqualTo(ErrorCode.FRAME_FOREIGN);
      assertThat(fixture.target("SELECT * FROM log")).isEmpty();
    }
  }

  @Test
  void aTargetOutOfReachIsTriedAgainAndShowsMeanwhile() throws Exception {
    try (ApplyFixture fixture = ApplyFixture.shared(LOG)) {
      fixture.settings = Settings.impatient();
      ReplicaTenant one = fixture.tenant("1");
      fixture.transaction("INSERT INTO log VALUES (1, 'a')");
      fixture.capture();
      Connection admin = fixture.server.connect("postgres");
      admin.createStatement().execute("ALTER DATABASE " + fixture.targetDatabase + " ALLOW_CONNECTIONS false");
      Applier applier = fixture.applier();
      assertThat(applier.runOnce()).isZero();
      assertThat(applier.problem()).isNotNull();
      assertThat(one.status().error()).isNotNull();
      assertThat(one.status().stopped()).isFalse();
      admin.createStatement().execute("ALTER DATABASE " + fixture.targetDatabase + " ALLOW_CONNECTIONS true");
      admin.close();
      fixture.applyUntil(() -> one.status().transactions() == 1);
    }
  }

  /** The one that connects late may be the first to see another database than the one that the tenant was loaded from. */
  @Test
  void anApplierThatConnectsTrustsNothingThatAnotherOneHasLoaded() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(LOG)) {
      fixture.frames.keepAll();
      ReplicaTenant one = fixture.tenant("1");
      fixture.transaction("INSERT INTO log VALUES (1, 'a')");
      fixture.apply();
      fixture.onTarget("DELETE FROM log", "UPDATE helios.replica SET position = '0/0'");
      fixture.transaction("INSERT INTO log VALUES (1, 'b')");
      fixture.capture();
      fixture.schedule.signal(one.id());
      try (Applier late = fixture.newApplier()) {
        assertThat(late.runOnce()).isEqualTo(1);
      }
      assertThat(one.status().error()).isNull();
      assertThat(fixture.target("SELECT line FROM log ORDER BY 1")).containsExactly("a", "b");
    }
  }

  @Test
  void aTargetWhoseRecordsAreDroppedUnderTheApplierIsAGapAndNotTheRowsFault() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(LOG)) {
      ReplicaTenant one = fixture.tenant("1");
      fixture.transaction("INSERT INTO log VALUES (1, 'a')");
      fixture.apply();
      fixture.onTarget("DROP SCHEMA helios CASCADE");
      fixture.transaction("INSERT INTO log VALUES (1, 'b')");
      fixture.apply();
      assertThat(one.status().error().code()).isEqualTo(ErrorCode.REPLICA_UNKNOWN);
      assertThat(fixture.target("SELECT line FROM log")).containsExactly("a");
    }
  }
}
