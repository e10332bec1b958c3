package io.helios.repl.tests.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.tenant.ConflictPolicy;
import java.sql.SQLException;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ConflictTest {

  private static final String TABLE =
      "CREATE TABLE t (tenant_id int, id int, v text, email text, PRIMARY KEY (tenant_id, id))";

  @Test
  void theSourceWinsAndEachConflictIsLoggedWithItsKey() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(TABLE)) {
      ReplicaTenant one = fixture.tenant("1");
      ReplicaTenant two = fixture.tenant("2");
      fixture.transaction("INSERT INTO t SELECT 1, g, 'v' FROM generate_series(1, 5) g", "INSERT INTO t VALUES (2, 1, 'v')");
      fixture.apply();
      fixture.onTarget("DELETE FROM t WHERE id IN (1, 2) AND tenant_id = 1", "INSERT INTO t VALUES (1, 10, 'local')");
      fixture.transaction("UPDATE t SET v = 'new' WHERE id = 1", "DELETE FROM t WHERE id = 2",
          "INSERT INTO t VALUES (1, 10, 'source')", "UPDATE t SET v = 'fine' WHERE id = 3");
      fixture.apply();

      String rows = "SELECT * FROM t ORDER BY 1, 2";
      assertThat(fixture.target(rows)).isEqualTo(fixture.source(rows));
      assertThat(one.status().conflicts()).isEqualTo(3);
      assertThat(one.status().error()).isNull();
      assertThat(two.status().conflicts()).isZero();
      assertThat(fixture.target("SELECT kind, table_name, row_key->>'id', commit_lsn FROM helios.conflict"
              + " WHERE tenant = '" + one.id() + "' ORDER BY id"))
          .containsExactly(
              "update_missing|t|1|" + one.status().position(),
              "delete_missing|t|2|" + one.status().position(),
              "insert_exists|t|10|" + one.status().position());
    }
  }

  @Test
  void underPolicyStopNothingOfTheTransactionIsApplied() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(TABLE)) {
      ReplicaTenant one = fixture.tenant("1", ConflictPolicy.STOP, 1);
      fixture.onTarget("INSERT INTO t VALUES (1, 2, 'local')");
      fixture.transaction("INSERT INTO t VALUES (1, 1, 'a')");
      fixture.transaction("INSERT INTO t VALUES (1, 3, 'c')", "INSERT INTO t VALUES (1, 2, 'b')");
      fixture.apply();

      assertThat(fixture.target("SELECT id, v FROM t ORDER BY 1")).containsExactly("1|a", "2|local");
      assertThat(one.status().stopped()).isTrue();
      assertThat(one.status().error().code()).isEqualTo(ErrorCode.CONFLICT_STOPPED);
      assertThat(one.status().error().table()).isEqualTo("public.t");
      assertThat(one.status().error().lsn()).isNotNull();

      fixture.onTarget("DELETE FROM t WHERE id = 2");
      fixture.schedule.resume(one.id());
      fixture.apply();
      assertThat(fixture.target("SELECT id, v FROM t ORDER BY 1")).containsExactly("1|a", "2|b", "3|c");
      assertThat(one.status().error()).isNull();
    }
  }

  @Test
  void aMissingRowIsNotMadeWithAHoleInIt() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(TABLE, "ALTER TABLE t ALTER email SET STORAGE EXTERNAL")) {
      ReplicaTenant one = fixture.tenant("1");
      fixture.transaction("INSERT INTO t VALUES (1, 1, 'a', repeat('x', 9000))");
      fixture.apply();
      fixture.onTarget("DELETE FROM t");
      fixture.transaction("UPDATE t SET v = 'b'");
      fixture.apply();
      assertThat(one.status().error().code()).isEqualTo(ErrorCode.ROW_INCOMPLETE);
      assertThat(fixture.target("SELECT * FROM t")).isEmpty();
    }
  }

  @Test
  void aKeyOfAnotherTenantStopsTheTenantAndLeavesTheRow() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared()) {
      fixture.onSource("CREATE TABLE t (tenant_id int, id int, v text, PRIMARY KEY (tenant_id, id))");
      fixture.onTarget("CREATE TABLE t (tenant_id int, id int PRIMARY KEY, v text)", "INSERT INTO t VALUES (2, 7, 'theirs')");
      ReplicaTenant one = fixture.tenant("1");
      fixture.settings = Settings.impatient();
      fixture.transaction("INSERT INTO t VALUES (1, 1, 'a')");
      fixture.transaction("INSERT INTO t VALUES (1, 7, 'ours')");
      fixture.applyUntilStopped(one);
      assertThat(one.status().error().code()).isEqualTo(ErrorCode.KEY_TAKEN);
      assertThat(one.status().error().message()).contains("(id)").contains("public.t").doesNotContain("theirs");
      assertThat(fixture.target("SELECT * FROM t ORDER BY id")).containsExactly("1|1|a", "2|7|theirs");
    }
  }

  @Test
  void aUniqueValueOfAnotherTenantStopsTheTenantAlsoOnUpdate() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(TABLE)) {
      fixture.onTarget("CREATE UNIQUE INDEX ON t (email)", "INSERT INTO t VALUES (2, 1, 'v', 'taken@x')");
      ReplicaTenant one = fixture.tenant("1");
      fixture.settings = Settings.impatient();
      fixture.transaction("INSERT INTO t VALUES (1, 1, 'a', 'free@x')");
      fixture.transaction("UPDATE t SET email = 'taken@x'");
      fixture.applyUntilStopped(one);
      assertThat(one.status().error().code()).isEqualTo(ErrorCode.KEY_TAKEN);
      assertThat(one.status().error().message()).contains("(email)");
      assertThat(fixture.target("SELECT tenant_id, email FROM t ORDER BY 1")).containsExactly("1|free@x", "2|taken@x");
    }
  }

  @Test
  void aUniqueValueThatMovesBetweenTenantsIsWaitedFor() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(TABLE + "", "CREATE UNIQUE INDEX ON t (email)")) {
      ReplicaTenant one = fixture.tenant("1");
      ReplicaTenant two = fixture.tenant("2");
      fixture.settings = Settings.impatient();
      fixture.transaction("INSERT INTO t VALUES (2, 1, 'a', 'x')");
      fixture.apply();
      two.holdAt(new io.helios.repl.postgres.Lsn(two.status().position().value() + 1));
      fixture.transaction("DELETE FROM t");
      fixture.transaction("INSERT INTO t VALUES (1, 1, 'a', 'x')");
      fixture.apply();
      assertThat(one.status().error().code()).isEqualTo(ErrorCode.KEY_TAKEN);
      assertThat(one.status().stopped()).isFalse();
      two.release();
      fixture.applyUntil(() -> one.status().error() == null);
      assertThat(fixture.target("SELECT tenant_id FROM t")).containsExactly("1");
    }
  }

  @Test
  void aRejectedRowIsNamedByLsnAndTableWithoutItsValues() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(TABLE)) {
      fixture.onTarget("ALTER TABLE t ADD CHECK (v <> 'secret-value')");
      ReplicaTenant one = fixture.tenant("1");
      ReplicaTenant two = fixture.tenant("2");
      fixture.transaction("INSERT INTO t VALUES (1, 1, 'a')");
      fixture.transaction("INSERT INTO t VALUES (1, 2, 'b')", "INSERT INTO t VALUES (1, 3, 'secret-value')");
      fixture.transaction("INSERT INTO t VALUES (2, 1, 'a')");
      fixture.transaction("INSERT INTO t VALUES (1, 4, 'd')");
      fixture.apply();
      assertThat(one.status().error().code()).isEqualTo(ErrorCode.ROW_REJECTED);
      assertThat(one.status().error().table()).isEqualTo("public.t");
      assertThat(one.status().error().lsn()).isNotNull();
      assertThat(one.status().error().toString()).doesNotContain("secret-value");
      assertThat(fixture.target("SELECT tenant_id, id FROM t ORDER BY 1, 2")).containsExactly("1|1", "2|1");
      assertThat(two.status().error()).isNull();

      // The poisoned tenant costs the others nothing more, and goes on once its cause is mended.
      fixture.transaction("INSERT INTO t VALUES (2, 2, 'b')");
      fixture.apply();
      assertThat(fixture.target("SELECT count(*) FROM t WHERE tenant_id = 2")).containsExactly("2");
      fixture.onTarget("ALTER TABLE t DROP CONSTRAINT t_v_check");
      fixture.schedule.resume(one.id());
      fixture.apply();
      assertThat(fixture.target("SELECT count(*) FROM t WHERE tenant_id = 1")).containsExactly("4");
    }
  }

  @Test
  void anUnknownTableOrColumnStopsTheTenantByName() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(TABLE)) {
      ReplicaTenant one = fixture.tenant("1");
      ReplicaTenant two = fixture.tenant("2");
      fixture.onSource("CREATE TABLE only_here (tenant_id int, id int, PRIMARY KEY (tenant_id, id))");
      fixture.transaction("INSERT INTO t VALUES (1, 1, 'a'), (2, 1, 'a')");
      fixture.transaction("INSERT INTO only_here VALUES (1, 1)");
      fixture.onSource("ALTER TABLE t ADD COLUMN fresh text");
      fixture.transaction("INSERT INTO t (tenant_id, id) VALUES (2, 2)");
      fixture.apply();
      assertThat(one.status().error().code()).isEqualTo(ErrorCode.TARGET_TABLE_MISSING);
      assertThat(one.status().error().table()).isEqualTo("public.only_here");
      assertThat(two.status().error().code()).isEqualTo(ErrorCode.TARGET_COLUMN_MISSING);
      assertThat(two.status().error().message()).contains("fresh");
      assertThat(fixture.target("SELECT tenant_id, id FROM t ORDER BY 1")).containsExactly("1|1", "2|1");

      fixture.onTarget("CREATE TABLE only_here (tenant_id int, id int, PRIMARY KEY (tenant_id, id))",
          "ALTER TABLE t ADD COLUMN fresh text");
      for (UUID id : new UUID[] {one.id(), two.id()}) {
        fixture.schedule.resume(id);
      }
      fixture.apply();
      assertThat(one.status().error()).isNull();
      assertThat(two.status().error()).isNull();
    }
  }
}
