package io.helios.repl.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.helios.repl.apply.DdlPolicy;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.status.Finding;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.fixture.Roles;
import java.nio.file.Path;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole of it with the roles of docs/privileges.md, which own nothing, and not a right more. */
class PrivilegesTest {

  private static final Tenancy BY_COLUMN = new Tenancy.ByColumn("tenant_id");
  private static final String NOTES = "CREATE TABLE notes (tenant_id text, id int, body text, PRIMARY KEY (tenant_id, id))";

  @TempDir Path directory;

  /** Somebody who owns the application's tables, and is no superuser. */
  private static String owner(Database database, String... tables) {
    String owner = "owner_" + database.name();
    database.execute("CREATE ROLE " + owner);
    for (String table : tables) {
      database.execute("ALTER TABLE " + table + " OWNER TO " + owner);
    }
    return owner;
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 15, 17, 18})
  void theRolesOfTheDocumentSufficeForTheWholeLifeOfATenant(int major) throws Exception {
    Database source = Database.create(Postgres.shared(major, "source"));
    Database target = Database.create(Postgres.shared(major, "target"));
    source.execute(
        "CREATE TABLE orders (tenant_id text, id serial, note text, PRIMARY KEY (tenant_id, id))",
        NOTES,
        "CREATE TABLE log (tenant_id text, line text)",
        "INSERT INTO orders SELECT 'a', i, 'x' FROM generate_series(1, 100) i",
        "INSERT INTO notes SELECT t, i, 'x' FROM unnest(ARRAY['a', 'b']) t, generate_series(1, 100) i",
        "INSERT INTO log VALUES ('a', 'one')");
    owner(source, "orders", "notes", "log");
    target.execute(NOTES);
    owner(target, "notes");
    try (Replication replication =
        new Replication(directory, source, Roles.source(source), target, Roles.target(target, major), BY_COLUMN, null)) {
      assertThat(replication.fleet.checkSource("shop")).filteredOn(Finding::isError).extracting(Finding::code)
          .containsOnly(ErrorCode.PUBLICATION_NOT_PERMITTED, ErrorCode.NO_REPLICA_IDENTITY);
      source.execute(replication.fleet.prepareSource("shop", true).sql().toArray(String[]::new));
      assertThat(replication.fleet.checkSource("shop")).noneMatch(Finding::isError);
      assertThat(replication.fleet.checkTarget("copy")).noneMatch(Finding::isError);

      UUID a = replication.start("a");
      source.execute(
          "UPDATE orders SET note = 'y' WHERE id % 2 = 0",
          "DELETE FROM notes WHERE tenant_id = 'a' AND id > 50",
          "INSERT INTO log VALUES ('a', 'two')",
          "UPDATE log SET line = 'three' WHERE line = 'one'");
      replication.catchUp(a);
      source.execute("TRUNCATE orders RESTART IDENTITY", "INSERT INTO orders VALUES ('a', DEFAULT, 'again')");
      replication.catchUp(a);
      replication.equal("SELECT * FROM orders ORDER BY id");
      replication.equal("SELECT * FROM notes WHERE tenant_id = 'a' ORDER BY id");
      replication.equal("SELECT * FROM log ORDER BY line");
      assertThat(Fleet.await(replication.fleet.verify(a, Replication.PATIENCE), Replication.PATIENCE).equal()).isTrue();
      assertThat(replication.fleet.sequences(a)).singleElement().satisfies(s -> assertThat(s.name()).isEqualTo("orders_id_seq"));
      assertThatThrownBy(() -> target.execute("DELETE FROM notes WHERE id = 1")).hasMessageContaining("read-only");

      replication.fleet.resyncTenant(a);
      replication.becomes(a, TenantState.COPYING);
      replication.becomes(a, TenantState.STREAMING);
      replication.equal("SELECT * FROM notes WHERE tenant_id = 'a' ORDER BY id");

      replication.fleet.removeTenant(a, true);
      target.execute("INSERT INTO notes VALUES ('a', 1, 'mine')");
      assertThat(target.query("SELECT * FROM orders")).isEmpty();
    }
  }

  @Test
  void wholeTablesOfSomebodyElseAreEmptiedAndFilledAsTheSourceDoes() throws Exception {
    Database source = Database.create(Postgres.shared(17, "source"));
    Database target = Database.create(Postgres.shared(17, "target"));
    for (Database side : new Database[] {source, target}) {
      side.execute("CREATE TABLE t (id serial PRIMARY KEY, v text)");
      owner(side, "t");
    }
    source.execute("INSERT INTO t (v) SELECT 'x' FROM generate_series(1, 10)");
    String reader = "reader_" + source.name();
    ConnectionSettings from = Roles.source(source);
    source.execute(Roles.sql("source-owner", reader, source.name(), "owner_" + source.name()));
    try (Replication replication =
        new Replication(directory, source, from, target, Roles.target(target, 17), new Tenancy.ByDatabase(), null)) {
      assertThat(replication.fleet.prepareSource("shop", false).done())
          .as("by itself, as a member of the owner")
          .isTrue();
      UUID all = replication.start("all");
      source.execute("TRUNCATE t RESTART IDENTITY", "INSERT INTO t (v) VALUES ('again')");
      replication.catchUp(all);
      replication.equal("SELECT * FROM t");
    }
  }

  @Test
  void rowsThatAPolicyHidesStopTheTenantByNameAtEitherSideAndAreNeverLeftOut() throws Exception {
    Database source = Database.create(Postgres.shared(17, "source"));
    Database target = Database.create(Postgres.shared(17, "target"));
    source.execute(NOTES, "INSERT INTO notes SELECT 'a', i, 'x' FROM generate_series(1, 20) i");
    target.execute(NOTES);
    for (Database side : new Database[] {source, target}) {
      side.execute(
          "ALTER TABLE notes ENABLE ROW LEVEL SECURITY",
          "CREATE POLICY half ON notes USING (id <= 10)",
          "ALTER DATABASE " + side.name() + " SET row_security = on");
    }
    ConnectionSettings reader = Roles.source(source);
    ConnectionSettings applier = Roles.target(target, 17);
    try (Replication replication = new Replication(directory, source, reader, target, applier, BY_COLUMN, null)) {
      source.execute(replication.fleet.prepareSource("shop", true).sql().toArray(String[]::new));
      assertThat(replication.fleet.checkSource("shop")).filteredOn(Finding::isError).singleElement()
          .satisfies(f -> {
            assertThat(f.code()).isEqualTo(ErrorCode.ROWS_HIDDEN);
            assertThat(f.table()).isEqualTo("public.notes");
          });
      UUID a = replication.add("a", DesiredState.CREATED);
      assertThat(refused(replication, a, ErrorCode.ROWS_HIDDEN).table()).isEqualTo("public.notes");
      source.execute(Roles.sql("row-security", reader.user(), source.name(), ""));

      assertThat(refused(replication, a, ErrorCode.TARGET_ROWS_HIDDEN).table()).isEqualTo("public.notes");
      target.execute(Roles.sql("row-security", applier.user(), target.name(), ""));
      replication.fleet.startTenant(a);
      replication.becomes(a, TenantState.STREAMING);
      replication.equal("SELECT * FROM notes ORDER BY id");

      target.execute("ALTER ROLE " + applier.user() + " NOBYPASSRLS");
      source.execute("UPDATE notes SET body = 'y'");
      Problem stopped = Objects.requireNonNull(replication.becomes(a, TenantState.FAILED).error());
      assertThat(stopped.table()).isEqualTo("public.notes");
      target.execute(Roles.sql("row-security", applier.user(), target.name(), ""));
      replication.fleet.startTenant(a);
      replication.becomes(a, TenantState.STREAMING);
      replication.catchUp(a);
      replication.equal("SELECT * FROM notes ORDER BY id");
    }
  }

  @Test
  void aChangedTableThatTheRoleDoesNotOwnStopsTheTenantWithTheSqlForItsOwner() throws Exception {
    Database source = Database.create(Postgres.shared(17, "source"));
    Database target = Database.create(Postgres.shared(17, "target"));
    source.execute(NOTES, "CREATE TABLE ours (tenant_id text, id int, PRIMARY KEY (tenant_id, id))");
    target.execute(NOTES);
    owner(target, "notes");
    try (Replication replication = new Replication(
        directory, source, source.settings(), target, Roles.target(target, 17), BY_COLUMN, null, DdlPolicy.APPLY)) {
      UUID a = replication.start("a");
      source.execute("ALTER TABLE ours ADD COLUMN more int", "INSERT INTO ours VALUES ('a', 1, 2)");
      replication.catchUp(a);
      replication.equal("SELECT * FROM ours");

      source.execute("ALTER TABLE notes ADD COLUMN more int DEFAULT 7", "INSERT INTO notes VALUES ('a', 1, 'x', 8)");
      Problem stopped = Objects.requireNonNull(replication.becomes(a, TenantState.FAILED).error());
      assertThat(stopped.code()).isEqualTo(ErrorCode.SCHEMA_CHANGE_REFUSED);
      assertThat(stopped.table()).isEqualTo("public.notes");
      String[] sql = stopped.hint().split("\\nthen: ", 2);
      assertThat(sql[1]).isEqualTo("helios-repl tenant start a");
      source.execute("INSERT INTO notes VALUES ('a', 2, 'meanwhile', NULL)");
      target.execute("SET ROLE owner_" + target.name(), sql[0], "RESET ROLE");
      replication.fleet.startTenant(a);
      replication.becomes(a, TenantState.STREAMING);
      replication.catchUp(a);
      replication.equal("SELECT * FROM notes ORDER BY id");
    }
  }

  /** Starts it, and waits until that has failed with this. */
  private static Problem refused(Replication replication, UUID tenant, ErrorCode code) {
    replication.fleet.startTenant(tenant);
    return await()
        .atMost(Replication.PATIENCE)
        .until(() -> replication.fleet.status(tenant).error(), problem -> problem != null && problem.code() == code);
  }
}
