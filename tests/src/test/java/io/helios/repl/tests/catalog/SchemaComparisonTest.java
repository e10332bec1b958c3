package io.helios.repl.tests.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.schema.SchemaComparison;
import io.helios.repl.tests.fixture.Postgres;
import java.sql.Connection;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SchemaComparisonTest {

  private static final String FULL = "; ALTER TABLE t REPLICA IDENTITY FULL";

  private static final String MORE =
      ", which is about more rows, or takes more of them for equal, than those of the source: it would refuse rows that the"
          + " source has";

  static Stream<Arguments> mismatches() {
    return Stream.of(
        one("CREATE TABLE t (a int PRIMARY KEY)", "", "public.t: is missing on the target"),
        one(
            "CREATE TABLE t (a int PRIMARY KEY, b int, c int GENERATED ALWAYS AS (a) STORED)",
            "CREATE TABLE t (a int PRIMARY KEY)",
            "public.t: column b is missing on the target",
            "public.t: column c is missing on the target"),
        one(
            "CREATE TABLE t (a int PRIMARY KEY, b varchar(9), c numeric(8,2)[])",
            "CREATE TABLE t (a bigint PRIMARY KEY, b varchar(8), c numeric(8,1)[])",
            "public.t: column a is integer on the source and bigint on the target",
            "public.t: column b is character varying(9) on the source and character varying(8) on the target",
            "public.t: column c is numeric(8,2)[] on the source and numeric(8,1)[] on the target"),
        one(
            "CREATE TABLE t (a int, b int, PRIMARY KEY (a, b))",
            "CREATE TABLE t (a int NOT NULL, b int)",
            "public.t: has the key (a, b) on the source and none on the target"),
        one(
            "CREATE TABLE t (a int, b int NOT NULL UNIQUE, PRIMARY KEY (a))",
            "CREATE TABLE t (a int NOT NULL, b int PRIMARY KEY)",
            "public.t: has the key (a) on the source and (b) on the target"),
        one(
            "CREATE TABLE t (a int NOT NULL, b int, CONSTRAINT k UNIQUE (a)); ALTER TABLE t REPLICA IDENTITY USING INDEX k",
            "CREATE TABLE t (a int NOT NULL, b int)",
            "public.t: has the key (a) on the source and none on the target"),
        one(
            "CREATE TABLE t (a int PRIMARY KEY, b int)",
            "CREATE TABLE t (a int PRIMARY KEY, b int UNIQUE)",
            "public.t: is unique by (b) on the target only: it would refuse rows that the source has"),
        one(
            "CREATE TABLE t (a int, b int, c int)" + FULL,
            "CREATE TABLE t (a int, b int, c int NOT NULL, d int NOT NULL, PRIMARY KEY (a, b))",
            "public.t: column a may be null on the source and is NOT NULL on the target",
            "public.t: column b may be null on the source and is NOT NULL on the target",
            "public.t: column c may be null on the source and is NOT NULL on the target",
            "public.t: column d is NOT NULL without a default on the target and missing on the source",
            "public.t: is unique by (a, b) on the target only: it would refuse rows that the source has"),
        one(
            "CREATE TABLE t (a int PRIMARY KEY, b int GENERATED ALWAYS AS (a) STORED, c int,"
                + " d int GENERATED ALWAYS AS (a + 1) STORED)",
            "CREATE TABLE t (a int PRIMARY KEY, b int, c int GENERATED ALWAYS AS (a) STORED,"
                + " d int GENERATED ALWAYS AS (a + 2) STORED)",
            "public.t: column b is generated on the source and plain on the target, where nothing would fill it",
            "public.t: column c is plain on the source and generated on the target, where it cannot be written",
            "public.t: column d is generated from another expression on the target"),
        one(
            "CREATE TABLE t (a int PRIMARY KEY, b int, gone bool); CREATE UNIQUE INDEX u ON t (b) WHERE NOT gone",
            "CREATE TABLE t (a int PRIMARY KEY, b int, gone bool); CREATE UNIQUE INDEX u ON t (b)",
            "public.t: has the unique index u on the target" + MORE),
        one(
            "CREATE TABLE t (a int PRIMARY KEY, b text UNIQUE)",
            "CREATE TABLE t (a int PRIMARY KEY, b text); CREATE UNIQUE INDEX u ON t (lower(b))",
            "public.t: has the unique index u on the target" + MORE),
        one(
            "CREATE TABLE t (a int PRIMARY KEY, b int, CONSTRAINT u UNIQUE (b))",
            "CREATE TABLE t (a int PRIMARY KEY, b int, CONSTRAINT u UNIQUE NULLS NOT DISTINCT (b))",
            "public.t: has the unique index u on the target" + MORE),
        one(
            "CREATE TABLE t (a int PRIMARY KEY, b text NOT NULL UNIQUE, c int);"
                + "CREATE UNIQUE INDEX u ON t (lower(b)) WHERE c > 0",
            "CREATE TABLE t (a int PRIMARY KEY, b text NOT NULL, c int, UNIQUE NULLS NOT DISTINCT (b));"
                + "CREATE UNIQUE INDEX u ON t (lower(b), c) WHERE c > 0"),
        one(
            "CREATE TABLE t (a int)",
            "CREATE TABLE t (a int)",
            "public.t: has no replica identity on the source: its updates and deletes cannot be published"),
        one(
            "CREATE TYPE e AS ENUM ('a', 'b', 'c'); CREATE DOMAIN d AS int NOT NULL; CREATE TYPE p AS (x int, e e);"
                + "CREATE TABLE t (a int PRIMARY KEY, e e, d d[], p p)",
            "CREATE TYPE e AS ENUM ('b', 'z'); CREATE DOMAIN d AS bigint; CREATE TYPE p AS (x int, y int);"
                + "CREATE TABLE t (a int PRIMARY KEY, e e, d d[], p p)",
            "type public.e: lacks 'a', 'c' on the target",
            "type public.d: is DOMAIN AS integer NOT NULL on the source and DOMAIN AS bigint on the target",
            "type public.p: is TYPE AS (\"x\" integer, \"e\" public.e) on the source and TYPE AS (\"x\" integer,"
                + " \"y\" integer) on the target"));
  }

  private static Arguments one(String source, String target, String... mismatches) {
    return Arguments.of(source, target, List.of(mismatches));
  }

  @ParameterizedTest
  @MethodSource("mismatches")
  void everyMismatchIsListed(String source, String target, List<String> mismatches) throws Exception {
    assertThat(compare(source, target)).containsExactlyInAnyOrderElementsOf(mismatches);
  }

  @Test
  void aTargetMayHaveMoreColumnsInAnotherOrderAndWiderKeys() throws Exception {
    assertThat(compare(
            "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (a int PRIMARY KEY, b text NOT NULL, c int UNIQUE, e e)",
            "CREATE TYPE e AS ENUM ('z', 'a');"
                + "CREATE TABLE t (shard int DEFAULT 1, e e, b text, c int, a int, more text, n int NOT NULL DEFAULT 1,"
                + " i int GENERATED ALWAYS AS IDENTITY, g int NOT NULL GENERATED ALWAYS AS (a) STORED,"
                + " PRIMARY KEY (shard, a), UNIQUE (shard, c))"))
        .isEmpty();
  }

  private static List<String> compare(String source, String target) throws Exception {
    LocalPostgres server = Postgres.shared(17, "source");
    String sourceName = Postgres.createDatabase(server);
    String targetName = Postgres.createDatabase(server);
    Postgres.execute(server, sourceName, source);
    Postgres.execute(server, targetName, target);
    try (Connection from = server.connect(sourceName);
        Connection to = server.connect(targetName)) {
      return SchemaComparison.compare(from, to, Catalog.tables(from, (schema, name) -> true));
    }
  }
}
