package io.helios.repl.tests.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.postgres.schema.DefinitionScope;
import io.helios.repl.postgres.schema.Definitions;
import io.helios.repl.postgres.schema.DumpPolicy;
import io.helios.repl.postgres.schema.SchemaPlan;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.sql.Connection;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which materialized views of a target are filled, with whose rights. */
class MaterializedViewsTest {

  private final Database source = Database.create(Postgres.shared(14, "source"));

  private static final String[] VIEWS = {
    "CREATE SCHEMA s; CREATE TABLE s.t (a int); INSERT INTO s.t VALUES (1), (2)",
    "CREATE MATERIALIZED VIEW s.z AS SELECT sum(a) AS a FROM s.t WITH NO DATA",
    "CREATE VIEW s.v AS SELECT a FROM s.z",
    "CREATE MATERIALIZED VIEW s.\"A b\" AS SELECT a FROM s.v WITH NO DATA",
    "CREATE MATERIALIZED VIEW s.never AS SELECT 1 AS a WITH NO DATA",
    "CREATE SCHEMA other; CREATE MATERIALIZED VIEW other.m AS SELECT 1 AS a WITH NO DATA",
  };

  private static final String[] FILLED = {
    "REFRESH MATERIALIZED VIEW s.z; REFRESH MATERIALIZED VIEW s.\"A b\"; REFRESH MATERIALIZED VIEW other.m"
  };

  private SchemaPlan fill(Database target, DefinitionScope scope) throws Exception {
    try (Connection from = source.connect();
        Connection to = target.connect()) {
      return Definitions.read(from, source.settings(), scope, DumpPolicy.NONE).fill(from, to);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 18})
  void thoseWithRowsAtTheSourceAreFilledOnceInTheOrderInWhichTheyReadEachOther(int major) throws Exception {
    Database target = Database.create(Postgres.shared(major, "target"));
    source.execute(VIEWS);
    source.execute(FILLED);
    target.execute(VIEWS);
    SchemaPlan done = fill(target, DefinitionScope.of("s"));
    assertThat(done.statements()).containsExactly("-- 2 materialized views filled");
    assertThat(done.leftOut()).isEmpty();
    assertThat(target.value("SELECT a FROM s.\"A b\"")).isEqualTo("3");
    assertThat(target.query("SELECT oid::regclass FROM pg_class WHERE relkind = 'm' AND NOT relispopulated ORDER BY 1"))
        .as("those that nobody fills at the source, and other tenants'")
        .containsExactlyInAnyOrder("s.never", "other.m");
    target.execute("INSERT INTO s.t VALUES (10)");
    assertThat(fill(target, DefinitionScope.DATABASE).statements()).as("what has rows stays as it is").containsExactly("-- 1 materialized view filled");
    assertThat(target.value("SELECT a FROM s.z")).isEqualTo("3");
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 18})
  void nobodysCodeRunsWithAnothersRights(int major) throws Exception {
    Database target = Database.create(Postgres.shared(major, "target"));
    String owner = "o_" + target.name();
    String stranger = "x_" + target.name();
    String[] views = {
      "CREATE SCHEMA s; GRANT ALL ON SCHEMA s TO PUBLIC",
      "CREATE FUNCTION s.own() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION s.strange() RETURNS int LANGUAGE sql AS 'SELECT 2'",
      "CREATE DOMAIN s.checked AS int CHECK (VALUE > s.strange())",
      "CREATE MATERIALIZED VIEW s.by_own AS SELECT s.own() AS a WITH NO DATA",
      "CREATE MATERIALIZED VIEW s.by_strange AS SELECT s.own() AS a, s.strange() AS b WITH NO DATA",
      "CREATE VIEW s.between AS SELECT s.strange() AS a; CREATE MATERIALIZED VIEW s.by_view AS SELECT a FROM s.between WITH NO DATA",
      "CREATE MATERIALIZED VIEW s.by_domain AS SELECT 5::s.checked AS a WITH NO DATA",
      "CREATE MATERIALIZED VIEW s.of_superuser AS SELECT s.own() AS a WITH NO DATA",
      "CREATE MATERIALIZED VIEW s.fails AS SELECT 1 / (a - a) AS a FROM pg_catalog.generate_series(1, 2) a WITH NO DATA",
    };
    source.execute(views);
    source.execute(
        "CREATE OR REPLACE FUNCTION s.strange() RETURNS int LANGUAGE sql AS 'SELECT 2'",
        "UPDATE pg_class SET relispopulated = true WHERE relkind = 'm'");
    target.execute("CREATE ROLE " + owner, "CREATE ROLE " + stranger);
    target.execute(views);
    target.execute("ALTER FUNCTION s.own() OWNER TO " + owner, "ALTER FUNCTION s.strange() OWNER TO " + stranger);
    for (String view : new String[] {"by_own", "by_strange", "by_view", "by_domain", "fails"}) {
      target.execute("ALTER MATERIALIZED VIEW s." + view + " OWNER TO " + owner);
    }
    try {
      SchemaPlan done = fill(target, DefinitionScope.of("s"));
      assertThat(done.statements()).containsExactly("-- 1 materialized view filled");
      assertThat(target.query("SELECT oid::regclass FROM pg_class WHERE relkind = 'm' AND relispopulated")).containsExactly("s.by_own");
      assertThat(done.leftOut())
          .hasSize(5)
          .anySatisfy(line -> assertThat(line).startsWith("rows of materialized view s.by_strange: it calls s.strange()"))
          .anySatisfy(line -> assertThat(line).startsWith("rows of materialized view s.by_view: it calls s.strange()"))
          .anySatisfy(line -> assertThat(line).startsWith("rows of materialized view s.by_domain: it calls s.strange()"))
          .anySatisfy(line -> assertThat(line).startsWith("rows of materialized view s.of_superuser: it calls s.own()"))
          .anySatisfy(line -> assertThat(line).startsWith("rows of materialized view s.fails: its REFRESH failed"));
    } finally {
      target.execute("DROP SCHEMA s CASCADE", "DROP ROLE " + owner, "DROP ROLE " + stranger);
    }
  }
}
