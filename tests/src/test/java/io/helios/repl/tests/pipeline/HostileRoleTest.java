package io.helios.repl.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.status.Finding;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.fixture.Roles;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Somebody with ordinary rights at a target plants what PostgreSQL finds first when a name is not qualified
 * (CVE-2018-1058): functions, operators, types and casts. Each writes down whose rights it was run with.
 */
class HostileRoleTest {

  private static final String TABLE =
      "CREATE TABLE orders (tenant_id text, id int, note varchar(20), at timestamptz DEFAULT now(), tags text[], doc json,"
          + " price numeric(9, 2), PRIMARY KEY (tenant_id, id))";

  @TempDir Path directory;

  private static void as(String role, Database database, List<String> statements) throws Exception {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SET SESSION AUTHORIZATION " + role);
      statement.execute("SET search_path = pg_catalog, public");
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private static String mallory(Database target) throws Exception {
    String mallory = "mallory_" + target.name();
    target.execute(
        "CREATE ROLE " + mallory,
        "GRANT CREATE, USAGE ON SCHEMA public TO " + mallory,
        "GRANT CREATE ON DATABASE " + target.name() + " TO " + mallory,
        // Everybody's sessions look there first.
        "ALTER DATABASE " + target.name() + " SET search_path = public, pg_catalog");
    as(mallory, target, List.of(
        "CREATE TABLE public.caught (who text, how text)",
        "GRANT INSERT ON public.caught TO PUBLIC",
        "CREATE FUNCTION public.catch(how text) RETURNS void LANGUAGE plpgsql AS"
            + " 'BEGIN INSERT INTO public.caught VALUES (pg_catalog.current_user, how); END'"
                .replace("pg_catalog.current_user", "current_user")));
    return mallory;
  }

  private static List<String> plants() {
    List<String> plants = new ArrayList<>();
    for (String type : List.of("text", "name", "int4", "int8", "uuid", "oid", "pg_lsn", "bool", "timestamptz", "bpchar", "varchar", "numeric")) {
      for (String operator : List.of("=", "<>", "<", ">", ">=")) {
        String function = "planted_" + type + "_" + plants.size();
        plants.add("CREATE FUNCTION public." + function + "(pg_catalog." + type + ", pg_catalog." + type
            + ") RETURNS pg_catalog.bool LANGUAGE plpgsql AS 'BEGIN PERFORM public.catch(''operator " + operator + " of " + type
            + "''); RETURN true; END'");
        plants.add("CREATE OPERATOR public." + operator + " (LEFTARG = pg_catalog." + type + ", RIGHTARG = pg_catalog." + type
            + ", FUNCTION = public." + function + ")");
      }
    }
    for (String[] function : new String[][] {
      {"now()", "timestamptz", "pg_catalog.now()"},
      {"to_regclass(text)", "regclass", "NULL"},
      {"to_regprocedure(text)", "regprocedure", "NULL"},
      {"to_regnamespace(text)", "regnamespace", "NULL"},
      {"set_config(text, text, boolean)", "text", "NULL"},
      {"current_setting(text)", "text", "''0''"},
      {"pg_is_in_recovery()", "boolean", "false"},
      {"unnest(text[])", "text", "''x''"},
      {"unnest(integer[])", "integer", "0"},
      {"array_length(text[], integer)", "integer", "0"},
      {"md5(text)", "text", "''x''"},
      {"lower(text)", "text", "''x''"},
      {"length(text)", "integer", "0"},
      {"format_type(oid, integer)", "text", "''x''"},
      {"pg_get_expr(pg_node_tree, oid)", "text", "''x''"},
      {"has_table_privilege(oid, text)", "boolean", "true"},
      {"has_schema_privilege(oid, text)", "boolean", "true"},
      {"pg_has_role(oid, text)", "boolean", "true"},
      {"pg_advisory_xact_lock(bigint)", "void", "NULL"},
    }) {
      plants.add("CREATE FUNCTION public." + function[0] + " RETURNS " + function[1] + " LANGUAGE plpgsql AS 'BEGIN PERFORM"
          + " public.catch(''function " + function[0] + "''); RETURN " + (function[1].equals("void") ? "" : function[2])
          + "; END'");
    }
    // Types of built-in names, with a check that runs when something is cast to them.
    plants.add("CREATE FUNCTION public.watch(pg_catalog.text, pg_catalog.text) RETURNS bool LANGUAGE plpgsql AS"
        + " 'BEGIN PERFORM public.catch(''type '' OPERATOR(pg_catalog.||) $1); RETURN true; END'");
    for (String type : List.of("text", "uuid", "int4", "int8", "pg_lsn", "varchar", "numeric", "jsonb", "json", "name", "oid")) {
      plants.add("CREATE DOMAIN public." + type + " AS pg_catalog." + type + " CHECK (public.watch('" + type
          + "', VALUE::pg_catalog.text))");
    }
    // A cast needs a type of one's own; this one would be taken for text that is compared with it.
    plants.add("CREATE TYPE public.bait AS (v pg_catalog.text)");
    plants.add("CREATE FUNCTION public.to_bait(pg_catalog.text) RETURNS public.bait LANGUAGE plpgsql AS"
        + " 'BEGIN PERFORM public.catch(''cast''); RETURN ROW($1); END'");
    plants.add("CREATE CAST (pg_catalog.text AS public.bait) WITH FUNCTION public.to_bait(pg_catalog.text) AS IMPLICIT");
    return plants;
  }

  @ParameterizedTest
  @ValueSource(ints = {15, 18})
  void whatIsPlantedInPublicIsNeverRunWithTheAppliersRights(int major) throws Exception {
    Database source = Database.create(Postgres.shared(major, "source"));
    Database target = Database.create(Postgres.shared(major, "target"));
    source.execute(
        TABLE,
        "INSERT INTO orders SELECT 'a', i, 'x', now(), '{q}', '{}', 1.5 FROM generate_series(1, 50) i");
    var applier = Roles.target(target, major);
    as(mallory(target), target, plants());
    assertThat(target.query("SELECT 'a'::pg_catalog.text = 'b'::pg_catalog.text"))
        .as("an unqualified operator is taken over here")
        .containsExactly("t");
    target.execute("TRUNCATE public.caught");
    try (Replication replication =
        new Replication(directory, source, source.settings(), target, applier, new Tenancy.ByColumn("tenant_id"), null)) {
      assertThat(replication.fleet.checkTarget("copy")).noneMatch(Finding::isError);
      replication.fleet.prepareTarget("copy", true);
      replication.fleet.prepareTarget("copy", false);
      UUID a = replication.start("a");
      source.execute(
          "UPDATE orders SET note = 'y', price = 2 WHERE id > 25",
          "DELETE FROM orders WHERE id < 5",
          "UPDATE orders SET id = id + 1000 WHERE id = 30",
          "INSERT INTO orders VALUES ('a', 60, 'new', '-infinity', NULL, '[1]', 3)");
      replication.catchUp(a);
      // What somebody else wrote at the target is met as a conflict.
      target.transaction(
          "SET LOCAL session_replication_role = replica", "SET LOCAL search_path = ''",
          "INSERT INTO public.orders (tenant_id, id, note) VALUES ('a', 61, 'foreign')",
          "DELETE FROM public.orders WHERE id OPERATOR(pg_catalog.=) 60");
      source.execute("INSERT INTO orders (tenant_id, id) VALUES ('a', 61)", "UPDATE orders SET note = 'z' WHERE id = 60");
      replication.catchUp(a);
      assertThat(Fleet.await(replication.fleet.verify(a, Replication.PATIENCE), Replication.PATIENCE).equal()).isTrue();
      assertThat(replication.fleet.status(a).conflicts()).isEqualTo(2);
      replication.fleet.resyncTenant(a);
      replication.becomes(a, TenantState.COPYING);
      replication.becomes(a, TenantState.STREAMING);
      replication.fleet.sequences(a);
      replication.fleet.removeTenant(a, true);
    }
    assertThat(target.query("SELECT how FROM public.caught WHERE who OPERATOR(pg_catalog.=) '" + applier.user() + "'"))
        .isEmpty();
  }

  @Test
  void aSchemaHeliosThatSomebodyMadeFirstIsNotUsed() throws Exception {
    Database source = Database.create(Postgres.shared(17, "source"));
    Database target = Database.create(Postgres.shared(17, "target"));
    source.execute(TABLE);
    var applier = Roles.target(target, 17);
    String mallory = mallory(target);
    as(mallory, target, List.of(
        "CREATE SCHEMA helios",
        "GRANT ALL ON SCHEMA helios TO PUBLIC",
        "CREATE FUNCTION helios.version() RETURNS int LANGUAGE plpgsql AS"
            + " 'BEGIN PERFORM public.catch(''view''); RETURN 0; END'",
        "CREATE VIEW helios.version AS SELECT helios.version() AS version",
        "GRANT SELECT ON helios.version TO PUBLIC"));
    try (Replication replication =
        new Replication(directory, source, source.settings(), target, applier, new Tenancy.ByColumn("tenant_id"), null)) {
      assertThat(replication.fleet.checkTarget("copy")).filteredOn(Finding::isError).singleElement()
          .satisfies(f -> {
            assertThat(f.code()).isEqualTo(ErrorCode.TARGET_SCHEMA_FOREIGN);
            assertThat(f.message()).contains(mallory);
          });
      UUID a = replication.add("a", DesiredState.CREATED);
      replication.fleet.startTenant(a);
      assertThat(Objects.requireNonNull(replication.becomes(a, TenantState.FAILED).error()).code())
          .isEqualTo(ErrorCode.TARGET_SCHEMA_FOREIGN);
      assertThat(target.query("SELECT how FROM public.caught")).isEmpty();
      target.execute("DROP SCHEMA helios CASCADE");
      replication.fleet.startTenant(a);
      replication.becomes(a, TenantState.STREAMING);
    }
  }
}
