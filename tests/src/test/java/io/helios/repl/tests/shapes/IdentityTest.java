package io.helios.repl.tests.shapes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.tests.apply.ApplyFixture;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What finds a row: keys of every kind, keys that change, and no key at all. */
class IdentityTest {

  @Test
  void anIndexIsAnIdentityToo() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(
        "CREATE TABLE t (tenant_id int NOT NULL, id int PRIMARY KEY, code text NOT NULL, v text)",
        "CREATE UNIQUE INDEX t_code ON t (tenant_id, code)",
        "ALTER TABLE t REPLICA IDENTITY USING INDEX t_code")) {
      fixture.tenant("1");
      fixture.tenant("2");
      fixture.transaction("INSERT INTO t SELECT g % 2 + 1, g, 'c' || g, 'v' FROM generate_series(1, 20) g");
      fixture.apply();
      fixture.transaction("UPDATE t SET v = 'w' WHERE id > 5", "UPDATE t SET id = id + 100 WHERE id < 4",
          "DELETE FROM t WHERE id = 10", "UPDATE t SET code = 'new' || code WHERE id > 15");
      fixture.apply();
      Equal.withoutConflict(fixture, "t");
    }
  }

  @Test
  void withoutAnIdentityPostgresRefusesTheUpdateItself() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(
        "CREATE TABLE t (tenant_id int, id int PRIMARY KEY)", "ALTER TABLE t REPLICA IDENTITY NOTHING")) {
      fixture.tenant("1");
      fixture.transaction("INSERT INTO t VALUES (1, 1)");
      assertThatThrownBy(() -> fixture.onSource("UPDATE t SET id = 2")).hasMessageContaining("replica identity");
      fixture.apply();
      Equal.withoutConflict(fixture, "t");
    }
  }

  /** 1 to 2, 2 to 3, 3 to 1: in one statement, where the key is checked at its end. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void keysGoRoundInOneStatement(boolean keyed) throws SQLException {
    String identity = keyed ? "USING INDEX t_code" : "FULL";
    try (ApplyFixture fixture = ApplyFixture.shared(
        "CREATE TABLE t (tenant_id int NOT NULL, id int, code text NOT NULL, v text,"
            + " PRIMARY KEY (tenant_id, id) DEFERRABLE)",
        "CREATE UNIQUE INDEX t_code ON t (tenant_id, code)",
        "ALTER TABLE t REPLICA IDENTITY " + identity)) {
      fixture.tenant("1");
      fixture.transaction("INSERT INTO t VALUES (1, 1, 'a', 'x'), (1, 2, 'b', 'y'), (1, 3, 'c', 'z')");
      fixture.apply();
      fixture.transaction("UPDATE t SET id = id % 3 + 1");
      fixture.transaction("UPDATE t SET id = 5 - id WHERE id < 5 AND id > 1", "UPDATE t SET v = v || id");
      fixture.apply();
      Equal.withoutConflict(fixture, "t");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void keysGoRoundThroughAValueInBetween(boolean binary) throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(
        "CREATE TABLE t (tenant_id int, id int, v text, big text, PRIMARY KEY (tenant_id, id))",
        "ALTER TABLE t ALTER big SET STORAGE EXTERNAL")) {
      fixture.binary = binary;
      fixture.tenant("1");
      fixture.transaction("INSERT INTO t SELECT 1, g, 'v' || g, repeat(g::text, 5000) FROM generate_series(1, 4) g");
      fixture.apply();
      fixture.transaction(
          "UPDATE t SET id = -1 WHERE id = 1", "UPDATE t SET id = 1, v = 'was 3' WHERE id = 3",
          "UPDATE t SET id = 3 WHERE id = 2", "UPDATE t SET id = 2 WHERE id = -1", "UPDATE t SET v = v || '!'");
      fixture.apply();
      Equal.withoutConflict(fixture, "t");
    }
  }

  @Test
  void aChangedKeyWithALargeValueThatWasNotSentNeverMakesAHole() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(
        "CREATE TABLE t (tenant_id int, id int, big text, PRIMARY KEY (tenant_id, id))",
        "CREATE TABLE f (tenant_id int, id int, big text, PRIMARY KEY (tenant_id, id))",
        "ALTER TABLE f REPLICA IDENTITY FULL",
        "ALTER TABLE t ALTER big SET STORAGE EXTERNAL", "ALTER TABLE f ALTER big SET STORAGE EXTERNAL")) {
      ReplicaTenant one = fixture.tenant("1");
      fixture.transaction("INSERT INTO t VALUES (1, 1, repeat('x', 9000))", "INSERT INTO f VALUES (1, 1, repeat('x', 9000))");
      fixture.apply();
      // With the old row sent, the missing row comes back whole.
      fixture.onTarget("DELETE FROM f");
      fixture.transaction("UPDATE f SET id = 2");
      fixture.apply();
      Equal.rows(fixture, "f");
      assertThat(one.status().conflicts()).isEqualTo(1);
      fixture.onTarget("DELETE FROM t");
      fixture.transaction("UPDATE t SET id = 2");
      fixture.apply();
      assertThat(one.status().error().code()).isEqualTo(ErrorCode.ROW_INCOMPLETE);
      assertThat(fixture.target("SELECT * FROM t")).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void withoutAKeyEqualRowsNullsAndTypesWithoutEqualityAreToldApart(boolean binary) throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(
        "CREATE TABLE t (tenant_id int, j json, x xml, p point, v text, big text)",
        "ALTER TABLE t ALTER big SET STORAGE EXTERNAL",
        "ALTER TABLE t REPLICA IDENTITY FULL")) {
      fixture.binary = binary;
      fixture.tenant("1");
      fixture.tenant("2");
      fixture.transaction(
          "INSERT INTO t SELECT g % 2 + 1, '{\"a\":  1}', '<a>1</a>', '(1,2)', 'v', repeat('x', 4000)"
              + " FROM generate_series(1, 6) g",
          "INSERT INTO t SELECT 1 FROM generate_series(1, 3)",
          "INSERT INTO t VALUES (1, '{\"a\": 1}', NULL, NULL, 'v', NULL), (1, '{\"a\":  1}', NULL, NULL, 'v', '')");
      fixture.apply();
      String one = "(SELECT ctid FROM t WHERE %s LIMIT 1)";
      fixture.transaction(
          "DELETE FROM t WHERE ctid = " + one.formatted("tenant_id = 1 AND j IS NULL"),
          "UPDATE t SET v = 'w' WHERE ctid = " + one.formatted("tenant_id = 2"),
          "UPDATE t SET big = big WHERE ctid = " + one.formatted("tenant_id = 2 AND v = 'v'"),
          "UPDATE t SET p = '(3,4)' WHERE ctid = " + one.formatted("tenant_id = 1 AND x IS NOT NULL"),
          "DELETE FROM t WHERE ctid = " + one.formatted("tenant_id = 1 AND j::text = '{\"a\": 1}'"),
          "UPDATE t SET v = 'null' WHERE ctid = " + one.formatted("tenant_id = 1 AND j IS NULL"));
      fixture.apply();
      Equal.withoutConflict(fixture, "t");
      assertThat(fixture.target("SELECT count(*) FROM t")).containsExactly("9");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anIdentityThatIsAlwaysGeneratedFollowsTheSourceAlsoWhenItChanges(boolean binary) throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(
        "CREATE TABLE a (tenant_id int, code int, n int GENERATED ALWAYS AS IDENTITY, v text, big text,"
            + " PRIMARY KEY (tenant_id, code))",
        "CREATE TABLE b (tenant_id int, n int GENERATED ALWAYS AS IDENTITY, v text, PRIMARY KEY (tenant_id, n))",
        "CREATE TABLE c (tenant_id int, n int GENERATED ALWAYS AS IDENTITY, v text)",
        "CREATE TABLE d (tenant_id int, code int, n int GENERATED ALWAYS AS IDENTITY, PRIMARY KEY (tenant_id, code))",
        "ALTER TABLE a ALTER big SET STORAGE EXTERNAL",
        "ALTER TABLE c REPLICA IDENTITY FULL")) {
      fixture.binary = binary;
      fixture.tenant("1");
      fixture.onTarget("ALTER TABLE a ADD extra text DEFAULT 'mine'");
      fixture.transaction("INSERT INTO a SELECT 1, g, DEFAULT, 'v', repeat('x', 4000) FROM generate_series(1, 5) g"
              .replace("DEFAULT, ", "").replace("INTO a", "INTO a (tenant_id, code, v, big)"),
          "INSERT INTO b (tenant_id, v) SELECT 1, 'v' FROM generate_series(1, 5)",
          "INSERT INTO c (tenant_id, v) SELECT 1, 'v' FROM generate_series(1, 5)",
          "INSERT INTO d (tenant_id, code) SELECT 1, g FROM generate_series(1, 5) g");
      fixture.apply();
      fixture.onTarget("UPDATE a SET extra = 'changed here' WHERE code = 2");
      fixture.transaction("UPDATE a SET v = 'w' WHERE code > 3", "UPDATE a SET n = DEFAULT WHERE code = 2",
          "UPDATE b SET n = DEFAULT, v = 'w' WHERE n = 3", "UPDATE b SET v = 'x' WHERE n = 4",
          "UPDATE c SET n = DEFAULT WHERE n = 1", "UPDATE c SET v = 'x' WHERE n = 2",
          "UPDATE d SET n = DEFAULT WHERE code = 4");
      fixture.apply();
      for (String table : new String[] {"b", "c", "d"}) {
        Equal.withoutConflict(fixture, table);
      }
      String rows = "SELECT tenant_id, code, n, v, big FROM a ORDER BY code";
      assertThat(fixture.target(rows)).isEqualTo(fixture.source(rows));
      assertThat(fixture.target("SELECT extra FROM a WHERE code = 2")).containsExactly("changed here");
    }
  }

  @Test
  void aParentsRowIsNotItsChilds() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(
        "CREATE TABLE parent (tenant_id int, id int, v text, PRIMARY KEY (tenant_id, id))",
        "CREATE TABLE child (extra text, PRIMARY KEY (tenant_id, id)) INHERITS (parent)",
        "CREATE TABLE bare (tenant_id int, v text)", "CREATE TABLE bare_child () INHERITS (bare)",
        "ALTER TABLE bare REPLICA IDENTITY FULL", "ALTER TABLE bare_child REPLICA IDENTITY FULL")) {
      fixture.tenant("1");
      fixture.transaction("INSERT INTO parent SELECT 1, g, 'parent' FROM generate_series(1, 5) g",
          "INSERT INTO child SELECT 1, g, 'child', 'e' FROM generate_series(1, 5) g",
          "INSERT INTO bare SELECT 1, 'same' FROM generate_series(1, 3)",
          "INSERT INTO bare_child SELECT 1, 'same' FROM generate_series(1, 3)");
      fixture.apply();
      fixture.transaction("UPDATE ONLY parent SET v = 'changed' WHERE id = 1", "DELETE FROM ONLY parent WHERE id = 2",
          "UPDATE child SET v = 'changed child' WHERE id = 3", "UPDATE parent SET v = v || '!' WHERE id = 4",
          "UPDATE ONLY parent SET id = 50 WHERE id = 5",
          "DELETE FROM ONLY bare", "UPDATE bare_child SET v = 'other'");
      fixture.apply();
      Equal.withoutConflict(fixture, "parent");
      Equal.withoutConflict(fixture, "child");
      Equal.withoutConflict(fixture, "bare_child");
      assertThat(fixture.target("SELECT count(*) FROM ONLY bare")).containsExactly("0");
      fixture.transaction("TRUNCATE ONLY parent");
      fixture.apply();
      assertThat(fixture.target("SELECT count(*) FROM ONLY parent")).containsExactly("0");
      Equal.withoutConflict(fixture, "child");
    }
  }

  @Test
  void aTableWithoutColumnsHasRowsAllTheSame() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.whole(
        "CREATE TABLE nothing ()", "ALTER TABLE nothing REPLICA IDENTITY FULL",
        "CREATE TABLE made (a int GENERATED ALWAYS AS (1) STORED)", "ALTER TABLE made REPLICA IDENTITY FULL")) {
      ReplicaTenant all = fixture.tenant("all");
      fixture.transaction("INSERT INTO nothing DEFAULT VALUES", "INSERT INTO made DEFAULT VALUES",
          "INSERT INTO nothing SELECT FROM generate_series(1, 600)");
      fixture.transaction("DELETE FROM nothing WHERE ctid = (SELECT min(ctid) FROM nothing)");
      fixture.apply();
      assertThat(all.status().error()).isNull();
      assertThat(fixture.target("SELECT count(*) FROM nothing")).isEqualTo(fixture.source("SELECT count(*) FROM nothing"));
      assertThat(fixture.target("SELECT count(*) FROM made")).containsExactly("1");
    }
  }
}
