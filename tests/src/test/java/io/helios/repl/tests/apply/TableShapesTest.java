package io.helios.repl.tests.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.apply.ReplicaTenant;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables of every shape: what changes at the source is the same at the target, without a single conflict. */
class TableShapesTest {

  private static void equal(ApplyFixture fixture, String table) throws SQLException {
    for (ReplicaTenant tenant : fixture.tenants.values()) {
      assertThat(tenant.status().error()).isNull();
      assertThat(tenant.status().conflicts()).isZero();
    }
    String rows = "SELECT t::text FROM " + table + " t ORDER BY 1";
    assertThat(fixture.target(rows)).isEqualTo(fixture.source(rows)).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void changedKeysKeepTheirOrder(boolean binary) throws SQLException {
    try (ApplyFixture fixture =
        ApplyFixture.shared("CREATE TABLE t (tenant_id int, id int, v text, PRIMARY KEY (tenant_id, id))")) {
      fixture.binary = binary;
      fixture.tenant("1");
      fixture.transaction("INSERT INTO t SELECT 1, g, 'v' || g FROM generate_series(1, 10) g");
      // 10 becomes 11, then 9 becomes 10, and so on: each needs the one before.
      fixture.transaction(
          "UPDATE t SET v = 'x' WHERE id = 10",
          "UPDATE t SET id = 11 WHERE id = 10",
          "UPDATE t SET id = 10, v = 'moved' WHERE id = 9",
          "UPDATE t SET v = v || '!' WHERE id >= 10",
          "UPDATE t SET id = 9 WHERE id = 8",
          "DELETE FROM t WHERE id = 10",
          "INSERT INTO t VALUES (1, 10, 'new'), (1, 8, 'new')");
      fixture.apply();
      equal(fixture, "t");
    }
  }

  @Test
  void uniqueValuesSwapBetweenRows() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(
        "CREATE TABLE t (tenant_id int, id int, email text UNIQUE, PRIMARY KEY (tenant_id, id))")) {
      ReplicaTenant one = fixture.tenant("1");
      ReplicaTenant two = fixture.tenant("2");
      fixture.transaction("INSERT INTO t VALUES (1, 1, 'a'), (1, 2, 'b'), (1, 3, 'c'), (2, 1, 'z')");
      fixture.apply();
      fixture.transaction(
          "UPDATE t SET email = 'tmp' WHERE id = 1 AND tenant_id = 1",
          "UPDATE t SET email = 'a' WHERE id = 2 AND tenant_id = 1",
          "UPDATE t SET email = 'b' WHERE id = 1 AND tenant_id = 1",
          "DELETE FROM t WHERE id = 3",
          "INSERT INTO t VALUES (1, 4, 'c'), (2, 2, 'y')");
      fixture.apply();
      equal(fixture, "t");
      assertThat(one.status().transactions()).isEqualTo(2);
      assertThat(two.status().transactions()).isEqualTo(2);
    }
  }

  @Test
  void deferrableUniqueKeysAreWritten() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(
        "CREATE TABLE t (tenant_id int, id int, rank int, PRIMARY KEY (tenant_id, id),"
            + " UNIQUE (tenant_id, rank) DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TABLE d (tenant_id int, id int PRIMARY KEY DEFERRABLE, v text)",
        "ALTER TABLE d REPLICA IDENTITY FULL")) {
      fixture.tenant("1");
      fixture.transaction("INSERT INTO t SELECT 1, g, g FROM generate_series(1, 5) g",
          "INSERT INTO d SELECT 1, g, 'v' FROM generate_series(1, 5) g");
      fixture.transaction("UPDATE t SET rank = 6 - rank", "UPDATE d SET id = id + 1");
      fixture.apply();
      equal(fixture, "t");
      equal(fixture, "d");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void ofEqualRowsWithoutAKeyOneChangesAtATime(boolean binary) throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(
        "CREATE TABLE t (tenant_id int, v text, n numeric, j json)", "ALTER TABLE t REPLICA IDENTITY FULL")) {
      fixture.binary = binary;
      fixture.tenant("1");
      fixture.tenant("2");
      fixture.transaction("INSERT INTO t SELECT g % 2 + 1, 'same', 1.10, '{\"a\": 1}' FROM generate_series(1, 10) g",
          "INSERT INTO t VALUES (1, NULL, 1.1, NULL), (1, NULL, 1.10, NULL)");
      fixture.apply();
      fixture.transaction(
          "DELETE FROM t WHERE ctid = (SELECT ctid FROM t WHERE tenant_id = 1 AND v = 'same' LIMIT 1)",
          "UPDATE t SET v = 'other' WHERE ctid = (SELECT ctid FROM t WHERE tenant_id = 1 AND v = 'same' LIMIT 1)",
          "UPDATE t SET v = 'none' WHERE v IS NULL AND n::text = '1.1'");
      fixture.apply();
      equal(fixture, "t");
      assertThat(fixture.target("SELECT count(*) FROM t WHERE v = 'same'")).containsExactly("8");
    }
  }

  @Test
  void aPartitionedTableWithoutAKeyLosesOneRowOnly() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.whole(
        "CREATE TABLE t (region text, v text) PARTITION BY LIST (region)",
        "CREATE TABLE t_a PARTITION OF t FOR VALUES IN ('a')",
        "CREATE TABLE t_b PARTITION OF t FOR VALUES IN ('b')",
        "ALTER TABLE t_a REPLICA IDENTITY FULL",
        "ALTER TABLE t_b REPLICA IDENTITY FULL",
        "ALTER TABLE t REPLICA IDENTITY FULL")) {
      fixture.tenant("all");
      fixture.transaction("INSERT INTO t SELECT chr(97 + g % 2), 'v' FROM generate_series(1, 10) g");
      fixture.transaction("DELETE FROM t_a WHERE ctid = (SELECT min(ctid) FROM t_a)",
          "UPDATE t SET region = 'b' WHERE tableoid = 't_a'::regclass AND ctid = (SELECT min(ctid) FROM t_a)");
      fixture.apply();
      equal(fixture, "t");
      assertThat(fixture.target("SELECT count(*) FROM t_b")).containsExactly("6");
    }
  }

  @Test
  void truncationOfASharedTableTakesOneTenantsRows() throws SQLException {
    try (ApplyFixture fixture =
        ApplyFixture.shared("CREATE TABLE t (tenant_id int, id int, v text, PRIMARY KEY (tenant_id, id))")) {
      fixture.tenant("1");
      fixture.onTarget("INSERT INTO t VALUES (99, 1, 'not replicated')");
      fixture.transaction("INSERT INTO t VALUES (1, 1, 'a')");
      fixture.transaction("TRUNCATE t", "INSERT INTO t VALUES (1, 2, 'b')");
      fixture.apply();
      assertThat(fixture.target("SELECT * FROM t ORDER BY 1, 2"))
          .containsExactly("1|2|b", "99|1|not replicated");
    }
  }

  @Test
  void truncationOfATableOfOnesOwnEmptiesItAndRestartsItsIdentity() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.whole(
        "CREATE TABLE parent (id int PRIMARY KEY)",
        "CREATE TABLE t (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, p int REFERENCES parent)")) {
      fixture.tenant("all");
      fixture.onTarget("SELECT setval('t_id_seq', 100)");
      fixture.transaction("INSERT INTO parent VALUES (1)", "INSERT INTO t (p) VALUES (1), (1)");
      fixture.transaction("TRUNCATE parent, t RESTART IDENTITY", "INSERT INTO parent VALUES (2)");
      fixture.apply();
      equal(fixture, "parent");
      assertThat(fixture.target("SELECT count(*) FROM t")).containsExactly("0");
      assertThat(fixture.target("SELECT nextval('t_id_seq')")).containsExactly("1");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void largeValuesThatDidNotChangeStay(boolean binary) throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(
        "CREATE TABLE t (tenant_id int, id int, big text, big2 text, n int, PRIMARY KEY (tenant_id, id))",
        "ALTER TABLE t ALTER big SET STORAGE EXTERNAL",
        "ALTER TABLE t ALTER big2 SET STORAGE EXTERNAL")) {
      fixture.binary = binary;
      fixture.tenant("1");
      fixture.transaction(
          "INSERT INTO t SELECT 1, g, repeat('x' || g, 5000), repeat('y', 5000), 0 FROM generate_series(1, 6) g");
      fixture.apply();
      fixture.transaction("UPDATE t SET n = 1 WHERE id < 3", "UPDATE t SET n = 2, big = 'short' WHERE id = 3");
      fixture.transaction("UPDATE t SET n = 3 WHERE id = 3", "UPDATE t SET id = 10 WHERE id = 4");
      fixture.transaction("INSERT INTO t VALUES (1, 20, repeat('z', 9000), 'a', 1)", "UPDATE t SET n = 9 WHERE id >= 5");
      fixture.apply();
      equal(fixture, "t");
    }
  }

  @Test
  void theTargetsOwnColumnOrderDefaultsAndGeneratedColumnsAreRespected() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared()) {
      fixture.onSource("CREATE TABLE t (tenant_id int, id int GENERATED ALWAYS AS IDENTITY, a int, b text,"
          + " twice int GENERATED ALWAYS AS (a * 2) STORED, PRIMARY KEY (tenant_id, id))");
      fixture.onTarget("CREATE TABLE t (b varchar, extra text DEFAULT 'mine', dropped int, a bigint,"
          + " twice bigint GENERATED ALWAYS AS (a * 2) STORED, id bigint GENERATED ALWAYS AS IDENTITY, tenant_id int,"
          + " PRIMARY KEY (tenant_id, id))", "ALTER TABLE t DROP COLUMN dropped");
      ReplicaTenant one = fixture.tenant("1");
      fixture.transaction("INSERT INTO t (tenant_id, a, b) SELECT 1, g, 'b' FROM generate_series(1, 5) g");
      fixture.transaction("UPDATE t SET a = 100 WHERE id = 2", "DELETE FROM t WHERE id = 3");
      fixture.apply();
      assertThat(one.status().error()).isNull();
      String columns = "SELECT tenant_id, id, a, b, twice FROM t ORDER BY id";
      assertThat(fixture.target(columns)).isEqualTo(fixture.source(columns)).hasSize(4);
      assertThat(fixture.target("SELECT DISTINCT extra FROM t")).containsExactly("mine");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void everyTypeComesAsItIs(boolean binary) throws SQLException {
    String table = "CREATE TABLE t (tenant_id int, id uuid, tags text[], grid int[], j json, jb jsonb, ts timestamptz,"
        + " d date, i interval, by bytea, f float8, r real, n numeric, c char(5), vc varchar(9), bits bit(5),"
        + " vb varbit, ip inet, net cidr, mac macaddr, rng int4range, mrng int4multirange, p point, x xml, b bool,"
        + " o oid, nm name, ch \"char\", mo money, tz timetz, lsn pg_lsn, tsv tsvector, v2 int2vector,"
        + " PRIMARY KEY (tenant_id, id))";
    try (ApplyFixture fixture = ApplyFixture.shared(table)) {
      fixture.binary = binary;
      fixture.tenant("1");
      String values = "ARRAY['a,b', NULL, '\"q\"', '']::text[], '{{1,2},{3,4}}', '{\"a\": [1, null]}', '{\"b\": 1.50}',"
          + " '2026-01-01 00:00:00.123456+02', 'infinity', '1 mon -2 days 03:00:00.5', '\\x00ff', 'NaN', -0.0, 1.500,"
          + " 'ab', 'cd', '10101', '1', '10.0.0.1/8', '10.0.0.0/8', '08:00:2b:01:02:03', '[1,5)', '{[1,2),[5,9)}',"
          + " '(1,2)', '<a>1</a>', true, 4000000000, 'nm', 'x', 12.50, '10:00:00+02', '16/B374D848', 'a b'::tsvector,"
          + " '1 2 3'";
      fixture.transaction("INSERT INTO t SELECT 1, md5(g::text)::uuid, " + values + " FROM generate_series(1, 3) g",
          "INSERT INTO t (tenant_id, id) VALUES (1, md5('n')::uuid)");
      fixture.transaction("UPDATE t SET tags = '{x}', f = 0.1, c = NULL WHERE id = md5('1')::uuid",
          "DELETE FROM t WHERE id = md5('2')::uuid");
      fixture.apply();
      equal(fixture, "t");
    }
  }

  @Test
  void typesThatAreNotBuiltInComeAsText() throws SQLException {
    String[] types = {
      "CREATE SCHEMA \"Od d\"", "CREATE TYPE \"Od d\".mood AS ENUM ('sad', 'it''s \"ok\"')",
      "CREATE DOMAIN \"Od d\".short AS varchar(6) CHECK (length(VALUE) > 1)",
      "CREATE TYPE \"Od d\".pair AS (a int, b text)",
      "CREATE TABLE \"Od d\".\"t\"\"1?\" (tenant_id int, \"k?\" \"Od d\".mood, s \"Od d\".short, p \"Od d\".pair,"
          + " l \"Od d\".mood[], PRIMARY KEY (tenant_id, \"k?\"))"
    };
    try (ApplyFixture fixture = ApplyFixture.shared(types)) {
      fixture.binary = false;
      fixture.tenant("1");
      String table = "\"Od d\".\"t\"\"1?\"";
      fixture.transaction("INSERT INTO " + table + " VALUES (1, 'sad', 'abc', '(1,\"x,y\")', '{sad}'),"
          + " (1, 'it''s \"ok\"', NULL, NULL, NULL)");
      fixture.transaction("UPDATE " + table + " SET s = 'xyz' WHERE s IS NULL");
      fixture.apply();
      equal(fixture, table);
    }
  }

  @Test
  void aTableThatIsAllKeyIsWritten() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared("CREATE TABLE t (tenant_id int, tag text, PRIMARY KEY (tenant_id, tag))")) {
      fixture.tenant("1");
      fixture.transaction("INSERT INTO t VALUES (1, 'a'), (1, 'b')", "UPDATE t SET tag = tag", "DELETE FROM t WHERE tag = 'a'");
      fixture.apply();
      fixture.transaction("UPDATE t SET tag = tag");
      fixture.apply();
      equal(fixture, "t");
    }
  }

  @Test
  void aKeyBornDyingAndBornAgainEndsAsTheSourceHasIt() throws SQLException {
    try (ApplyFixture fixture =
        ApplyFixture.shared("CREATE TABLE t (tenant_id int, id int, v text, PRIMARY KEY (tenant_id, id))")) {
      fixture.tenant("1");
      fixture.onTarget("ALTER TABLE t ADD COLUMN extra text DEFAULT 'default'");
      fixture.transaction("INSERT INTO t VALUES (1, 1, 'a'), (1, 2, 'b')");
      fixture.apply();
      fixture.onTarget("UPDATE t SET extra = 'changed here'");
      fixture.transaction("DELETE FROM t WHERE id = 1", "INSERT INTO t VALUES (1, 1, 'again')",
          "INSERT INTO t VALUES (1, 3, 'short lived')", "UPDATE t SET v = 'still' WHERE id = 3",
          "DELETE FROM t WHERE id = 3");
      fixture.apply();
      assertThat(fixture.target("SELECT id, v, extra FROM t ORDER BY 1"))
          .containsExactly("1|again|default", "2|b|changed here");
    }
  }

  @Test
  void identityFullFindsRowsByTheTargetsPrimaryKey() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(
        "CREATE TABLE t (tenant_id int, id int PRIMARY KEY, v text)", "ALTER TABLE t REPLICA IDENTITY FULL")) {
      fixture.tenant("1");
      fixture.transaction("INSERT INTO t SELECT 1, g, 'v' FROM generate_series(1, 20) g");
      fixture.apply();
      fixture.transaction("UPDATE t SET v = 'w' WHERE id > 5", "DELETE FROM t WHERE id = 1",
          "UPDATE t SET id = 100 WHERE id = 2");
      fixture.apply();
      equal(fixture, "t");
    }
  }
}
