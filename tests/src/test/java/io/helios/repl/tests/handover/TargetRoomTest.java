package io.helios.repl.tests.handover;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.pipeline.TargetRoom;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.nio.file.Path;
import java.sql.Connection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is taken of a target's disk, and what a tenant needs there. */
class TargetRoomTest {

  @TempDir Path directory;

  @Test
  void aTenantNeedsItsShareOfSharedTablesWithIndexesAndPartitionsAndNothingOnceItIsThere() throws Exception {
    Database one = Database.create(Postgres.shared(17, "source"));
    Database two = Database.create(Postgres.shared(17, "target"));
    one.execute(
        "CREATE TABLE orders (tenant_id text, id int, note text, PRIMARY KEY (tenant_id, id)) PARTITION BY LIST (tenant_id)",
        "CREATE TABLE orders_some PARTITION OF orders FOR VALUES IN ('a', 'b')",
        "INSERT INTO orders SELECT CASE WHEN g % 4 = 0 THEN 'a' ELSE 'b' END, g, repeat('x', 200) FROM generate_series(1, 20000) g",
        "ANALYZE");
    long whole = Long.parseLong(one.value("SELECT pg_total_relation_size('orders_some')"));
    try (TwoHomes homes = new TwoHomes(directory, one, two, new Tenancy.ByColumn("tenant_id"))) {
      Tenant tenant = homes.declare("a", "a", one, two);
      TargetRoom before = homes.fleet.handover(tenant).room(false);
      assertThat(before.missingBytes()).isBetween(whole / 5, whole / 3);
      assertThat(before.takenBytes())
          .as("with the WAL")
          .isGreaterThan(Long.parseLong(two.value("SELECT sum(pg_database_size(oid))::int8 FROM pg_database")));
      homes.fleet.startTenant(tenant.id());
      homes.streams(tenant.id());
      two.execute("ANALYZE");
      assertThat(homes.handover(tenant).room(false).missingBytes()).isLessThan(whole / 20);
      assertThat(homes.handover(tenant).room(true).missingBytes()).isZero();
    }
  }

  @Test
  void whatTheRoleMayNotSeeIsCountedNotPassedOver() throws Exception {
    Database target = Database.create(Postgres.shared(14, "target"));
    Database closed = Database.create(Postgres.shared(14, "target"));
    String role = "r_" + target.name();
    target.execute("CREATE ROLE " + role, "REVOKE CONNECT ON DATABASE " + closed.name() + " FROM PUBLIC");
    try (Connection connection = target.connect()) {
      connection.createStatement().execute("SET ROLE " + role);
      TargetRoom plain = TargetRoom.read(connection, -7);
      assertThat(plain.unseenDatabases()).isPositive();
      assertThat(plain.missingBytes()).as("a target that has more than the home lacks nothing").isZero();
      connection.createStatement().execute("RESET ROLE");
      target.execute("GRANT pg_monitor TO " + role);
      connection.createStatement().execute("SET ROLE " + role);
      assertThat(TargetRoom.read(connection, 0).unseenDatabases()).isZero();
      connection.createStatement().execute("RESET ROLE");
    } finally {
      target.execute("DROP ROLE " + role);
      closed.drop();
    }
  }
}
