package io.helios.repl.tests.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.PgDumps;
import io.helios.repl.tests.fixture.Postgres;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tenant with a schema of its own moves to a newer PostgreSQL, and its users find there what they had. */
class SchemaMoveTest {

  @TempDir Path directory;

  @Test
  void functionsViewsTriggersAndKeysAreUsedAtTheNewHome() throws Exception {
    PgDumps.assumeFits(14);
    Database one = Database.create(Postgres.shared(14, "source"));
    Database two = Database.create(Postgres.shared(17, "target"));
    one.execute(
        "CREATE SCHEMA t_a",
        "CREATE TABLE t_a.customers (id serial PRIMARY KEY, name text)",
        "CREATE FUNCTION t_a.code() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'c' || (SELECT count(*) FROM t_a.orders); END $$",
        "CREATE TABLE t_a.orders (id serial PRIMARY KEY, customer int NOT NULL REFERENCES t_a.customers ON DELETE CASCADE,"
            + " code text DEFAULT t_a.code())",
        "CREATE TABLE t_a.log (id serial PRIMARY KEY, what text)",
        "CREATE FUNCTION t_a.note() RETURNS trigger LANGUAGE plpgsql AS"
            + " $$ BEGIN INSERT INTO t_a.log (what) VALUES (NEW.code); RETURN NULL; END $$",
        "CREATE TRIGGER note AFTER INSERT ON t_a.orders FOR EACH ROW EXECUTE FUNCTION t_a.note()",
        "CREATE VIEW t_a.names AS SELECT o.code, c.name FROM t_a.orders o JOIN t_a.customers c ON c.id = o.customer",
        "CREATE MATERIALIZED VIEW t_a.counted AS SELECT count(*) AS orders FROM t_a.orders",
        "CREATE TABLE t_a.a (id int PRIMARY KEY); CREATE TABLE t_a.z (id int PRIMARY KEY REFERENCES t_a.a)",
        "INSERT INTO t_a.a VALUES (1); INSERT INTO t_a.z VALUES (1)",
        "INSERT INTO t_a.customers (name) VALUES ('x')",
        "INSERT INTO t_a.orders (customer) SELECT 1 FROM generate_series(1, 3)",
        "REFRESH MATERIALIZED VIEW t_a.counted");
    try (TwoHomes homes = new TwoHomes(directory, one, two, new Tenancy.BySchema("t_{key}"))) {
      Tenant tenant = homes.start("a");
      assertThat(told(homes)).contains("by pg_dump").doesNotContain("left out");
      assertThat(homes.fleet.leftOut(tenant.id())).isEmpty();
      one.execute("INSERT INTO t_a.orders (customer) VALUES (1)");
      homes.catchUp(tenant);
      assertThat(two.value("SELECT count(*) FROM t_a.log")).as("the applier fires no trigger").isEqualTo("4");
      one.execute("CREATE FUNCTION t_a.late() RETURNS int LANGUAGE sql AS 'SELECT 42'");
      assertThat(homes.fleet.leftOut(tenant.id())).containsExactly("1 function: t_a.late()");

      homes.handover(tenant).arm();
      assertThat(two.value("SELECT t_a.late()")).isEqualTo("42");
      assertThat(two.value("SELECT orders FROM t_a.counted")).as("filled from the rows that are there").isEqualTo("4");
      assertThat(told(homes)).contains("1 materialized view filled");
      assertThat(homes.handover(tenant).facts().schemaDifferences()).isEmpty();
      Tenant moved = homes.cutOver(tenant, 2);

      two.execute("INSERT INTO t_a.orders (customer) VALUES (1)");
      assertThat(two.query("SELECT code FROM t_a.names ORDER BY code")).containsExactly("c0", "c1", "c2", "c3", "c4");
      assertThat(two.value("SELECT what FROM t_a.log ORDER BY id DESC LIMIT 1")).isEqualTo("c4");
      assertThatThrownBy(() -> two.execute("INSERT INTO t_a.orders (customer) VALUES (99)")).rootCause()
          .hasMessageContaining("orders_customer_fkey");
      two.execute("DELETE FROM t_a.customers");
      homes.catchUp(moved);
      assertThat(one.value("SELECT count(*) FROM t_a.orders")).isEqualTo("0");
      assertThat(one.value("SELECT count(*) FROM t_a.log")).isEqualTo("5");

      homes.handover(moved).arm();
      Tenant back = homes.cutOver(moved, 3);
      one.execute("INSERT INTO t_a.customers (name) VALUES ('y')", "INSERT INTO t_a.orders (customer) VALUES (2)");
      assertThat(one.value("SELECT name FROM t_a.names")).isEqualTo("y");
      homes.catchUp(back);
      assertThat(homes.fleet.status(tenant.id()).conflicts()).isZero();

      homes.fleet.removeTenant(tenant.id(), true);
      assertThat(two.value("SELECT count(*) FROM t_a.a")).as("purged, whatever refers to what").isEqualTo("0");
    }
  }

  @Test
  void aDatabasesMaterializedViewsHaveRowsBeforeItMoves() throws Exception {
    PgDumps.assumeFits(14);
    Database one = Database.create(Postgres.shared(14, "source"));
    Database two = Database.create(Postgres.shared(17, "target"));
    one.execute(
        "CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders SELECT generate_series(1, 7)",
        "CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS orders FROM orders");
    try (TwoHomes homes = new TwoHomes(directory, one, two, new Tenancy.ByDatabase())) {
      Tenant tenant = homes.start("a");
      homes.handover(tenant).arm();
      assertThat(two.value("SELECT orders FROM counted")).isEqualTo("7");
    }
  }

  private static String told(TwoHomes homes) {
    return homes.events.stream()
        .filter(event -> event.kind().equals("tenant-definitions"))
        .map(FleetEvent::message)
        .reduce((first, last) -> last)
        .orElse("nothing");
  }
}
