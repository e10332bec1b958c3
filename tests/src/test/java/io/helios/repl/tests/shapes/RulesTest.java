package io.helios.repl.tests.shapes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.apply.ApplyFixture;
import io.helios.repl.tests.apply.Settings;
import io.helios.repl.tests.copy.TwoDatabases;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Further unique and exclusion constraints, checked at once or later: values that change hands, and rows in the way. */
class RulesTest {

  private static final String SLOTS = "CREATE TABLE t (tenant_id int, id int, room int, during int4range, code text,"
      + " PRIMARY KEY (tenant_id, id), %s)";

  @ParameterizedTest
  @ValueSource(strings = {
    "UNIQUE (tenant_id, room) DEFERRABLE",
    "UNIQUE (room) DEFERRABLE INITIALLY DEFERRED",
    "EXCLUDE USING gist (during WITH &&) DEFERRABLE",
    "EXCLUDE USING btree (room WITH =) DEFERRABLE INITIALLY DEFERRED"
  })
  void valuesChangeHandsInOneStatement(String rule) throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(SLOTS.formatted(rule))) {
      fixture.tenant("1");
      fixture.transaction("INSERT INTO t SELECT 1, g, g, int4range(g, g + 1), 'c' FROM generate_series(1, 10) g");
      fixture.apply();
      fixture.transaction("UPDATE t SET room = 11 - room, during = int4range(11 - room, 12 - room)");
      fixture.transaction("UPDATE t SET room = 100 WHERE id = 1", "DELETE FROM t WHERE id = 2",
          "INSERT INTO t SELECT 1, 20, 9, int4range(9, 10), 'c'");
      fixture.apply();
      Equal.withoutConflict(fixture, "t");
    }
  }

  @ParameterizedTest
  @CsvSource(delimiter = ';', value = {
    "UNIQUE (tenant_id, room); 0",
    "UNIQUE (tenant_id, room) DEFERRABLE; 0",
    "EXCLUDE USING gist (during WITH &&); 1",
    "EXCLUDE USING gist (during WITH &&) DEFERRABLE INITIALLY DEFERRED; 1",
  })
  void aRowOfOursThatTheSourceCannotHaveMakesWayAndIsLogged(String rule, int shift) throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(SLOTS.formatted(rule))) {
      ReplicaTenant one = fixture.tenant("1");
      ReplicaTenant two = fixture.tenant("2");
      fixture.transaction("INSERT INTO t VALUES (1, 1, 1, '[10,20)', 'a'), (2, 1, 1, '[1000,1001)', 'theirs')");
      fixture.apply();
      fixture.onTarget("INSERT INTO t VALUES (1, 98, 5, '[50,60)', 'planted'), (1, 99, 6, '[60,70)', 'planted')");
      fixture.transaction("INSERT INTO t VALUES (1, 2, 5, int4range(50 + " + shift + ", 60), 'b')");
      fixture.transaction("UPDATE t SET room = 6, during = int4range(60 + " + shift + ", 70) WHERE id = 1 AND tenant_id = 1");
      fixture.apply();
      Equal.rows(fixture, "t");
      assertThat(one.status().conflicts()).isEqualTo(2);
      assertThat(two.status().conflicts()).isZero();
      assertThat(fixture.target("SELECT kind, row_key->>'id', row_key->>'tenant_id' FROM helios.conflict ORDER BY id"))
          .containsExactly("unique_taken|98|1", "unique_taken|99|1");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"UNIQUE (tenant_id, room)", "UNIQUE (tenant_id, room) DEFERRABLE"})
  void underPolicyStopTheRowInTheWayStops(String rule) throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(SLOTS.formatted(rule))) {
      ReplicaTenant one = fixture.tenant("1", ConflictPolicy.STOP, 1);
      fixture.onTarget("INSERT INTO t VALUES (1, 99, 5, NULL, 'planted')");
      fixture.transaction("INSERT INTO t VALUES (1, 1, 5, NULL, 'a')");
      fixture.apply();
      assertThat(one.status().error().code()).isEqualTo(ErrorCode.CONFLICT_STOPPED);
      assertThat(one.status().error().message()).contains("unique_taken").contains("public.t");
      assertThat(fixture.target("SELECT id FROM t")).containsExactly("99");
    }
  }

  /** Of every kind of rule: what another tenant holds stops the tenant by name, and stays. */
  @ParameterizedTest
  @ValueSource(strings = {
    "CREATE UNIQUE INDEX t_rule ON t (room)",
    "CREATE UNIQUE INDEX t_rule ON t (lower(code))",
    "CREATE UNIQUE INDEX t_rule ON t (room) WHERE code <> 'x'",
    "CREATE UNIQUE INDEX t_rule ON t (during) NULLS NOT DISTINCT",
    "ALTER TABLE t ADD CONSTRAINT t_rule UNIQUE (room) DEFERRABLE",
    "ALTER TABLE t ADD CONSTRAINT t_rule UNIQUE NULLS NOT DISTINCT (during) DEFERRABLE INITIALLY DEFERRED",
    "ALTER TABLE t ADD CONSTRAINT t_rule EXCLUDE USING gist (during WITH &&)",
    "ALTER TABLE t ADD CONSTRAINT t_rule EXCLUDE USING gist (during WITH &&) DEFERRABLE",
    "ALTER TABLE t ADD twice int GENERATED ALWAYS AS (room * 2) STORED, ADD CONSTRAINT t_rule UNIQUE (twice)",
  })
  void whatAnotherTenantHoldsStopsTheTenantByName(String rule) throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(
        "CREATE TABLE t (tenant_id int, id int, room int, during int4range, code text, PRIMARY KEY (tenant_id, id))")) {
      fixture.onTarget(rule);
      boolean nulls = rule.contains("NULLS");
      fixture.onTarget("INSERT INTO t VALUES (2, 1, 7, " + (nulls ? "NULL" : "'[1,9)'") + ", 'Secret')");
      ReplicaTenant one = fixture.tenant("1");
      fixture.settings = Settings.impatient();
      fixture.transaction("INSERT INTO t VALUES (1, 1, 1, '[20,30)', 'fine')");
      fixture.transaction("INSERT INTO t VALUES (1, 2, 7, " + (nulls ? "NULL" : "'[5,15)'") + ", 'secret')");
      fixture.applyUntilStopped(one);
      assertThat(one.status().error().code()).isEqualTo(ErrorCode.KEY_TAKEN);
      assertThat(one.status().error().message()).contains("t_rule").contains("public.t");
      assertThat(one.status().error().toString()).doesNotContainIgnoringCase("secret");
      assertThat(fixture.target("SELECT tenant_id, id FROM t ORDER BY 1, 2")).containsExactly("1|1", "2|1");
    }
  }

  @Test
  void whatATenantThatLagsHoldsIsWaitedForAndWhatOneThatDoesNotLagHoldsIsNot() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(
        "CREATE TABLE t (tenant_id int, id int, v text UNIQUE, PRIMARY KEY (tenant_id, id))")) {
      fixture.settings = Settings.impatient();
      ReplicaTenant one = fixture.tenant("1");
      ReplicaTenant two = fixture.tenant("2");
      fixture.transaction("INSERT INTO t VALUES (2, 1, 'x')");
      fixture.apply();
      two.holdAt(new Lsn(two.status().position().value() + 1));
      fixture.transaction("DELETE FROM t");
      fixture.transaction("INSERT INTO t VALUES (1, 1, 'x')");
      fixture.applyUntil(() -> one.status().failures() > 12);
      assertThat(one.status().stopped()).isFalse();
      assertThat(one.status().error().code()).isEqualTo(ErrorCode.KEY_TAKEN);
      two.release();
      fixture.applyUntil(() -> one.status().error() == null);
      Equal.withoutConflict(fixture, "t");

      fixture.onTarget("INSERT INTO t VALUES (2, 99, 'planted')");
      fixture.transaction("INSERT INTO t VALUES (1, 2, 'planted')");
      fixture.transaction("INSERT INTO t VALUES (2, 3, 'goes on')");
      fixture.applyUntilStopped(one);
      assertThat(one.status().error().code()).isEqualTo(ErrorCode.KEY_TAKEN);
      assertThat(two.status().error()).isNull();
      assertThat(fixture.target("SELECT tenant_id, id FROM t ORDER BY 1, 2")).containsExactly("1|1", "2|3", "2|99");
    }
  }

  /** Neither of two appliers sees what the other has not committed, and the server checks nothing: they take turns. */
  @Test
  void whatAnotherApplierHasWrittenAndNotCommittedIsWaitedFor() throws Exception {
    try (ApplyFixture fixture = ApplyFixture.shared(SLOTS.formatted("UNIQUE (room) DEFERRABLE"));
        Connection other = fixture.server.connect(fixture.targetDatabase)) {
      fixture.settings = Settings.impatient();
      ReplicaTenant one = fixture.tenant("1");
      other.setAutoCommit(false);
      try (Statement statement = other.createStatement()) {
        statement.execute("SET LOCAL session_replication_role = replica");
        statement.execute("INSERT INTO t VALUES (2, 1, 7, NULL, 'theirs')");
        statement.execute("SELECT pg_advisory_xact_lock(1752327023, 't'::regclass::oid::int)");
        fixture.transaction("INSERT INTO t VALUES (1, 1, 7, NULL, 'ours')");
        CompletableFuture<Void> applying = CompletableFuture.runAsync(() -> {
          try {
            fixture.applyUntilStopped(one);
          } catch (SQLException e) {
            throw new IllegalStateException(e);
          }
        }, TwoDatabases.ASIDE);
        await().until(() -> !fixture.target("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory'"
            + " AND datname = current_database()").isEmpty());
        other.commit();
        applying.join();
      }
      assertThat(one.status().error().code()).isEqualTo(ErrorCode.KEY_TAKEN);
      assertThat(fixture.target("SELECT tenant_id FROM t")).containsExactly("2");
    }
  }

  @Test
  void theCopyFindsWhatADeferrableExclusionDoesNotAllowBesideAnotherTenantsRow() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (tenant_id int, id int, during int4range,"
        + " CONSTRAINT t_apart EXCLUDE USING gist (during WITH &&) DEFERRABLE)");
    two.atSource("INSERT INTO t VALUES (1, 1, '[5,15)')");
    two.atTarget("INSERT INTO t VALUES (2, 1, '[1,9)')");
    OperatorException refused = catchThrowableOfType(
        OperatorException.class, () -> two.copy(UUID.randomUUID(), two.byColumn("1")).run());
    assertThat(refused.problem().code()).isEqualTo(ErrorCode.COPY_KEY_TAKEN);
    assertThat(refused.problem().message()).contains("t_apart");
    assertThat(two.targetRows("SELECT tenant_id FROM t")).containsExactly("2");
    two.atTarget("DELETE FROM t");
    two.copy(UUID.randomUUID(), two.byColumn("1")).run();
    assertThat(two.targetRows("SELECT tenant_id FROM t")).containsExactly("1");
  }

  @Test
  void manyRowsOfATableWithALateCheckAreCheckedAsAWhole() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(SLOTS.formatted("UNIQUE (room) DEFERRABLE"))) {
      ReplicaTenant one = fixture.tenant("1");
      fixture.transaction("INSERT INTO t SELECT 1, g, g, NULL, 'c' FROM generate_series(1, 1200) g");
      fixture.apply();
      Equal.withoutConflict(fixture, "t");
      fixture.onTarget("INSERT INTO t VALUES (2, 1, 2000, NULL, 'theirs')");
      fixture.transaction("UPDATE t SET room = room + 1000");
      fixture.applyUntil(() -> one.status().error() != null);
      assertThat(one.status().error().code()).isIn(ErrorCode.KEY_TAKEN, ErrorCode.ROW_REJECTED);
      assertThat(fixture.target("SELECT max(room) FROM t WHERE tenant_id = 1")).containsExactly("1200");
    }
  }

  @Test
  void aPeriodOfEighteenIsARule() throws SQLException {
    try (ApplyFixture fixture = new ApplyFixture(18, new Tenancy.ByColumn("tenant_id"),
        "CREATE TABLE t (tenant_id int, id int, during int4range, v text, area int4range DEFAULT '[1,2)',"
            + " PRIMARY KEY (tenant_id, id), UNIQUE (area, during WITHOUT OVERLAPS))")) {
      ReplicaTenant one = fixture.tenant("1");
      fixture.transaction("INSERT INTO t SELECT 1, g, int4range(g, g + 1), 'v' FROM generate_series(1, 10) g");
      fixture.apply();
      fixture.onTarget("INSERT INTO t VALUES (1, 99, '[50,60)', 'planted')");
      fixture.transaction("INSERT INTO t VALUES (1, 20, '[55,65)', 'v')", "UPDATE t SET during = '[100,200)' WHERE id = 1");
      fixture.apply();
      Equal.rows(fixture, "t");
      assertThat(one.status().conflicts()).isEqualTo(1);
    }
  }

  @Test
  void aTableWithoutAKeyTellsItsConflictsByADigest() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(
        "CREATE TABLE t (tenant_id int, v text, n numeric)", "ALTER TABLE t REPLICA IDENTITY FULL",
        "CREATE TABLE late (tenant_id int, id int, v text, PRIMARY KEY (tenant_id, id) DEFERRABLE)",
        "ALTER TABLE late REPLICA IDENTITY FULL")) {
      ReplicaTenant one = fixture.tenant("1");
      fixture.transaction("INSERT INTO t VALUES (1, 'a, \"b', 1.50), (1, 'gone', NULL)", "INSERT INTO late VALUES (1, 7, 'v')");
      fixture.apply();
      fixture.onTarget("DELETE FROM t", "DELETE FROM late");
      fixture.transaction("UPDATE t SET n = 2.0 WHERE n IS NOT NULL", "DELETE FROM t WHERE v = 'gone'",
          "UPDATE late SET v = 'w'");
      fixture.apply();
      Equal.rows(fixture, "t");
      Equal.rows(fixture, "late");
      assertThat(one.status().conflicts()).isEqualTo(3);
      assertThat(fixture.target("SELECT c.kind, c.row_key->>'row_sha256' = encode(sha256(convert_to(t::text, 'UTF8')), 'hex')"
              + " FROM helios.conflict c, t WHERE c.table_name = 't' ORDER BY c.id"))
          .containsExactly("update_missing|t", "delete_missing|f");
      assertThat(fixture.target("SELECT row_key->>'id' FROM helios.conflict WHERE table_name = 'late'")).containsExactly("7");
      assertThat(fixture.target("SELECT row_key::text FROM helios.conflict WHERE table_name = 't'"))
          .noneMatch(key -> key.contains("gone"));
    }
  }

  @Test
  void aPlantedRowInATableWithoutAKeyButWithARuleMakesWay() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(
        "CREATE TABLE t (tenant_id int, email text UNIQUE, v text)", "ALTER TABLE t REPLICA IDENTITY FULL")) {
      ReplicaTenant one = fixture.tenant("1");
      fixture.transaction("INSERT INTO t VALUES (1, 'a', 'v'), (1, NULL, 'v'), (1, NULL, 'v')");
      fixture.apply();
      fixture.onTarget("INSERT INTO t VALUES (1, 'b', 'planted'), (1, 'c', 'planted')");
      fixture.transaction("INSERT INTO t VALUES (1, 'b', 'v')", "UPDATE t SET email = 'c' WHERE email = 'a'",
          "UPDATE t SET v = 'w' WHERE email = 'c'");
      fixture.apply();
      Equal.rows(fixture, "t");
      assertThat(one.status().conflicts()).isEqualTo(2);
    }
  }
}
