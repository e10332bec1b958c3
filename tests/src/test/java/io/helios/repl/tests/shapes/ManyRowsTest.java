package io.helios.repl.tests.shapes;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tests.apply.ApplyFixture;
import io.helios.repl.tests.apply.Settings;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Many new rows at once go in by COPY: the same shapes and conflicts once more. */
class ManyRowsTest {

  private static final String ROWS = " FROM generate_series(1, 600) g";

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void columnsThatTheTargetMakesOrKeepsInAnotherOrder(boolean binary) throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared()) {
      fixture.binary = binary;
      fixture.onSource("CREATE TABLE t (tenant_id int NOT NULL, id int GENERATED ALWAYS AS IDENTITY, a int, b text, n numeric,"
          + " twice int GENERATED ALWAYS AS (a * 2) STORED, big text, PRIMARY KEY (tenant_id, id))",
          "ALTER TABLE t ALTER big SET STORAGE EXTERNAL");
      fixture.onTarget("CREATE TABLE t (n numeric, big text, extra text DEFAULT 'mine', b text, dropped int,"
          + " twice int GENERATED ALWAYS AS (a * 2) STORED, id int GENERATED ALWAYS AS IDENTITY, a int, tenant_id int,"
          + " none text, PRIMARY KEY (tenant_id, id))", "ALTER TABLE t DROP COLUMN dropped");
      ReplicaTenant one = fixture.tenant("1");
      fixture.tenant("2");
      fixture.transaction(
          "INSERT INTO t (tenant_id, a, b, n, big) SELECT g % 2 + 1, g, E'\\t\\\\N\\n\\\\.' || g, CASE WHEN g % 3 = 0 THEN g END,"
              + " repeat('x', 3000 * (1 - sign(g % 50))::int) FROM generate_series(1, 1500) g",
          "UPDATE t SET b = 'later' WHERE id % 7 = 0", "DELETE FROM t WHERE id % 11 = 0");
      fixture.apply();
      assertThat(one.status().error()).isNull();
      assertThat(one.status().conflicts()).isZero();
      String rows = "SELECT tenant_id, id, a, b, n, twice, big FROM t ORDER BY 1, 2";
      assertThat(fixture.target(rows)).isEqualTo(fixture.source(rows)).hasSize(1364);
      assertThat(fixture.target("SELECT DISTINCT extra, none FROM t")).containsExactly("mine|null");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void oneOfThemIsThereAlready(boolean binary) throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(
        "CREATE TABLE t (tenant_id int, id int, u int UNIQUE, v text, PRIMARY KEY (tenant_id, id))")) {
      fixture.binary = binary;
      ReplicaTenant one = fixture.tenant("1");
      fixture.onTarget("INSERT INTO t VALUES (1, 300, -1, 'local'), (1, 9999, 400, 'planted'), (9, 1, -2, 'theirs')");
      fixture.transaction("INSERT INTO t SELECT 1, g, g, 'v' || g" + ROWS);
      fixture.apply();
      assertThat(fixture.target("SELECT * FROM t WHERE tenant_id = 1 ORDER BY 2")).isEqualTo(fixture.source("SELECT * FROM t ORDER BY 2"));
      assertThat(fixture.target("SELECT * FROM t WHERE tenant_id = 9")).containsExactly("9|1|-2|theirs");
      assertThat(one.status().conflicts()).isEqualTo(2);
      assertThat(fixture.target("SELECT kind, row_key->>'id' FROM helios.conflict ORDER BY id"))
          .containsExactly("insert_exists|300", "unique_taken|9999");
      // And it goes on.
      fixture.transaction("INSERT INTO t SELECT 1, g + 1000, g + 1000, 'v' || g" + ROWS);
      fixture.apply();
      assertThat(fixture.target("SELECT count(*) FROM t WHERE tenant_id = 1")).containsExactly("1200");
      assertThat(one.status().error()).isNull();
    }
  }

  @Test
  void oneOfThemIsAnotherTenantsOrStopsByPolicy() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(
        "CREATE TABLE t (tenant_id int, id int, u int UNIQUE, PRIMARY KEY (tenant_id, id))")) {
      fixture.settings = Settings.impatient();
      ReplicaTenant one = fixture.tenant("1");
      ReplicaTenant two = fixture.tenant("2", ConflictPolicy.STOP, 1);
      fixture.onTarget("INSERT INTO t VALUES (9, 1, 300), (2, 300, -5)");
      fixture.transaction("INSERT INTO t SELECT 1, g, g" + ROWS);
      fixture.transaction("INSERT INTO t SELECT 2, g, g + 1000" + ROWS);
      fixture.applyUntilStopped(one);
      assertThat(one.status().error().code()).isEqualTo(ErrorCode.KEY_TAKEN);
      assertThat(two.status().error().code()).isEqualTo(ErrorCode.CONFLICT_STOPPED);
      assertThat(fixture.target("SELECT * FROM t ORDER BY 1")).containsExactly("2|300|-5", "9|1|300");
    }
  }

  @Test
  void intoPartitionsOfAnotherKindAndTablesWithoutAKey() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(
        "CREATE TABLE bare (tenant_id int, v text, j json)", "ALTER TABLE bare REPLICA IDENTITY FULL")) {
      fixture.onSource("CREATE TABLE t (tenant_id int, id int, v text, PRIMARY KEY (tenant_id, id)) PARTITION BY LIST (tenant_id)",
          "CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1)", "CREATE TABLE t2 PARTITION OF t DEFAULT");
      fixture.onTarget("CREATE TABLE t (tenant_id int, id int, v text, PRIMARY KEY (tenant_id, id)) PARTITION BY RANGE (id)",
          "CREATE TABLE t_low PARTITION OF t FOR VALUES FROM (MINVALUE) TO (300)",
          "CREATE TABLE t_high PARTITION OF t FOR VALUES FROM (300) TO (MAXVALUE)");
      fixture.tenant("1");
      fixture.tenant("2");
      fixture.transaction("INSERT INTO t SELECT g % 2 + 1, g, 'v' FROM generate_series(1, 1400) g",
          "INSERT INTO bare SELECT 1, 'same', '{}'" + ROWS, "UPDATE t SET id = -id WHERE id > 1000",
          "DELETE FROM bare WHERE ctid = (SELECT min(ctid) FROM bare)");
      fixture.apply();
      for (String table : new String[] {"t", "bare"}) {
        String rows = "SELECT x::text FROM " + table + " x ORDER BY 1";
        assertThat(fixture.target(rows)).isEqualTo(fixture.source(rows)).isNotEmpty();
      }
      fixture.tenants.values().forEach(tenant -> assertThat(tenant.status().conflicts()).isZero());
    }
  }
}
