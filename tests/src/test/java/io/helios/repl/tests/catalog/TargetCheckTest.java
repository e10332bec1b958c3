package io.helios.repl.tests.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.apply.TargetCheck;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import io.helios.repl.tests.fixture.Postgres;
import java.sql.Connection;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each finding appears for its cause, to a plain role, and is gone once its hint has been run. */
class TargetCheckTest {

  private static final String T = "CREATE TABLE t (a int PRIMARY KEY, b int)";
  private static final String FUNCTION =
      "; CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1';"
          + "CREATE FUNCTION trig() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';";

  static Stream<Arguments> mendedByTheirHints() {
    return Stream.of(
        one(ErrorCode.TABLE_UNFIT, T, "CREATE TABLE t (a int PRIMARY KEY)"),
        one(
            ErrorCode.TABLE_UNFIT,
            "CREATE TABLE t (a int PRIMARY KEY, b int GENERATED ALWAYS AS (a + 1) STORED)",
            "CREATE TABLE t (a int PRIMARY KEY)"),
        one(ErrorCode.TABLE_UNFIT, T, "CREATE TABLE t (a int PRIMARY KEY, b text)"),
        one(ErrorCode.TABLE_UNFIT, T, "CREATE TABLE t (a int NOT NULL, b int)"),
        one(ErrorCode.TABLE_UNFIT, T, "CREATE TABLE t (a int PRIMARY KEY, b int NOT NULL)"),
        one(ErrorCode.TABLE_UNFIT, T, "CREATE TABLE t (a int PRIMARY KEY, b int, c int NOT NULL)"),
        one(ErrorCode.TABLE_UNFIT, T, "CREATE TABLE t (a int PRIMARY KEY, b int GENERATED ALWAYS AS (a) STORED)"),
        one(
            ErrorCode.TABLE_UNFIT,
            "CREATE TABLE t (a int PRIMARY KEY, b int GENERATED ALWAYS AS (a) STORED)",
            T),
        one(
            ErrorCode.TABLE_UNFIT,
            "CREATE TYPE e AS ENUM ('it''s', 'b'); CREATE TABLE t (a e PRIMARY KEY)",
            "CREATE TYPE e AS ENUM ('b'); CREATE TABLE t (a e PRIMARY KEY)"),
        one(ErrorCode.TARGET_UNLOGGED, T, "CREATE UNLOGGED TABLE t (a int PRIMARY KEY, b int)"),
        one(ErrorCode.TARGET_ROWS_HIDDEN, T, T + "; ALTER TABLE t ENABLE ROW LEVEL SECURITY"),
        one(
            ErrorCode.FIRES_WHILE_APPLYING,
            T,
            T + FUNCTION + "CREATE TRIGGER \"Always\" BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION trig();"
                + "ALTER TABLE t ENABLE ALWAYS TRIGGER \"Always\""),
        one(
            ErrorCode.FIRES_WHILE_APPLYING,
            T,
            T + "; CREATE RULE away AS ON DELETE TO t DO INSTEAD NOTHING; ALTER TABLE t ENABLE REPLICA RULE away"),
        one(ErrorCode.CODE_WHILE_APPLYING, T, T + FUNCTION + "ALTER TABLE t ADD c int DEFAULT f(1)"),
        one(ErrorCode.CODE_WHILE_APPLYING, T, T + FUNCTION + "ALTER TABLE t ADD CHECK (f(a) > 0)"),
        one(ErrorCode.CODE_WHILE_APPLYING, T, T + FUNCTION + "CREATE INDEX ON t (f(b))"),
        one(
            ErrorCode.CODE_WHILE_APPLYING,
            "CREATE DOMAIN d AS int; CREATE TABLE t (a int PRIMARY KEY, b d)",
            T + FUNCTION + "CREATE DOMAIN d AS int CHECK (f(VALUE) > 0);"
                + "ALTER TABLE t ALTER b TYPE d"),
        one(
            ErrorCode.CODE_WHILE_APPLYING,
            "CREATE DOMAIN d AS int; CREATE TYPE pair AS (x int, y d[]); CREATE TABLE t (a int PRIMARY KEY, b pair)",
            FUNCTION.substring(2) + "CREATE DOMAIN d AS int CHECK (f(VALUE) > 0); CREATE TYPE pair AS (x int, y d[]);"
                + "CREATE TABLE t (a int PRIMARY KEY, b pair)"));
  }

  private static Arguments one(ErrorCode code, String source, String target) {
    return Arguments.of(code, source, target);
  }

  @ParameterizedTest
  @MethodSource("mendedByTheirHints")
  void aFindingIsGoneOnceItsHintIsRun(ErrorCode code, String source, String target) throws Exception {
    Pair pair = new Pair(Postgres.shared(17, "source"), source, target).ready();
    List<Finding> found = pair.check().stream().filter(f -> f.severity() != Severity.INFO).toList();
    assertThat(found).extracting(Finding::code).containsExactly(code);

    pair.run(found.getFirst().hint());

    assertThat(pair.check()).allMatch(f -> f.severity() == Severity.INFO);
  }

  @Test
  void whatAPlainRoleLacksComesWithItsGrants() throws Exception {
    Pair pair = new Pair(
        Postgres.shared(17, "source"),
        "CREATE TABLE t (a int PRIMARY KEY, b text); CREATE SCHEMA \"New\" CREATE TABLE \"T\" (a int PRIMARY KEY);"
            + "CREATE TABLE p (a int PRIMARY KEY) PARTITION BY LIST (a); CREATE TABLE p_1 PARTITION OF p DEFAULT",
        "CREATE TABLE t (a int PRIMARY KEY, b text);"
            + "CREATE TABLE p (a int PRIMARY KEY) PARTITION BY LIST (a); CREATE TABLE p_1 PARTITION OF p DEFAULT");
    pair.run("REVOKE ALL ON SCHEMA public FROM PUBLIC");

    List<Finding> found = pair.check();

    assertThat(found).filteredOn(Finding::isError).extracting(Finding::code)
        .containsExactlyInAnyOrder(
            ErrorCode.TARGET_SCHEMA_NOT_PERMITTED, ErrorCode.REPLICA_ROLE_NOT_PERMITTED, ErrorCode.TABLE_NOT_WRITABLE,
            ErrorCode.TABLE_NOT_WRITABLE, ErrorCode.TABLE_NOT_WRITABLE, ErrorCode.TABLE_NOT_THERE);
    assertThat(found).filteredOn(f -> f.code() == ErrorCode.TABLE_NOT_WRITABLE).extracting(Finding::message)
        .containsExactlyInAnyOrder(
            "target \"shop-eu\": public.t: role \"" + pair.role
                + "\" lacks SELECT, INSERT, UPDATE, DELETE, TRIGGER",
            "target \"shop-eu\": public.p: role \"" + pair.role
                + "\" lacks SELECT, INSERT, UPDATE, DELETE, TRIGGER",
            "target \"shop-eu\": public.p_1: role \"" + pair.role + "\" lacks TRIGGER");

    found.stream().filter(Finding::isError).map(Finding::hint).forEach(pair::run);

    assertThat(pair.check()).allMatch(f -> f.severity() == Severity.INFO);
  }

  @Test
  void onFourteenOnlyASuperuserMayApply() throws Exception {
    Pair pair = new Pair(Postgres.shared(14, "source"), T, T);
    Finding finding = the(pair.check(), ErrorCode.REPLICA_ROLE_NOT_PERMITTED);
    assertThat(finding.hint()).isEqualTo("ALTER ROLE \"" + pair.role + "\" SUPERUSER;");
    pair.run(finding.hint());
    assertThat(pair.check()).noneMatch(Finding::isError);
  }

  @Test
  void tablesThatWillBeCreatedAreANoteWithTheirSqlAndWhatIsLeftOut() throws Exception {
    Pair pair = new Pair(
            Postgres.shared(17, "source"), "CREATE TABLE u (id int PRIMARY KEY);" + T + "; ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES u", "")
        .ready();
    List<Finding> found = pair.check();
    assertThat(found).noneMatch(Finding::isError);
    assertThat(the(found, ErrorCode.TABLE_NOT_THERE).message())
        .isEqualTo("target \"shop-eu\" lacks tables, which will be created: public.t, public.u");
    assertThat(the(found, ErrorCode.DEFINITION_LEFT_OUT).message())
        .isEqualTo("target \"shop-eu\" will not have: foreign key t_b_fkey of public.t");
    pair.run(the(found, ErrorCode.TABLE_NOT_THERE).hint());
    assertThat(pair.check()).extracting(Finding::code).doesNotContain(ErrorCode.TABLE_NOT_THERE);
  }

  @Test
  void aNameThatIsTakenIsSaid() throws Exception {
    Pair pair = new Pair(
            Postgres.shared(17, "source"),
            T + "; CREATE TABLE u (a int PRIMARY KEY)",
            "CREATE VIEW t AS SELECT 1 AS a; CREATE TABLE r (a int) PARTITION BY LIST (a);"
                + "CREATE TABLE u PARTITION OF r DEFAULT")
        .ready();
    assertThat(pair.check()).filteredOn(Finding::isError).extracting(Finding::message)
        .containsExactly(
            "target \"shop-eu\": public.t is a view on the target",
            "target \"shop-eu\": public.u is a partition on the target");
  }

  @Test
  void theSourceItselfIsNoTarget() throws Exception {
    Pair pair = new Pair(Postgres.shared(17, "source"), T, "");
    try (Connection source = pair.source();
        Connection same = pair.source()) {
      assertThat(the(TargetCheck.run(same, "shop-eu", source, List.of()), ErrorCode.TARGET_IS_SOURCE).message())
          .isEqualTo("target \"shop-eu\" is the same database as the source: " + pair.sourceDatabase);
      assertThat(TargetCheck.run(same, "shop-eu", null, List.of())).extracting(Finding::code)
          .containsExactly(ErrorCode.TARGET_IDENTITY);
    }
  }

  @Test
  void readOnlyDefaultsAndOtherEncodingsAreWarnedOf() throws Exception {
    Pair pair = new Pair(Postgres.shared(17, "source"), T, "").ready();
    pair.run("ALTER ROLE " + pair.role + " SET default_transaction_read_only = on");
    Finding readOnly = the(pair.check(), ErrorCode.TARGET_READ_ONLY);
    pair.run(readOnly.hint());
    assertThat(pair.check()).extracting(Finding::code).doesNotContain(ErrorCode.TARGET_READ_ONLY);

    Postgres.execute(
        pair.server, "postgres", "CREATE DATABASE latin_target TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
    try (Connection source = pair.source();
        Connection latin = pair.server.connect("latin_target")) {
      assertThat(the(TargetCheck.run(latin, "shop-eu", source, List.of()), ErrorCode.ENCODING_DIFFERS).message())
          .isEqualTo("target \"shop-eu\" is in LATIN1, its source in UTF8");
    }
  }

  private static Finding the(List<Finding> findings, ErrorCode code) {
    assertThat(findings).extracting(Finding::code).contains(code);
    return findings.stream().filter(f -> f.code() == code).findFirst().orElseThrow();
  }
}
