package io.helios.repl.tests.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.IdentityIndex;
import io.helios.repl.postgres.SequenceState;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.TableDefinition.ColumnDefinition;
import io.helios.repl.postgres.TableStorage;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tests.fixture.Postgres;
import java.sql.Connection;
import java.sql.ResultSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CatalogTest {

  @Test
  void readingAPartitionedTableLeavesNoLockOnItsPartitions() throws Exception {
    try (Connection connection = database(
        17,
        "CREATE TABLE part (id int) PARTITION BY LIST (id)",
        "CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1) PARTITION BY LIST (id)",
        "CREATE TABLE part_1_1 PARTITION OF part_1 FOR VALUES IN (1)")) {
      connection.setAutoCommit(false);
      TableDefinition root = Catalog.table(connection, "public", "part").orElseThrow();
      assertThat(Catalog.leafPartitions(connection, List.of(root)).get(root.oid()))
          .extracting(TableDefinition::name)
          .containsExactly("part_1_1");
      TableStorage.read(connection, List.of(root));
      try (ResultSet locked = connection.createStatement().executeQuery(
          "SELECT FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE l.pid = pg_backend_pid() AND c.relname LIKE 'part%'")) {
        assertThat(locked.next()).as("else it and a TRUNCATE could wait for each other").isFalse();
      }
      connection.rollback();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 17, 18})
  void listsOrdinaryTablesAndPartitionedRootsThatTheFilterTakes(int major) throws Exception {
    try (Connection connection = database(
        major,
        "CREATE TABLE plain (id int PRIMARY KEY)",
        "CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY)",
        "CREATE TABLE part (id int, at date) PARTITION BY RANGE (at)",
        "CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY LIST (id)",
        "CREATE TABLE part_1_1 PARTITION OF part_1 FOR VALUES IN (1)",
        "CREATE VIEW seen AS SELECT 1 AS x",
        "CREATE SCHEMA helios CREATE TABLE replica (id int)",
        "CREATE SCHEMA \"Odd.Schema\" CREATE TABLE \"a\"\"b\" (id int) CREATE TABLE excluded (id int)")) {
      connection.createStatement().execute("CREATE TEMP TABLE passing (id int)");
      TableFilter filter = new TableFilter(List.of("*.*", "!*.excluded"));

      assertThat(Catalog.tables(connection, filter::matches))
          .extracting(TableDefinition::qualifiedName)
          .containsExactly("Odd.Schema.a\"b", "public.part", "public.plain", "public.unlogged");
      assertThat(Catalog.table(connection, "public", "part").orElseThrow().kind()).isEqualTo('p');
      assertThat(Catalog.table(connection, "public", "part_1")).isEmpty();
      assertThat(Catalog.table(connection, "public", "seen")).isEmpty();
      assertThat(Catalog.table(connection, "helios", "replica")).isPresent();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 17, 18})
  void describesColumnsWithTheirTypesAsSqlThatMeansTheSameEverywhere(int major) throws Exception {
    try (Connection connection = database(
        major,
        "CREATE SCHEMA kinds CREATE TABLE unused ()",
        "CREATE TYPE kinds.mood AS ENUM ('ok', 'sad')",
        "CREATE DOMAIN kinds.positive AS int CHECK (VALUE > 0)",
        "CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY, gone int, b varchar(10) NOT NULL DEFAULT 'x', m kinds.mood,"
            + " p kinds.positive[], g int GENERATED ALWAYS AS (1 + 1) STORED, n numeric(8,2), s serial)",
        "ALTER TABLE t DROP COLUMN gone")) {
      connection.createStatement().execute("SET search_path = kinds, public");

      List<ColumnDefinition> columns = Catalog.table(connection, "public", "t").orElseThrow().columns();

      assertThat(columns).extracting(ColumnDefinition::name).containsExactly("a", "b", "m", "p", "g", "n", "s");
      assertThat(columns).extracting(ColumnDefinition::number).containsExactly(1, 3, 4, 5, 6, 7, 8);
      assertThat(columns)
          .extracting(ColumnDefinition::typeSql)
          .containsExactly("integer", "character varying(10)", "kinds.mood", "kinds.positive[]", "integer",
              "numeric(8,2)", "integer");
      assertThat(columns).extracting(ColumnDefinition::typeKind).containsExactly('b', 'b', 'e', 'b', 'b', 'b', 'b');
      assertThat(columns)
          .extracting(ColumnDefinition::notNull)
          .containsExactly(true, true, false, false, false, false, true);
      assertThat(columns)
          .extracting(ColumnDefinition::defaultSql)
          .containsExactly(null, "'x'::character varying", null, null, "(1 + 1)", null,
              "nextval('public.t_s_seq'::regclass)");
      assertThat(columns).extracting(ColumnDefinition::identity).containsExactly('a', ' ', ' ', ' ', ' ', ' ', ' ');
      assertThat(columns).extracting(ColumnDefinition::generated).containsExactly(' ', ' ', ' ', ' ', 's', ' ', ' ');
      try (ResultSet row = connection.createStatement().executeQuery("SHOW search_path")) {
        row.next();
        assertThat(row.getString(1)).isEqualTo("kinds, public");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 17, 18})
  void knowsWhichColumnsNameARowInTheWal(int major) throws Exception {
    try (Connection connection = database(
        major,
        "CREATE TABLE by_key (a int, b int, c int, PRIMARY KEY (b, a))",
        "CREATE TABLE by_index (a int NOT NULL, b int NOT NULL, c int, UNIQUE (b, a) INCLUDE (c))",
        "ALTER TABLE by_index REPLICA IDENTITY USING INDEX by_index_b_a_c_key",
        "CREATE TABLE by_row (a int, b int, g int GENERATED ALWAYS AS (1) STORED)",
        "ALTER TABLE by_row REPLICA IDENTITY FULL",
        "CREATE TABLE by_nothing (a int PRIMARY KEY)",
        "ALTER TABLE by_nothing REPLICA IDENTITY NOTHING",
        "CREATE TABLE deferred (a int PRIMARY KEY DEFERRABLE)",
        "CREATE TABLE keyless (a int)",
        "CREATE TABLE many (a int PRIMARY KEY, b int UNIQUE, c text, d int, e int)",
        "CREATE UNIQUE INDEX ON many (lower(c), d)",
        "CREATE UNIQUE INDEX ON many (e) WHERE d > 0")) {
      assertThat(table(connection, "by_key").primaryKey()).containsExactly("b", "a");
      assertThat(table(connection, "by_key").identityKey()).containsExactly("b", "a");
      assertThat(table(connection, "by_index").primaryKey()).isEmpty();
      assertThat(table(connection, "by_index").identityKey()).containsExactly("b", "a");
      assertThat(table(connection, "by_index").uniqueKeys()).containsExactly(List.of("b", "a"));
      assertThat(table(connection, "by_row").identityKey()).containsExactly("a", "b");
      assertThat(table(connection, "by_nothing").identityKey()).isEmpty();
      assertThat(table(connection, "deferred").primaryKey()).containsExactly("a");
      assertThat(table(connection, "deferred").identityKey()).isEmpty();
      assertThat(table(connection, "deferred").deferrableKeys()).isTrue();
      assertThat(table(connection, "keyless").identityKey()).isEmpty();
      assertThat(table(connection, "many").deferrableKeys()).isFalse();
      assertThat(table(connection, "many").uniqueKeys())
          .containsExactly(List.of("b"), List.of("d", "c"), List.of("e"));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 17, 18})
  void estimatesRowsAndBytesWithPartitionsCounted(int major) throws Exception {
    try (Connection connection = database(
        major,
        "CREATE TABLE never (a int)",
        "CREATE TABLE part (a int) PARTITION BY LIST (a)",
        "CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1)",
        "CREATE TABLE part_2 PARTITION OF part FOR VALUES IN (2)",
        "INSERT INTO part SELECT 1 + g % 2 FROM generate_series(1, 1000) g",
        "ANALYZE part_1",
        "ANALYZE part_2")) {
      assertThat(table(connection, "never").estimatedRows()).isEqualTo(-1);
      assertThat(table(connection, "part").estimatedRows()).isEqualTo(1000);
      assertThat(table(connection, "part").bytes()).isGreaterThanOrEqualTo(2 * 8192);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 17, 18})
  void readsTheSequencesThatFeedATable(int major) throws Exception {
    try (Connection connection = database(
        major,
        "CREATE SEQUENCE loose AS smallint INCREMENT -2 CYCLE CACHE 5",
        "CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY (START 7 INCREMENT 3), b serial,"
            + " c int DEFAULT nextval('loose'), d int)",
        "INSERT INTO t (d) VALUES (1), (2)",
        "CREATE ROLE nobody_%d".formatted(major))) {
      int oid = table(connection, "t").oid();
      List<SequenceState> sequences = SequenceState.read(connection, List.of(oid));

      assertThat(sequences).extracting(SequenceState::name).containsExactly("loose", "t_a_seq", "t_b_seq");
      assertThat(sequences).extracting(SequenceState::column).containsExactly("c", "a", "b");
      assertThat(sequences).extracting(SequenceState::tie).containsExactly('n', 'i', 'a');
      assertThat(sequences).extracting(SequenceState::lastValue).containsExactly(-9L, 10L, 2L);
      assertThat(sequences.getFirst().cycle()).isTrue();

      connection.createStatement().execute("SET ROLE nobody_" + major);
      assertThat(SequenceState.read(connection, List.of(oid)))
          .allSatisfy(s -> assertThat(s.lastValue()).isNull())
          .noneMatch(SequenceState::readable);
    }
  }

  @Test
  void leafPartitionsAreFoundAtAnyDepthWithTheirOwnIdentity() throws Exception {
    try (Connection connection = database(
        17,
        "CREATE TABLE part (a int PRIMARY KEY) PARTITION BY LIST (a)",
        "CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1)",
        "CREATE TABLE part_x PARTITION OF part DEFAULT PARTITION BY HASH (a)",
        "CREATE TABLE part_x_0 PARTITION OF part_x FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
        "ALTER TABLE part_x_0 REPLICA IDENTITY FULL")) {
      TableDefinition root = table(connection, "part");
      assertThat(Catalog.leafPartitions(connection, List.of(root)).get(root.oid()))
          .extracting(TableDefinition::name, TableDefinition::replicaIdentity)
          .containsExactly(tuple("part_1", 'd'), tuple("part_x_0", 'f'));
    }
  }

  @Test
  void anIdentityIndexIsOneThatPostgresTakes() throws Exception {
    try (Connection connection = database(
        17,
        "CREATE TABLE t (a int NOT NULL, b int NOT NULL, c int, g int GENERATED ALWAYS AS (a) STORED NOT NULL)",
        "CREATE UNIQUE INDEX fit ON t (b, a) INCLUDE (c)",
        "CREATE UNIQUE INDEX nullable ON t (c)",
        "CREATE UNIQUE INDEX partial ON t (a) WHERE b > 0",
        "CREATE UNIQUE INDEX expression ON t ((a + 1), b)",
        "CREATE UNIQUE INDEX generated ON t (g)",
        "CREATE INDEX plain ON t (a)",
        "ALTER TABLE t ADD CONSTRAINT deferred UNIQUE (a) DEFERRABLE, ADD CONSTRAINT pk PRIMARY KEY (a, b)")) {
      int oid = table(connection, "t").oid();
      assertThat(IdentityIndex.read(connection, List.of(oid)).get(oid))
          .containsExactly(
              new IdentityIndex("pk", true, List.of("a", "b")), new IdentityIndex("fit", false, List.of("b", "a")));
    }
  }

  @Test
  void aNotNullThatWasNeverValidatedIsNone() throws Exception {
    try (Connection connection = database(
        18,
        "CREATE TABLE t (a int, b int)",
        "ALTER TABLE t ADD CONSTRAINT later NOT NULL a NOT VALID, ADD CONSTRAINT now NOT NULL b")) {
      assertThat(table(connection, "t").columns())
          .extracting(ColumnDefinition::notNull)
          .containsExactly(false, true);
    }
  }

  private static TableDefinition table(Connection connection, String name) throws Exception {
    return Catalog.table(connection, "public", name).orElseThrow();
  }

  private static Connection database(int major, String... statements) throws Exception {
    LocalPostgres server = Postgres.shared(major, "source");
    String database = Postgres.createDatabase(server);
    Postgres.execute(server, database, statements);
    return server.connect(database);
  }
}
