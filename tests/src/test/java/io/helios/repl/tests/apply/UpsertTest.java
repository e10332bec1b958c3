package io.helios.repl.tests.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.tenant.ConflictPolicy;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows that a poll found are written whether or not they are there. */
class UpsertTest {

  private static final String ALL = "SELECT * FROM t ORDER BY 1, 2";
  private static final String TABLE = "CREATE TABLE t (tenant_id int, id int, v text, PRIMARY KEY (tenant_id, id))";
  private static final String ACCOUNTS =
      "CREATE TABLE t (tenant_id int, id int, email text UNIQUE, PRIMARY KEY (tenant_id, id))";
  private static final String CONFLICTS = "SELECT kind, row_key->>'id' FROM helios.conflict ORDER BY id";

  private static ApplyFixture polled(ApplyFixture fixture) {
    fixture.fromWal = false;
    fixture.settings = Settings.impatient();
    return fixture;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 2_000})
  void rowsThatAreThereAndRowsThatAreNotGoInOneGo(int rows) throws SQLException {
    try (ApplyFixture fixture = polled(ApplyFixture.shared(TABLE))) {
      ReplicaTenant one = fixture.tenant("1", ConflictPolicy.STOP, 1);
      ReplicaTenant two = fixture.tenant("2", ConflictPolicy.STOP, 1);
      fixture.onSource("INSERT INTO t SELECT 1 + g % 2, g, 'source' FROM generate_series(1, " + rows + ") g");
      fixture.onTarget("INSERT INTO t SELECT 1 + g % 2, g, 'old' FROM generate_series(1, " + rows + ", 3) g");
      countStatements(fixture);
      fixture.poll("t");
      fixture.apply();
      writtenAsSets(fixture);
      assertThat(fixture.target(ALL)).isEqualTo(fixture.source(ALL));
      assertThat(one.status().conflicts() + two.status().conflicts()).isZero();
      assertThat(fixture.target(CONFLICTS)).isEmpty();
      assertThat(one.status().error()).isNull();
      assertThat(two.status().transactions()).isEqualTo(1);

      fixture.poll("t"); // A crash before the poller's state was durable: all of it once more.
      fixture.apply();
      assertThat(fixture.target(ALL)).isEqualTo(fixture.source(ALL));
      assertThat(two.status().failures()).isZero();
    }
  }

  @Test
  void whatTheWalBroughtBeforeAndWhatAPollFindsThenAreFoldedIntoOneBatch() throws SQLException {
    try (ApplyFixture fixture = polled(ApplyFixture.shared(TABLE))) {
      ReplicaTenant one = fixture.tenant("1", ConflictPolicy.STOP, 1);
      fixture.binary = false;
      fixture.transaction("INSERT INTO t SELECT 1, g, 'a' FROM generate_series(1, 6) g");
      fixture.capture();
      fixture.apply();
      fixture.transaction("DELETE FROM t WHERE id = 1", "UPDATE t SET v = 'b' WHERE id = 2", "INSERT INTO t VALUES (1, 7, 'b')",
          "INSERT INTO t VALUES (1, 8, 'b')", "DELETE FROM t WHERE id = 8", "DELETE FROM t WHERE id = 3");
      fixture.capture();
      fixture.transaction("INSERT INTO t VALUES (1, 1, 'c'), (1, 8, 'c'), (1, 9, 'c')", "UPDATE t SET v = 'c' WHERE id IN (2, 4, 7)");
      fixture.poll("t");
      fixture.poll("t WHERE id > 6");
      fixture.apply();
      assertThat(fixture.target(ALL)).isEqualTo(fixture.source(ALL));
      assertThat(one.status().error()).isNull();
      assertThat(one.status().failures()).isZero();
    }
  }

  static Stream<Arguments> shapes() {
    String plain = "CREATE TABLE t (tenant_id int, id int, v text, PRIMARY KEY (tenant_id, id))";
    return Stream.of(
        shape("a key without the tenant", "CREATE TABLE t (tenant_id int, id int PRIMARY KEY, v text)"),
        shape("a key without the tenant at the target", plain, "CREATE TABLE t (tenant_id int, id int PRIMARY KEY, v text)"),
        shape("no key at the target", plain, "CREATE TABLE t (tenant_id int, id int, v text)"),
        shape("a partitioned target with a longer key", plain,
            "CREATE TABLE t (tenant_id int, id int, v text, at int DEFAULT 7, PRIMARY KEY (tenant_id, id, at)) PARTITION BY LIST (at);"
                + "CREATE TABLE t_7 PARTITION OF t FOR VALUES IN (7); CREATE TABLE t_x PARTITION OF t DEFAULT"),
        shape("a target partitioned by the tenant", plain, plain + " PARTITION BY LIST (tenant_id); CREATE TABLE t_1 PARTITION"
            + " OF t FOR VALUES IN (1); CREATE TABLE t_x PARTITION OF t DEFAULT PARTITION BY HASH (id);"
            + "CREATE TABLE t_x_0 PARTITION OF t_x FOR VALUES WITH (MODULUS 1, REMAINDER 0)"),
        shape("an identity as the key",
            "CREATE TABLE t (tenant_id int, id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text)"),
        shape("an identity beside the key",
            "CREATE TABLE t (tenant_id int, id int PRIMARY KEY, v text, n int GENERATED ALWAYS AS IDENTITY)"),
        shape("a generated column",
            "CREATE TABLE t (tenant_id int, id int PRIMARY KEY, v text, w text GENERATED ALWAYS AS (v || '!') STORED)"),
        shape("a deferrable key",
            "CREATE TABLE t (tenant_id int, id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, v text);"
                + "ALTER TABLE t REPLICA IDENTITY FULL"),
        shape("rules on the target", plain, plain + "; CREATE RULE r AS ON UPDATE TO t DO ALSO NOTIFY changed"),
        shape("a type that text is cast to by a function",
            "CREATE TABLE t (tenant_id int, id int PRIMARY KEY, v text, c regclass DEFAULT 'pg_class')"),
        shape("nothing but the key", "CREATE TABLE t (tenant_id int, id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY)"),
        shape("types of all kinds", "CREATE TABLE t (tenant_id int, id numeric PRIMARY KEY, v text, j jsonb DEFAULT '{\"a\": 1}',"
            + " x xml DEFAULT '<a/>', a int[] DEFAULT '{1,2}', b bytea DEFAULT '\\x00ff', ts timestamptz DEFAULT now())"));
  }

  private static Arguments shape(String name, String both) {
    return Arguments.of(name, both, both);
  }

  private static Arguments shape(String name, String source, String target) {
    return Arguments.of(name, source, target);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("shapes")
  void tablesOfEveryShapeBecomeEqual(String name, String source, String target) throws SQLException {
    try (ApplyFixture fixture = polled(ApplyFixture.shared())) {
      fixture.onSource(source);
      fixture.onTarget(target);
      ReplicaTenant one = fixture.tenant("1", ConflictPolicy.STOP, 1);
      ReplicaTenant two = fixture.tenant("2", ConflictPolicy.STOP, 1);
      boolean identity = source.contains("id int GENERATED");
      boolean value = source.contains("v text");
      String columns = "(tenant_id, id" + (value ? ", v)" : ")") + (identity ? " OVERRIDING SYSTEM VALUE" : "");
      String a = value ? ", 'a'" : "";
      fixture.onSource("INSERT INTO t " + columns + " SELECT 1 + g % 2, g" + a + " FROM generate_series(1, 9) g");
      countStatements(fixture);
      fixture.poll("t");
      fixture.apply();
      equal(fixture);
      if (!name.contains("deferrable") && !name.contains("by a function")) {
        writtenAsSets(fixture);
      }

      fixture.onSource("INSERT INTO t " + columns + " SELECT 1 + g % 2, g" + a + " FROM generate_series(10, 15) g");
      if (value) {
        fixture.onSource("UPDATE t SET v = NULL WHERE id % 3 = 0", "UPDATE t SET v = 'longer' WHERE id % 3 = 1");
      }
      if (source.contains("n int GENERATED")) {
        fixture.onSource("UPDATE t SET n = DEFAULT WHERE id % 4 = 0");
      }
      fixture.poll("t");
      fixture.apply();
      equal(fixture);
      for (ReplicaTenant tenant : List.of(one, two)) {
        assertThat(tenant.status().error()).as(name).isNull();
        assertThat(tenant.status().conflicts()).isZero();
      }
    }
  }

  /** Two statements for a set, of one tenant or of both: row by row there would be more. */
  private static void writtenAsSets(ApplyFixture fixture) throws SQLException {
    assertThat(fixture.target("SELECT count(*) BETWEEN 2 AND 4 FROM statements")).as("written as sets").containsExactly("t");
  }

  private static void countStatements(ApplyFixture fixture) throws SQLException {
    fixture.onTarget("CREATE TABLE statements (n int)",
        "CREATE FUNCTION counted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.statements VALUES (1); RETURN NULL; END'",
        "CREATE TRIGGER counted AFTER INSERT OR UPDATE ON t EXECUTE FUNCTION counted()",
        "ALTER TABLE t ENABLE ALWAYS TRIGGER counted");
  }

  private static void equal(ApplyFixture fixture) throws SQLException {
    List<String> columns = fixture.source("SELECT attname FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0");
    String rows = "SELECT " + String.join(", ", columns) + " FROM t ORDER BY id";
    assertThat(fixture.target(rows)).isEqualTo(fixture.source(rows));
  }

  @Test
  void whatOnlyTheTargetHasStaysInTheRow() throws SQLException {
    try (ApplyFixture fixture = polled(ApplyFixture.shared(TABLE))) {
      fixture.tenant("1");
      fixture.onTarget("ALTER TABLE t ADD note text DEFAULT 'new'", "INSERT INTO t VALUES (1, 1, 'old', 'mine')");
      fixture.onSource("INSERT INTO t VALUES (1, 1, 'a'), (1, 2, 'b')");
      fixture.poll("t");
      fixture.apply();
      assertThat(fixture.target(ALL)).containsExactly("1|1|a|mine", "1|2|b|new");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"t ORDER BY id", "t ORDER BY id DESC"})
  void uniqueValuesThatRowsOfOnePollPassedOnOrSwappedEndRightAndAreNoConflict(String found) throws SQLException {
    try (ApplyFixture fixture = polled(ApplyFixture.shared(ACCOUNTS))) {
      ReplicaTenant one = fixture.tenant("1", ConflictPolicy.STOP, 1);
      fixture.onSource("INSERT INTO t SELECT 1, g, 'e' || g FROM generate_series(1, 9) g");
      fixture.poll("t");
      fixture.apply();
      fixture.onSource(
          "UPDATE t SET email = 'x' WHERE id = 1", "UPDATE t SET email = 'e1' WHERE id = 2", "UPDATE t SET email = 'e2' WHERE id = 1",
          "UPDATE t SET email = NULL WHERE id = 5", "UPDATE t SET email = 'e5' WHERE id = 6", "UPDATE t SET email = 'e6' WHERE id = 4",
          "INSERT INTO t VALUES (1, 0, 'e4')");
      fixture.poll(found);
      fixture.apply();
      assertThat(fixture.target(ALL)).isEqualTo(fixture.source(ALL));
      assertThat(fixture.target(CONFLICTS)).isEmpty();
      assertThat(one.status().error()).isNull();
      assertThat(one.status().conflicts()).isZero();
    }
  }

  @Test
  void valuesThatWereSwappedAcrossTheBatchesOfOnePollEndRight() throws SQLException {
    try (ApplyFixture fixture = polled(ApplyFixture.shared(ACCOUNTS))) {
      fixture.settings = Settings.batches(10);
      ReplicaTenant one = fixture.tenant("1", ConflictPolicy.STOP, 1);
      fixture.onSource("INSERT INTO t SELECT 1, g, 'e' || g FROM generate_series(1, 100) g");
      fixture.poll("t");
      fixture.apply();
      fixture.onSource("UPDATE t SET email = 'x' || (101 - id)", "UPDATE t SET email = replace(email, 'x', 'e')");
      fixture.poll("t ORDER BY id");
      fixture.apply();
      assertThat(fixture.target(ALL)).isEqualTo(fixture.source(ALL));
      assertThat(one.status().conflicts()).isZero();
      assertThat(fixture.target(CONFLICTS)).isEmpty();
    }
  }

  @Test
  void aValueThatADeletedRowHadAndANewOneTookIsAConflictAndTheStaleRowGoes() throws SQLException {
    try (ApplyFixture fixture = polled(ApplyFixture.shared(ACCOUNTS))) {
      ReplicaTenant one = fixture.tenant("1");
      fixture.onSource("INSERT INTO t SELECT 1, g, 'e' || g FROM generate_series(1, 3) g");
      fixture.poll("t");
      fixture.apply();
      fixture.onSource("DELETE FROM t WHERE id = 2", "INSERT INTO t VALUES (1, 4, 'e2')", "UPDATE t SET email = 'y' WHERE id = 1");
      fixture.poll("t WHERE id <> 3");
      fixture.apply();
      assertThat(fixture.target(ALL)).isEqualTo(fixture.source(ALL));
      assertThat(fixture.target(CONFLICTS)).containsExactly("unique_taken|2");
      assertThat(one.status().conflicts()).isEqualTo(1);
    }
  }

  @Test
  void aDeferrableUniqueValueThatIsSwappedEndsRight() throws SQLException {
    try (ApplyFixture fixture = polled(ApplyFixture.shared(
        "CREATE TABLE t (tenant_id int, id int, email text UNIQUE DEFERRABLE, PRIMARY KEY (tenant_id, id))"))) {
      ReplicaTenant one = fixture.tenant("1", ConflictPolicy.STOP, 1);
      fixture.onSource("INSERT INTO t VALUES (1, 1, 'a'), (1, 2, 'b')");
      fixture.poll("t");
      fixture.apply();
      fixture.transaction("SET CONSTRAINTS ALL DEFERRED", "UPDATE t SET email = 'b' WHERE id = 1",
          "UPDATE t SET email = 'a' WHERE id = 2");
      fixture.poll("t");
      fixture.apply();
      assertThat(fixture.target(ALL)).isEqualTo(fixture.source(ALL));
      assertThat(one.status().conflicts()).isZero();
    }
  }

  @Test
  void aRowThatWentToAnotherTenantWaitsForTheOldCopyAndComesOnceThatIsGone() throws SQLException {
    try (ApplyFixture fixture = polled(ApplyFixture.shared("CREATE TABLE t (tenant_id int, id int PRIMARY KEY, v text)"))) {
      fixture.tenant("1");
      ReplicaTenant two = fixture.tenant("2");
      fixture.onSource("INSERT INTO t VALUES (1, 1, 'a'), (2, 2, 'b')");
      fixture.poll("t");
      fixture.apply();
      fixture.onSource("UPDATE t SET tenant_id = 2, v = 'moved' WHERE id = 1");
      fixture.poll("t WHERE id = 1");
      fixture.applyUntil(() -> two.status().failures() > 0);
      assertThat(two.status().error().code()).isEqualTo(ErrorCode.KEY_TAKEN);
      assertThat(two.status().error().hint()).contains("helios-repl verify repair");
      assertThat(two.status().stopped()).isFalse();
      assertThat(fixture.target(ALL)).containsExactly("1|1|a", "2|2|b");

      fixture.onTarget("DELETE FROM t WHERE id = 1"); // As the old tenant's reconciliation does.
      fixture.applyUntil(() -> two.status().failures() == 0);
      assertThat(fixture.target(ALL)).isEqualTo(fixture.source(ALL));
      assertThat(two.status().conflicts()).isZero();
    }
  }

  @Test
  void rowsThatTwoTenantsExchangedAreLeftOutForTheirReconciliationsAndNeitherTenantStops() throws SQLException {
    try (ApplyFixture fixture = polled(ApplyFixture.shared("CREATE TABLE t (tenant_id int, id int PRIMARY KEY, v text)"))) {
      ReplicaTenant one = fixture.tenant("1");
      ReplicaTenant two = fixture.tenant("2");
      fixture.onSource("INSERT INTO t VALUES (1, 1, 'a'), (2, 2, 'b')");
      fixture.poll("t");
      fixture.apply();
      fixture.onSource("UPDATE t SET tenant_id = 3 - tenant_id", "INSERT INTO t VALUES (1, 11, 'later'), (2, 12, 'later')");
      fixture.poll("t");
      fixture.onSource("INSERT INTO t VALUES (1, 21, 'after'), (2, 22, 'after')");
      fixture.poll("t WHERE id > 20");
      fixture.applyUntil(() -> one.status().transactions() == 3 && two.status().transactions() == 3);
      assertThat(fixture.target(ALL)).containsExactly(
          "1|1|a", "1|11|later", "1|21|after", "2|2|b", "2|12|later", "2|22|after");
      assertThat(fixture.target("SELECT kind, row_key->>'id', tenant = '" + one.id() + "' FROM helios.conflict ORDER BY 2"))
          .containsExactly("key_taken|1|f", "key_taken|2|t");
      assertThat(one.status().conflicts()).isEqualTo(1);
      assertThat(one.status().error()).isNull();
      assertThat(two.status().error()).isNull();
    }
  }

  @Test
  void aDeferrableValueThatAnotherTenantHoldsIsLeftOutToo() throws SQLException {
    try (ApplyFixture fixture = polled(ApplyFixture.shared(
        "CREATE TABLE t (tenant_id int, id int, email text UNIQUE DEFERRABLE, PRIMARY KEY (tenant_id, id))"))) {
      ReplicaTenant one = fixture.tenant("1");
      fixture.onTarget("INSERT INTO t VALUES (7, 1, 'e')");
      fixture.onSource("INSERT INTO t VALUES (1, 1, 'e'), (1, 2, 'f')");
      fixture.poll("t");
      fixture.applyUntil(() -> one.status().transactions() == 1);
      assertThat(fixture.target(ALL)).containsExactly("1|2|f", "7|1|e");
      assertThat(fixture.target(CONFLICTS)).containsExactly("key_taken|1");
    }
  }

  @Test
  void underPolicyStopARowThatAnotherTenantHoldsStopsInsteadOfBeingLeftOut() throws SQLException {
    try (ApplyFixture fixture = polled(ApplyFixture.shared(
        "CREATE TABLE t (tenant_id int, id int, email text UNIQUE, PRIMARY KEY (tenant_id, id))"))) {
      ReplicaTenant one = fixture.tenant("1", ConflictPolicy.STOP, 1);
      fixture.onTarget("INSERT INTO t VALUES (7, 1, 'e')");
      fixture.onSource("INSERT INTO t VALUES (1, 1, 'e')");
      fixture.poll("t");
      fixture.applyUntilStopped(one);
      assertThat(one.status().error().code()).isEqualTo(ErrorCode.CONFLICT_STOPPED);
      assertThat(fixture.target(ALL)).containsExactly("7|1|e");
    }
  }

  @Test
  void aPolledRowWithoutAKeyIsRefused() throws SQLException {
    try (ApplyFixture fixture = polled(ApplyFixture.shared("CREATE TABLE t (tenant_id int, id int, v text)"))) {
      ReplicaTenant one = fixture.tenant("1");
      fixture.onSource("INSERT INTO t VALUES (1, 1, 'a')");
      fixture.poll("t");
      fixture.applyUntilStopped(one);
      assertThat(one.status().error().code()).isEqualTo(ErrorCode.POLLED_ROW_WITHOUT_KEY);
      assertThat(fixture.target(ALL)).isEmpty();
    }
  }
}
