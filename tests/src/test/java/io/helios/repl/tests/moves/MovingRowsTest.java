package io.helios.repl.tests.moves;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Rows that move between tenants. By column it is an update of the tenant's column; by schema a delete here and an insert
 * there; by database there is but one tenant, so nothing can move.
 */
class MovingRowsTest {

  private static final Tenancy BY_COLUMN = new Tenancy.ByColumn("tenant_id");

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  private Replication replicate(Tenancy tenancy) {
    return new Replication(directory, source, target, tenancy, null);
  }

  /** Tables by what finds a row: its key with the tenant in it, a key of its own with the tenant beside, the whole row. */
  private void tables() {
    source.execute(
        "CREATE TABLE keyed (tenant_id text, id int, v text, big text, PRIMARY KEY (tenant_id, id))",
        "CREATE TABLE beside (tenant_id text NOT NULL, id int PRIMARY KEY, v text, big text)",
        "CREATE UNIQUE INDEX beside_identity ON beside (tenant_id, id)",
        "ALTER TABLE beside REPLICA IDENTITY USING INDEX beside_identity",
        "CREATE TABLE bare (tenant_id text, id int, v text, big text)",
        "ALTER TABLE bare REPLICA IDENTITY FULL");
    for (String table : List.of("keyed", "beside", "bare")) {
      source.execute("ALTER TABLE " + table + " ALTER big SET STORAGE EXTERNAL",
          "INSERT INTO " + table + " SELECT (ARRAY['a','b','x','y'])[1 + g % 4], g, 'v' || g, 'small'"
              + " FROM generate_series(1, 40) g");
    }
  }

  private static final List<String> TABLES = List.of("keyed", "beside", "bare");

  @ParameterizedTest
  @ValueSource(strings = {"a", "a,b", "b"})
  void fromAndToTenantsOfWhomOneOrBothOrNoneAreReplicated(String replicated) throws Exception {
    tables();
    try (Replication replication = replicate(BY_COLUMN)) {
      List<UUID> tenants = List.of(replicated.split(",")).stream().map(replication::start).toList();
      for (String table : TABLES) {
        source.transaction(
            "UPDATE " + table + " SET tenant_id = 'b', v = 'a to b' WHERE tenant_id = 'a' AND id < 15",
            "UPDATE " + table + " SET tenant_id = 'x', v = 'a to nobody' WHERE tenant_id = 'a' AND id < 25",
            "UPDATE " + table + " SET tenant_id = 'a' WHERE tenant_id = 'x' AND id > 30",
            "UPDATE " + table + " SET tenant_id = 'y' WHERE tenant_id = 'x' AND id > 25");
        source.execute("UPDATE " + table + " SET tenant_id = CASE tenant_id WHEN 'a' THEN 'b' ELSE 'a' END, id = id + 100"
            + " WHERE tenant_id IN ('a', 'b') AND id % 3 = 0",
            "UPDATE " + table + " SET v = v || '!' WHERE tenant_id IN ('a', 'b')");
      }
      for (UUID tenant : tenants) {
        replication.catchUp(tenant);
      }
      String in = " WHERE tenant_id IN ('" + replicated.replace(",", "', '") + "') ORDER BY 1, 2, 3";
      for (String table : TABLES) {
        replication.equal("SELECT tenant_id, id, v, big FROM " + table + in);
        assertThat(target.query("SELECT DISTINCT tenant_id FROM " + table + " ORDER BY 1"))
            .containsExactly(replicated.split(","));
      }
      assertThat(target.query("SELECT * FROM helios.conflict")).isEmpty();
      for (UUID tenant : tenants) {
        assertThat(replication.fleet.status(tenant).state()).isEqualTo(TenantState.STREAMING);
      }
    }
  }

  @Test
  void aLargeValueThatDidNotChangeComesAlongOrTheTenantIsStoppedByName() throws Exception {
    tables();
    source.execute("ALTER TABLE keyed REPLICA IDENTITY FULL");
    for (String table : TABLES) {
      source.execute("UPDATE " + table + " SET big = repeat(id::text, 5000) WHERE id IN (4, 8)");
    }
    try (Replication replication = replicate(BY_COLUMN)) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      source.execute("UPDATE keyed SET tenant_id = 'b' WHERE id = 4", "UPDATE bare SET tenant_id = 'b' WHERE id = 4");
      replication.catchUp(a);
      replication.catchUp(b);
      for (String table : List.of("keyed", "bare")) {
        replication.equal("SELECT * FROM " + table + " WHERE id = 4");
      }
      // Where only the key of the old row is in the WAL, nobody has the value: never a hole.
      source.execute("UPDATE beside SET tenant_id = 'b' WHERE id = 8");
      var error = Objects.requireNonNull(replication.becomes(b, TenantState.NEEDS_RESYNC).error());
      assertThat(error.code()).isEqualTo(ErrorCode.MOVE_INCOMPLETE);
      assertThat(error.table()).isEqualTo("public.beside");
      assertThat(error.hint()).contains("ALTER TABLE \"public\".\"beside\" REPLICA IDENTITY FULL");
      replication.catchUp(a);
      assertThat(target.query("SELECT tenant_id FROM beside WHERE id = 8")).isEmpty();
      source.execute("ALTER TABLE beside REPLICA IDENTITY FULL");
      replication.fleet.resyncTenant(b);
      replication.becomes(b, TenantState.STREAMING);
      replication.catchUp(b);
      replication.equal("SELECT * FROM beside WHERE tenant_id = 'b' ORDER BY id");
    }
  }

  /** The insert of the one comes while the delete of the other is still waiting: it waits too, however long that is. */
  @Test
  void theNewTenantWaitsForTheOldOneToLetGoOfTheKey() throws Exception {
    tables();
    source.execute("CREATE UNIQUE INDEX ON keyed (lower(v))");
    try (Replication replication = replicate(BY_COLUMN)) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      replication.fleet.pauseTenant(a);
      replication.becomes(a, TenantState.PAUSED);
      source.execute("UPDATE beside SET tenant_id = 'b' WHERE id = 4", "UPDATE keyed SET tenant_id = 'b' WHERE id = 8",
          "INSERT INTO keyed VALUES ('b', 1000, 'after', '')");
      await().atMost(Replication.PATIENCE).until(() -> replication.fleet.status(b).error() != null);
      assertThat(replication.fleet.status(b).state()).isEqualTo(TenantState.STREAMING);
      assertThat(Objects.requireNonNull(replication.fleet.status(b).error()).code()).isEqualTo(ErrorCode.KEY_TAKEN);
      assertThat(target.query("SELECT tenant_id FROM beside WHERE id = 4")).containsExactly("a");
      replication.fleet.resumeTenant(a);
      replication.catchUp(a);
      replication.catchUp(b);
      for (String table : TABLES) {
        replication.equal("SELECT * FROM " + table + " WHERE tenant_id IN ('a', 'b') ORDER BY 1, 2");
      }
      assertThat(target.query("SELECT * FROM helios.conflict")).isEmpty();
      assertThat(replication.fleet.status(b).error()).isNull();
    }
  }

  @Test
  void theOldTenantsDeleteNeverTakesTheNewTenantsRow() throws Exception {
    tables();
    try (Replication replication = replicate(BY_COLUMN)) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      replication.fleet.pauseTenant(a);
      replication.becomes(a, TenantState.PAUSED);
      source.execute("UPDATE keyed SET tenant_id = 'b' WHERE id = 4", "UPDATE bare SET tenant_id = 'b' WHERE id = 4");
      replication.catchUp(b);
      assertThat(target.query("SELECT tenant_id FROM keyed WHERE id = 4 ORDER BY 1")).containsExactly("a", "b");
      replication.fleet.resumeTenant(a);
      replication.catchUp(a);
      for (String table : List.of("keyed", "bare")) {
        assertThat(target.query("SELECT tenant_id FROM " + table + " WHERE id = 4")).containsExactly("b");
      }
    }
  }

  /** Each waits for the other: only together can they go on. */
  @Test
  void tenantsThatExchangeRowsUnderOneUniqueKeyDoNotWaitForEachOtherForEver() throws Exception {
    tables();
    try (Replication replication = replicate(BY_COLUMN)) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      replication.fleet.pauseTenant(a);
      replication.becomes(a, TenantState.PAUSED);
      source.execute("UPDATE beside SET tenant_id = CASE tenant_id WHEN 'a' THEN 'b' ELSE 'a' END"
          + " WHERE tenant_id IN ('a', 'b')");
      await().atMost(Replication.PATIENCE).until(() -> replication.fleet.status(b).error() != null);
      replication.fleet.resumeTenant(a);
      replication.catchUp(a);
      replication.catchUp(b);
      replication.equal("SELECT * FROM beside WHERE tenant_id IN ('a', 'b') ORDER BY id");
      assertThat(target.query("SELECT * FROM helios.conflict")).isEmpty();
    }
  }

  @Test
  void bySchemaARowIsDeletedHereAndInsertedThere() throws Exception {
    for (String schema : List.of("t_a", "t_b", "t_x")) {
      source.execute("CREATE SCHEMA " + schema, "CREATE TABLE " + schema + ".notes (id int PRIMARY KEY, v text)",
          "INSERT INTO " + schema + ".notes SELECT g, '" + schema + "' FROM generate_series(1, 10) g");
    }
    try (Replication replication = replicate(new Tenancy.BySchema("t_{key}"))) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      source.execute(
          "WITH gone AS (DELETE FROM t_a.notes WHERE id > 5 RETURNING *) INSERT INTO t_b.notes SELECT id + 100, v FROM gone",
          "WITH gone AS (DELETE FROM t_b.notes WHERE id < 3 RETURNING *) INSERT INTO t_x.notes SELECT id + 100, v FROM gone",
          "WITH gone AS (DELETE FROM t_x.notes WHERE id > 8 RETURNING *) INSERT INTO t_a.notes SELECT id + 200, v FROM gone");
      replication.catchUp(a);
      replication.catchUp(b);
      replication.equal("SELECT * FROM t_a.notes ORDER BY id");
      replication.equal("SELECT * FROM t_b.notes ORDER BY id");
      assertThat(target.value("SELECT to_regclass('t_x.notes') IS NULL")).isEqualTo("t");
    }
  }
}
