package io.helios.repl.tests.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.apply.ReadOnlyGuard;
import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.postgres.SqlStates;
import java.sql.SQLException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class ReadOnlyGuardTest {

  private static final String SHARED = "CREATE TABLE t (tenant_id int, id int, v text, PRIMARY KEY (tenant_id, id))";

  private static void refused(ThrowingCallable write) {
    assertThatThrownBy(write).isInstanceOfSatisfying(SQLException.class, e -> {
      assertThat(e.getSQLState()).isEqualTo(SqlStates.READ_ONLY);
      assertThat(e.getMessage()).contains("\"tenant-1\"").contains("us-east-1");
    });
  }

  @Test
  void aReplicasRowsOfASharedTableAreReadOnlyAndOthersStayWritable() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(SHARED)) {
      ReplicaTenant one = fixture.tenant("1");
      fixture.transaction("INSERT INTO t VALUES (1, 1, 'a')");
      fixture.apply();
      for (int twice = 0; twice < 2; twice++) {
        ReadOnlyGuard.install(fixture.target, one.id(), "public", "t", "tenant_id", "1");
      }
      refused(() -> fixture.onTarget("INSERT INTO t VALUES (1, 2, 'x')"));
      refused(() -> fixture.onTarget("UPDATE t SET v = 'x'"));
      refused(() -> fixture.onTarget("DELETE FROM t WHERE id = 1"));
      refused(() -> fixture.onTarget("TRUNCATE t"));
      refused(() -> fixture.onTarget("MERGE INTO t USING (SELECT 1) s ON t.id = 1 WHEN MATCHED THEN DELETE"));
      fixture.onTarget("INSERT INTO t VALUES (2, 1, 'theirs')", "UPDATE t SET v = 'x' WHERE tenant_id = 2");
      refused(() -> fixture.onTarget("UPDATE t SET tenant_id = 1, id = 9 WHERE tenant_id = 2"));
      fixture.onTarget("DELETE FROM t WHERE tenant_id = 2");

      fixture.transaction("UPDATE t SET v = 'from the source'", "INSERT INTO t VALUES (1, 3, 'c')");
      fixture.apply();
      assertThat(one.status().error()).isNull();
      assertThat(fixture.target("SELECT id, v FROM t ORDER BY 1")).containsExactly("1|from the source", "3|c");
    }
  }

  @Test
  void aTriggerThatTurnsAForeignRowIntoAReplicasIsRefused() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(SHARED)) {
      ReplicaTenant one = fixture.tenant("1");
      fixture.onTarget(
          "CREATE FUNCTION sneak() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.tenant_id := 1; RETURN NEW; END'",
          "CREATE TRIGGER zzz BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION sneak()");
      ReadOnlyGuard.install(fixture.target, one.id(), "public", "t", "tenant_id", "1");
      refused(() -> fixture.onTarget("INSERT INTO t VALUES (2, 2, 'x')"));
    }
  }

  @Test
  void namesPlantedInPublicDoNotOpenIt() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(SHARED)) {
      ReplicaTenant one = fixture.tenant("1");
      ReadOnlyGuard.install(fixture.target, one.id(), "public", "t", "tenant_id", "1");
      fixture.onTarget(
          "CREATE FUNCTION public.never(text, text) RETURNS bool LANGUAGE sql AS 'SELECT false'",
          "CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.never)",
          "CREATE ROLE intruder" + fixture.targetDatabase,
          "GRANT ALL ON ALL TABLES IN SCHEMA public TO intruder" + fixture.targetDatabase,
          "SET search_path = public, pg_catalog",
          "SET ROLE intruder" + fixture.targetDatabase);
      refused(() -> fixture.onTarget("INSERT INTO t VALUES (1, 2, 'x')"));
      assertThatThrownBy(() -> fixture.onTarget("DELETE FROM helios.guarded")).isInstanceOf(SQLException.class);
      fixture.onTarget("INSERT INTO t VALUES (2, 2, 'x')", "RESET ROLE", "RESET search_path");
    }
  }

  @Test
  void theGuardGoesWithTheLastReplicaInTheTable() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(SHARED)) {
      ReplicaTenant one = fixture.tenant("1");
      ReplicaTenant two = fixture.tenant("2");
      ReadOnlyGuard.install(fixture.target, one.id(), "public", "t", "tenant_id", "1");
      ReadOnlyGuard.install(fixture.target, two.id(), "public", "t", "tenant_id", "2");
      String triggers = "SELECT count(*) FROM pg_trigger WHERE tgname LIKE '!helios%'";
      ReadOnlyGuard.remove(fixture.target, two.id());
      fixture.onTarget("INSERT INTO t VALUES (2, 1, 'mine now')");
      refused(() -> fixture.onTarget("INSERT INTO t VALUES (1, 1, 'x')"));
      assertThat(fixture.target(triggers)).containsExactly("2");
      ReadOnlyGuard.remove(fixture.target, one.id(), "public", "t");
      ReadOnlyGuard.remove(fixture.target, one.id(), "public", "t");
      fixture.onTarget("INSERT INTO t VALUES (1, 1, 'x')", "TRUNCATE t");
      assertThat(fixture.target(triggers)).containsExactly("0");
    }
  }

  @Test
  void aTableOfOnesOwnIsGuardedAsAWholeWithItsPartitions() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.whole(
        "CREATE TABLE \"p \"\"q\" (id int PRIMARY KEY) PARTITION BY RANGE (id)",
        "CREATE TABLE p1 PARTITION OF \"p \"\"q\" FOR VALUES FROM (0) TO (10)")) {
      ReplicaTenant one = fixture.tenant("1");
      ReadOnlyGuard.install(fixture.target, one.id(), "public", "p \"q", null, "1");
      refused(() -> fixture.onTarget("INSERT INTO p1 VALUES (1)"));
      refused(() -> fixture.onTarget("INSERT INTO \"p \"\"q\" VALUES (1)"));
      refused(() -> fixture.onTarget("TRUNCATE p1"));
      fixture.transaction("INSERT INTO \"p \"\"q\" VALUES (1)");
      fixture.apply();
      assertThat(fixture.target("SELECT * FROM p1")).containsExactly("1");
      ReadOnlyGuard.remove(fixture.target, one.id());
      fixture.onTarget("INSERT INTO p1 VALUES (2)");
    }
  }

  @Test
  void partitionsOfASharedTableAreGuardedDirectlyToo() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(
        "CREATE TABLE t (tenant_id int, id int) PARTITION BY RANGE (id)",
        "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10)")) {
      ReplicaTenant one = fixture.tenant("1");
      ReadOnlyGuard.install(fixture.target, one.id(), "public", "t", "tenant_id", "1");
      refused(() -> fixture.onTarget("INSERT INTO t1 VALUES (1, 1)"));
      refused(() -> fixture.onTarget("TRUNCATE t1"));
      fixture.onTarget("CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (10) TO (20)", "INSERT INTO t2 VALUES (2, 11)");
      refused(() -> fixture.onTarget("INSERT INTO t2 VALUES (1, 12)"));
    }
  }
}
