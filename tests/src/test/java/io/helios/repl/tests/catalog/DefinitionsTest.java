package io.helios.repl.tests.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.helios.repl.apply.TargetPreparation;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.schema.DefinitionScope;
import io.helios.repl.postgres.schema.Definitions;
import io.helios.repl.postgres.schema.DumpPolicy;
import io.helios.repl.postgres.schema.SchemaComparison;
import io.helios.repl.postgres.schema.SchemaPlan;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.PgDumps;
import io.helios.repl.tests.fixture.Postgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a tenant with a schema or a database of its own finds at its target besides its tables. */
class DefinitionsTest {

  private static final AtomicInteger ROLES = new AtomicInteger();

  private static final String[] SHOP = {
    "CREATE SCHEMA shop",
    "COMMENT ON SCHEMA shop IS 'a tenant''s'",
    "CREATE TYPE shop.kind AS ENUM ('a', 'b;''')",
    "CREATE DOMAIN shop.amount AS int CHECK (VALUE >= 0)",
    "CREATE TYPE shop.pair AS (one int, two shop.kind)",
    "CREATE TABLE shop.customers (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, kind shop.kind)",
    "CREATE FUNCTION shop.code() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'c' || (SELECT count(*) FROM shop.orders); END $$",
    "CREATE TABLE shop.orders (id serial PRIMARY KEY, customer int REFERENCES shop.customers, total shop.amount,"
        + " code text DEFAULT shop.code(), at date NOT NULL DEFAULT '2026-01-01')",
    "CREATE TABLE shop.parted (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)",
    "CREATE TABLE shop.parted_1 PARTITION OF shop.parted FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    "CREATE FUNCTION shop.total(int) RETURNS bigint LANGUAGE sql STABLE BEGIN ATOMIC"
        + " SELECT sum(total) FROM shop.orders WHERE customer = $1; END",
    "CREATE PROCEDURE shop.clear() LANGUAGE sql AS 'DELETE FROM shop.orders'",
    "CREATE AGGREGATE shop.most(int) (SFUNC = int4larger, STYPE = int)",
    "CREATE VIEW shop.totals AS SELECT c.id, c.name, shop.total(c.id) AS total FROM shop.customers c",
    "CREATE MATERIALIZED VIEW shop.daily AS SELECT at, count(*) AS orders FROM shop.orders GROUP BY at",
    "CREATE UNIQUE INDEX daily_at ON shop.daily (at)",
    "CREATE FUNCTION shop.stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.code := NEW.code || '!'; RETURN NEW; END $$",
    "CREATE TRIGGER stamp BEFORE INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.stamp()",
    "CREATE TRIGGER always BEFORE INSERT ON shop.customers FOR EACH ROW EXECUTE FUNCTION shop.stamp()",
    "ALTER TABLE shop.customers ENABLE ALWAYS TRIGGER always",
    "CREATE RULE none AS ON DELETE TO shop.customers DO INSTEAD NOTHING",
    "ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE shop.orders FORCE ROW LEVEL SECURITY",
    "CREATE POLICY mine ON shop.orders USING (total < 100)",
    "CREATE STATISTICS shop.both ON customer, at FROM shop.orders",
    "COMMENT ON TABLE shop.orders IS 'orders'",
    "COMMENT ON COLUMN shop.orders.code IS 'a code'",
    "CREATE SEQUENCE shop.alone",
  };

  private static DumpPolicy policy(boolean dumped) {
    return dumped ? DumpPolicy.AUTO : DumpPolicy.NONE;
  }

  private static List<TableDefinition> tables(Connection source, DefinitionScope scope) throws SQLException {
    return Catalog.tables(source, (schema, table) -> scope.takes(schema));
  }

  private static SchemaPlan prepare(
      ConnectionSettings source, ConnectionSettings target, DefinitionScope scope, DumpPolicy policy) throws SQLException {
    try (Connection from = PgConnections.open(source, "test", null);
        Connection to = PgConnections.openForDefinitions(target, "test", null)) {
      return TargetPreparation.run(
          to, "shop-eu", from, tables(from, scope), Definitions.read(from, source, scope, policy));
    }
  }

  private static SchemaPlan prepare(Database source, Database target, DefinitionScope scope) throws SQLException {
    return prepare(source.settings(), target.settings(), scope, DumpPolicy.AUTO);
  }

  private static SchemaPlan plan(Database source, Database target, DefinitionScope scope, DumpPolicy policy)
      throws SQLException {
    try (Connection from = PgConnections.open(source.settings(), "test", null);
        Connection to = PgConnections.open(target.settings(), "test", null)) {
      return TargetPreparation.plan(
          to, from, tables(from, scope), Definitions.read(from, source.settings(), scope, policy));
    }
  }

  private static Database source(int major, String... setup) {
    Database source = Database.create(Postgres.shared(major, "source"));
    source.execute(setup);
    return source;
  }

  private static Database target(int major) {
    return Database.create(Postgres.shared(major, "target"));
  }

  @Test
  void everythingOfASchemaIsMadeAndTheSecondTimeNothing() throws Exception {
    isMadeOnce(17);
  }

  @Tag("long")
  @ParameterizedTest
  @ValueSource(ints = {14, 15, 18})
  void everythingOfASchemaIsMadeWhateverTheTargetRuns(int to) throws Exception {
    isMadeOnce(to);
  }

  private static void isMadeOnce(int to) throws Exception {
    PgDumps.assumeFits(14);
    DefinitionScope shop = DefinitionScope.of("shop");
    Database source = source(14, SHOP);
    Database target = target(to);
    SchemaPlan planned = plan(source, target, shop, DumpPolicy.AUTO);
    assertThat(target.value("SELECT count(*) FROM pg_namespace WHERE nspname IN ('shop', 'helios')")).isEqualTo("0");

    SchemaPlan done = prepare(source, target, shop);

    assertThat(done.leftOut())
        .as("%s", done)
        .containsExactlyInAnyOrderElementsOf(planned.leftOut())
        .anySatisfy(line -> assertThat(line).startsWith("trigger shop.customers always").contains("ALWAYS"))
        .anySatisfy(line -> assertThat(line).startsWith("sequence shop.alone"))
        .hasSize(2);
    assertThat(done.statements()).last().asString().startsWith("-- by pg_dump ").contains("1 procedure, 3 functions");
    assertThat(planned.statements()).last().isEqualTo(done.statements().getLast());
    target.execute(
        "SET session_replication_role = replica; INSERT INTO shop.customers (name, kind) VALUES ('x', 'b;''');"
            + " INSERT INTO shop.orders (customer, total) VALUES (1, 5); RESET session_replication_role",
        "INSERT INTO shop.orders (customer, total) VALUES (1, 7)",
        "REFRESH MATERIALIZED VIEW shop.daily");
    assertThat(target.query("SELECT * FROM shop.totals")).containsExactly("1|x|12");
    assertThat(target.query("SELECT code FROM shop.orders ORDER BY id")).containsExactly("c0", "c1!");
    assertThat(target.query("SELECT orders FROM shop.daily")).containsExactly("2");
    assertThat(target.value("SELECT shop.most(total) FROM shop.orders")).isEqualTo("7");
    target.execute("DELETE FROM shop.customers");
    assertThat(target.value("SELECT count(*) FROM shop.customers")).as("the rule holds").isEqualTo("1");
    assertThatThrownBy(() -> target.execute("INSERT INTO shop.orders (customer) VALUES (99)")).rootCause()
        .hasMessageContaining("orders_customer_fkey");
    assertThat(target.query(
            "SELECT relrowsecurity, relforcerowsecurity, obj_description(oid, 'pg_class') FROM pg_class WHERE relname = 'orders'"))
        .containsExactly("t|t|orders");
    assertThat(target.value("SELECT obj_description('shop'::regnamespace, 'pg_namespace')")).isEqualTo("a tenant's");
    assertThat(target.value("SELECT col_description('shop.orders'::regclass, 4)")).isEqualTo("a code");
    assertThat(target.value("SELECT count(*) FROM pg_statistic_ext")).isEqualTo("1");
    assertThat(target.value("SELECT count(*) FROM shop.parted_1")).isEqualTo("0");
    try (Connection from = source.connect();
        Connection there = target.connect()) {
      assertThat(SchemaComparison.compare(from, there, tables(from, shop))).isEmpty();
    }

    SchemaPlan again = prepare(source, target, shop);

    assertThat(again.statements()).isEmpty();
    assertThat(again.leftOut()).containsExactlyInAnyOrderElementsOf(done.leftOut());
    assertThat(plan(source, target, shop, DumpPolicy.AUTO).isEmpty()).isTrue();
  }

  @Test
  void withoutAFittingPgDumpTablesAreMadeAndTheRestIsToldByName() throws Exception {
    int from = 17;
    DefinitionScope shop = DefinitionScope.of("shop");
    Database source = source(from, SHOP);
    Database target = target(18);
    DumpPolicy policy = policy(PgDumps.newest() < from);

    SchemaPlan planned = plan(source, target, shop, policy);
    SchemaPlan done = prepare(source.settings(), target.settings(), shop, policy);

    assertThat(done.leftOut())
        .containsExactlyInAnyOrderElementsOf(planned.leftOut())
        .contains(
            "3 functions: shop.code(), shop.stamp(), shop.total(integer)",
            "1 materialized view: shop.daily",
            "1 view: shop.totals",
            "2 triggers: always on shop.customers, stamp on shop.orders",
            "1 policy: mine on shop.orders",
            "1 foreign key: orders_customer_fkey on shop.orders",
            "1 rule: \"none\" on shop.customers",
            "2 row-level security: forced, of shop.orders, of shop.orders")
        .anySatisfy(line -> assertThat(line).startsWith("default of shop.orders.code: calls shop.code"));
    assertThat(target.value("SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'shop'::regnamespace"))
        .isEqualTo("4");
    assertThat(plan(source, target, shop, policy).isEmpty()).isTrue();
  }

  @Test
  void aWholeDatabaseComesWithoutWhatIsOurs() throws Exception {
    PgDumps.assumeFits(14);
    Database source = source(14, SHOP);
    source.execute(
        "CREATE EXTENSION IF NOT EXISTS pgcrypto",
        "CREATE SCHEMA helios; CREATE FUNCTION helios.guard() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER helios_guard BEFORE INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION helios.guard()",
        "CREATE SCHEMA empty; CREATE FUNCTION empty.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION empty.e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "CREATE FUNCTION empty.kind(text) RETURNS shop.kind LANGUAGE sql AS 'SELECT ''a''::shop.kind'",
        "CREATE CAST (text AS shop.kind) WITH FUNCTION empty.kind(text) AS ASSIGNMENT",
        "CREATE TABLE shop.child () INHERITS (shop.customers)",
        "CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION empty.e()");
    Database target = target(17);

    SchemaPlan done = prepare(source, target, DefinitionScope.DATABASE);

    assertThat(target.value("SELECT empty.f()")).isEqualTo("1");
    assertThat(target.value("SELECT count(*) FROM pg_trigger WHERE tgname = 'helios_guard'")).isEqualTo("0");
    assertThat(target.value("SELECT count(*) FROM pg_event_trigger")).isEqualTo("0");
    assertThat(done.leftOut()).anySatisfy(line -> assertThat(line).startsWith("event trigger watch:"));
    assertThat(done.leftOut()).anySatisfy(line -> assertThat(line).startsWith("cast CAST (text AS shop.kind):"));
    assertThat(done.leftOut()).contains("1 inheritance: of shop.child from shop.customers");
    assertThat(target.value("SELECT count(*) FROM pg_cast WHERE oid >= 16384")).isEqualTo("0");
    assertThat(done.leftOut()).noneSatisfy(line -> assertThat(line).contains("helios"));
    assertThat(target.value("SELECT length(public.digest('a', 'md5'))")).isEqualTo("16");
  }

  @Test
  void viewsThatCrossTenantsComeOnceBothAreThere() throws Exception {
    PgDumps.assumeFits(14);
    Database source = source(
        14,
        "CREATE SCHEMA one; CREATE SCHEMA two; CREATE TABLE one.t (a int PRIMARY KEY); CREATE TABLE two.t (a int PRIMARY KEY)",
        "CREATE VIEW one.both AS SELECT a FROM one.t UNION ALL SELECT a FROM two.t",
        "CREATE VIEW two.all AS SELECT * FROM one.both");
    Database target = target(17);

    assertThat(prepare(source, target, DefinitionScope.of("one")).leftOut())
        .containsExactly("view one.both: relation \"two.t\" does not exist (SQLSTATE 42P01)");
    assertThat(prepare(source, target, DefinitionScope.of("two")).leftOut()).hasSize(1);
    assertThat(prepare(source, target, DefinitionScope.of("one")).leftOut()).isEmpty();
    assertThat(prepare(source, target, DefinitionScope.of("two")).leftOut()).isEmpty();
    assertThat(target.query("SELECT * FROM two.all")).isEmpty();
  }

  @Test
  void namesAreNamesWhateverTheySay() throws Exception {
    PgDumps.assumeFits(14);
    String hostile = "a\"b'; DROP SCHEMA x;\n-- Name: é*.?$1 \\";
    String q = Identifiers.quote(hostile);
    Database source = source(
        14,
        "CREATE SCHEMA " + q + "; CREATE SCHEMA \"a\"\"b'; DROP SCHEMA x;\n-- Name: eé*.?$1 \\\"",
        "CREATE TABLE " + q + "." + q + " (" + q + " int PRIMARY KEY)",
        "CREATE FUNCTION " + q + "." + q + "() RETURNS text LANGUAGE sql AS"
            + " $x$ SELECT 'DROP SCHEMA x;\n$$\n--\n-- Name: f; Type: FUNCTION\n' $x$",
        "CREATE VIEW " + q + ".v AS SELECT " + q + ", " + q + "." + q + "() AS f FROM " + q + "." + q,
        "CREATE TRIGGER " + q + " BEFORE INSERT ON " + q + "." + q
            + " FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "COMMENT ON TABLE " + q + "." + q + " IS 'it''s \\ $x$'",
        "GRANT SELECT ON " + q + "." + q + " TO PUBLIC");
    Database target = target(17);

    assertThat(prepare(source, target, DefinitionScope.of(hostile)).leftOut()).isEmpty();

    target.execute("SET session_replication_role = replica; INSERT INTO " + q + "." + q + " VALUES (1)");
    assertThat(target.value("SELECT f FROM " + q + ".v")).contains("Name: f");
    assertThat(target.value("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'a%'")).isEqualTo("1");
    assertThat(target.value("SELECT has_table_privilege('pg_monitor', '" + hostileTable(q) + "', 'SELECT')")).isEqualTo("t");
    assertThat(target.value("SELECT count(*) FROM pg_trigger WHERE tgrelid = '" + hostileTable(q) + "'::regclass")).isEqualTo("1");
  }

  private static String hostileTable(String q) {
    return (q + "." + q).replace("'", "''");
  }

  @Test
  void nothingRunsWithRightsThatItsOwnerDoesNotHave() throws Exception {
    PgDumps.assumeFits(14);
    String tenant = "definer" + ROLES.incrementAndGet();
    String other = "reader" + ROLES.incrementAndGet();
    Database source = source(
        14,
        "CREATE ROLE " + tenant + "; CREATE ROLE " + other,
        "CREATE SCHEMA s AUTHORIZATION " + tenant,
        "SET ROLE " + tenant + "; CREATE TABLE s.t (a int PRIMARY KEY, b int);"
            + "CREATE FUNCTION s.evil() RETURNS text SECURITY DEFINER LANGUAGE sql AS 'SELECT current_user::text';"
            + "CREATE FUNCTION s.mild() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';"
            + "REVOKE ALL ON FUNCTION s.mild() FROM PUBLIC;"
            + "CREATE VIEW s.v AS SELECT * FROM s.t;"
            + "CREATE INDEX by_code ON s.t ((b + s.mild()));"
            + "GRANT SELECT, UPDATE (b) ON s.t TO " + other);
    Database target = target(17);
    DefinitionScope scope = DefinitionScope.of("s");

    SchemaPlan without = prepare(source, target, scope);

    assertThat(without.leftOut())
        .anySatisfy(line -> assertThat(line).startsWith("function s.evil():").contains("CREATE ROLE \"" + tenant + "\""))
        .anySatisfy(line -> assertThat(line).startsWith("view s.v:").contains("CREATE ROLE \"" + tenant + "\""))
        .anySatisfy(line -> assertThat(line).startsWith("index by_code of s.t: calls s.mild"))
        .anySatisfy(line -> assertThat(line).startsWith("owner " + tenant + " of "))
        .anySatisfy(line -> assertThat(line).contains("role \"" + other + "\" does not exist"));
    assertThat(target.query("SELECT proname FROM pg_proc WHERE pronamespace = 's'::regnamespace")).containsExactly("mild");
    assertThat(target.value("SELECT has_function_privilege('pg_monitor', 's.mild()', 'EXECUTE')")).isEqualTo("f");

    target.execute("CREATE ROLE " + tenant + "; CREATE ROLE " + other);
    assertThat(prepare(source, target, scope).leftOut()).isEmpty();
    assertThat(target.value("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'v'")).isEqualTo(tenant);
    Database fresh = target(17);
    assertThat(prepare(source, fresh, scope).leftOut()).singleElement().asString().startsWith("index by_code");

    assertThat(fresh.value("SELECT s.evil()")).isEqualTo(tenant);
    assertThat(fresh.query(
            "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 's'::regnamespace AND relkind IN ('r', 'v')"))
        .containsExactly(tenant);
    assertThat(fresh.value("SELECT has_column_privilege('" + other + "', 's.t', 'b', 'UPDATE')"
            + " AND NOT has_column_privilege('" + other + "', 's.t', 'a', 'UPDATE')"))
        .isEqualTo("t");
  }

  @Test
  void nothingThatATenantWroteRunsWhileItsDefinitionsAreMade() throws Exception {
    PgDumps.assumeFits(14);
    Database source = source(
        14,
        "CREATE SCHEMA s",
        "CREATE FUNCTION s.log() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.ran VALUES (current_user); RETURN 1; END $$",
        "CREATE FUNCTION s.f(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN"
            + " IF to_regclass('public.ran') IS NOT NULL THEN PERFORM s.log(); END IF; RETURN 1; END $$",
        "CREATE DOMAIN s.d AS int DEFAULT s.f(1) CHECK (VALUE + s.f(1) > 0)",
        "CREATE TYPE s.c AS (a s.d)",
        "CREATE TABLE s.t (a int PRIMARY KEY, b int DEFAULT s.f(1), g int GENERATED ALWAYS AS (a + s.f(1)) STORED,"
            + " CHECK (a + s.f(1) > 0))",
        "CREATE INDEX by_f ON s.t ((b + s.f(1)))",
        "CREATE TABLE s.p (a int, b int) PARTITION BY RANGE ((a + s.f(b + s.f(1))))",
        "CREATE VIEW s.v AS SELECT '(1)'::s.c AS c, s.f(1) AS f",
        "CREATE MATERIALIZED VIEW s.m AS SELECT a, s.f(1) AS f FROM s.t",
        "CREATE INDEX m_by_f ON s.m ((a + s.f(1)))",
        "CREATE INDEX m_by_a ON s.m (a)",
        "CREATE STATISTICS s.x ON (a + s.f(1)), b FROM s.t",
        "CREATE TRIGGER w BEFORE INSERT ON s.t FOR EACH ROW WHEN (NEW.a > s.f(1)) EXECUTE FUNCTION"
            + " suppress_redundant_updates_trigger()",
        "CREATE RULE r AS ON UPDATE TO s.t WHERE s.f(1) = 2 DO ALSO SELECT s.f(1)",
        "CREATE POLICY y ON s.t USING (s.f(1) = 1)");
    Database target = target(17);
    target.execute("CREATE TABLE public.ran (who text)");

    SchemaPlan done = prepare(source, target, DefinitionScope.of("s"));

    assertThat(target.query("SELECT * FROM public.ran")).isEmpty();
    assertThat(done.leftOut())
        .anySatisfy(line -> assertThat(line).startsWith("index s.m_by_f:"))
        .anySatisfy(line -> assertThat(line).startsWith("statistics s.x:"))
        .anySatisfy(line -> assertThat(line).startsWith("table s.p:"));
    assertThat(target.value("SELECT count(*) FROM pg_class WHERE relname IN ('v', 'm', 'm_by_a', 't')")).isEqualTo("4");
    target.execute("SET session_replication_role = replica; INSERT INTO s.t (a, b) VALUES (1, 1)");
    assertThat(target.query("SELECT * FROM public.ran")).as("nor as the applier").isEmpty();
    assertThat(target.value("SELECT s.f(1)")).isEqualTo("1");
    assertThat(target.query("SELECT * FROM public.ran")).as("it would have been seen").hasSize(1);
  }

  @Test
  void whoMayNotGiveAwayLeavesOutWhatWouldRunAsHimself() throws Exception {
    PgDumps.assumeFits(14);
    String tenant = "plain" + ROLES.incrementAndGet();
    String applier = "applying" + ROLES.incrementAndGet();
    Database source = source(
        14,
        "CREATE ROLE " + tenant,
        "CREATE SCHEMA s AUTHORIZATION " + tenant,
        "SET ROLE " + tenant + "; CREATE TABLE s.t (a int PRIMARY KEY); CREATE VIEW s.v AS SELECT * FROM s.t");
    Database target = target(17);
    target.execute(
        "CREATE ROLE " + tenant + "; CREATE ROLE " + applier + " LOGIN",
        "GRANT CREATE ON DATABASE " + target.name() + " TO " + applier + "; GRANT SET ON PARAMETER session_replication_role TO "
            + applier);
    ConnectionSettings as =
        new ConnectionSettings("127.0.0.1", target.server().port(), target.name(), applier, null, Map.of());
    DefinitionScope scope = DefinitionScope.of("s");

    assertThat(prepare(source.settings(), as, scope, DumpPolicy.AUTO).leftOut())
        .anySatisfy(line ->
            assertThat(line).startsWith("view s.v:").endsWith("GRANT \"" + tenant + "\" TO \"" + applier + "\""));
    assertThat(target.value("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 't'")).isEqualTo(applier);

    target.execute("DROP SCHEMA s CASCADE; GRANT " + tenant + " TO " + applier);
    assertThat(prepare(source.settings(), as, scope, DumpPolicy.AUTO).leftOut()).isEmpty();
    assertThat(target.value("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'v'")).isEqualTo(tenant);
  }

  @Test
  void withoutARestrictivePolicyTheOthersShowNothing() throws Exception {
    PgDumps.assumeFits(14);
    String role = "bound" + ROLES.incrementAndGet();
    Database source = source(
        14,
        "CREATE ROLE " + role + "; CREATE SCHEMA s; CREATE TABLE s.t (a int PRIMARY KEY); ALTER TABLE s.t ENABLE ROW LEVEL SECURITY",
        "CREATE FUNCTION s.sees(int) RETURNS bool SECURITY DEFINER LANGUAGE sql AS 'SELECT $1 = 1'",
        "ALTER FUNCTION s.sees(int) OWNER TO " + role,
        "CREATE POLICY all_of_them ON s.t USING (true)",
        "CREATE POLICY less ON s.t AS RESTRICTIVE USING (s.sees(a))",
        "GRANT USAGE ON SCHEMA s TO PUBLIC; GRANT SELECT ON s.t TO PUBLIC");
    Database target = target(17);

    SchemaPlan done = prepare(source, target, DefinitionScope.of("s"));

    assertThat(done.leftOut())
        .anySatisfy(line -> assertThat(line).startsWith("policy s.t less:"))
        .anySatisfy(line -> assertThat(line).startsWith("every policy on \"s\".\"t\":"));
    target.execute("INSERT INTO s.t VALUES (1)");
    assertThat(target.query("SELECT relrowsecurity FROM pg_class WHERE relname = 't'")).containsExactly("t");
    assertThat(target.value("SELECT count(*) FROM pg_policy")).isEqualTo("0");
  }

  @Test
  void whatIsBrokenOffInTheMiddleHasNotHappenedAndIsDoneAnew() throws Exception {
    PgDumps.assumeFits(14);
    DefinitionScope shop = DefinitionScope.of("shop");
    Database source = source(14, SHOP);
    Database target = target(17);
    target.execute(
        "CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS"
            + " $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '40001'; END $$",
        "CREATE EVENT TRIGGER refuse ON ddl_command_end WHEN TAG IN ('CREATE TRIGGER') EXECUTE FUNCTION public.refuse()");

    assertThatThrownBy(() -> prepare(source, target, shop)).isInstanceOf(TransientException.class);

    assertThat(target.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'shop'")).isEqualTo("0");
    target.execute("DROP EVENT TRIGGER refuse");
    assertThat(prepare(source, target, shop).leftOut()).hasSize(2);
    assertThat(target.value("SELECT count(*) FROM pg_trigger WHERE tgname = 'stamp'")).isEqualTo("1");
  }

  @Test
  void aRightThatCannotBeTakenAwayStopsEverything() throws Exception {
    PgDumps.assumeFits(14);
    Database source = source(
        14,
        "CREATE SCHEMA s; CREATE TABLE s.t (a int PRIMARY KEY)",
        "CREATE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; REVOKE ALL ON FUNCTION s.f() FROM PUBLIC");
    Database target = target(17);
    target.execute(
        "CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'never'; END $$",
        "CREATE EVENT TRIGGER refuse ON ddl_command_end WHEN TAG IN ('REVOKE') EXECUTE FUNCTION public.refuse()");

    OperatorException refused = catchThrowableOfType(
        OperatorException.class, () -> prepareIn(source, target, DefinitionScope.of("s")));

    assertThat(refused.problem().code()).isEqualTo(ErrorCode.DEFINITION_OPENS_MORE);
    assertThat(target.value("SELECT count(*) FROM pg_namespace WHERE nspname = 's'")).isEqualTo("0");
  }

  /** Without schema helios, which takes rights away too. */
  private static SchemaPlan prepareIn(Database source, Database target, DefinitionScope scope) throws SQLException {
    try (Connection from = PgConnections.open(source.settings(), "test", null);
        Connection to = PgConnections.openForDefinitions(target.settings(), "test", null)) {
      return Definitions.read(from, source.settings(), scope, DumpPolicy.AUTO).create(from, to, tables(from, scope));
    }
  }

  @Test
  void aTableThatWasThereStaysAsItIs() throws Exception {
    PgDumps.assumeFits(14);
    Database source = source(14, SHOP);
    Database target = target(17);
    target.execute(
        "CREATE SCHEMA shop; CREATE TABLE shop.orders (id int PRIMARY KEY)",
        "CREATE FUNCTION shop.total(int) RETURNS bigint LANGUAGE sql AS 'SELECT 99::bigint'");

    SchemaPlan done = prepare(source, target, DefinitionScope.of("shop"));

    assertThat(target.value("SELECT shop.total(1)")).isEqualTo("99");
    assertThat(target.value("SELECT relrowsecurity FROM pg_class WHERE relname = 'orders'")).isEqualTo("f");
    assertThat(done.leftOut())
        .contains("trigger shop.orders stamp: the target had \"shop\".\"orders\" before, and it stays as it is");
  }

  @Test
  void whatPgDumpIsRefusedIsToldAndNothingIsMade(@TempDir Path directory) throws Exception {
    PgDumps.assumeFits(14);
    String role = "weak" + ROLES.incrementAndGet();
    Database source = source(
        14, "CREATE ROLE " + role + " LOGIN PASSWORD 'geheim%1'; CREATE SCHEMA s; CREATE TABLE s.t (a int PRIMARY KEY)");
    ConnectionSettings as =
        new ConnectionSettings("127.0.0.1", source.server().port(), source.name(), role, "geheim%1", Map.of());
    try (Connection from = source.connect()) {
      OperatorException refused = catchThrowableOfType(
          OperatorException.class, () -> Definitions.read(from, as, DefinitionScope.of("s"), DumpPolicy.AUTO));
      assertThat(refused.problem().code()).isEqualTo(ErrorCode.PG_DUMP_FAILED);
      assertThat(refused.problem().why()).contains("permission denied");

      Path shouting = program(directory, "#!/bin/sh\n[ \"$1\" = --version ] && echo 'pg_dump (PostgreSQL) 18.1' && exit\n"
          + "echo \"$PGPASSWORD $*\" >&2; env | grep -c . >&2; exit 1\n");
      OperatorException hidden = catchThrowableOfType(
          OperatorException.class,
          () -> Definitions.read(from, as, DefinitionScope.of("s"), new DumpPolicy(true, shouting)));
      assertThat(hidden.problem().why()).startsWith("… --format=custom").doesNotContain("geheim");

      Path old = program(directory, "#!/bin/sh\necho 'pg_dump (PostgreSQL) 13.1'\n");
      for (Path unfit : List.of(old, directory.resolve("none"))) {
        OperatorException unusable = catchThrowableOfType(
            OperatorException.class,
            () -> Definitions.read(from, as, DefinitionScope.of("s"), new DumpPolicy(true, unfit)));
        assertThat(unusable.problem().code()).isEqualTo(ErrorCode.PG_DUMP_UNUSABLE);
      }
    }
  }

  private static Path program(Path directory, String script) throws Exception {
    Path program = Files.createTempFile(
        directory, "pg_dump", "", PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    return Files.writeString(program, script);
  }
}
