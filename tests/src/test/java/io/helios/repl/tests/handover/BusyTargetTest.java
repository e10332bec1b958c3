package io.helios.repl.tests.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Others write the tables of a target, in any order, while a tenant's guard is put up or taken away there. */
class BusyTargetTest {

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  private void tables() {
    for (Database database : List.of(source, target)) {
      for (String table : List.of("notes", "orders")) {
        database.execute("CREATE TABLE " + table + " (tenant_id text, id int, PRIMARY KEY (tenant_id, id))");
      }
    }
  }

  /** Writes one table, waits until somebody waits for it, and goes on to the other. */
  private void writeBoth(String first, String then, Runnable meanwhile) throws Exception {
    try (Connection writer = target.connect()) {
      writer.setAutoCommit(false);
      writer.createStatement().execute("INSERT INTO " + first + " VALUES ('theirs', 1)");
      CompletableFuture<Void> begun = CompletableFuture.runAsync(meanwhile);
      await()
          .atMost(TwoHomes.PATIENCE)
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(20))
          .until(
              () ->
                  !target.query("SELECT 1 FROM pg_locks WHERE NOT granted AND relation = '" + first + "'::regclass")
                      .isEmpty());
      writer.createStatement().execute("INSERT INTO " + then + " VALUES ('theirs', 1)");
      writer.commit();
      begun.get();
    }
    assertThat(target.value("SELECT count(*) FROM " + then + " WHERE tenant_id = 'theirs'")).isEqualTo("1");
    target.execute("DELETE FROM notes", "DELETE FROM orders");
  }

  @Test
  void whoWritesTwoTablesIsNeverInADeadlockWithAGuardThatComesOrGoes() throws Exception {
    tables();
    try (TwoHomes homes = new TwoHomes(directory, source, target, new Tenancy.ByColumn("tenant_id"))) {
      for (List<String> order : List.of(List.of("notes", "orders"), List.of("orders", "notes"))) {
        Tenant tenant = homes.declare("of " + order.getFirst(), "a", source, target);
        writeBoth(order.getFirst(), order.getLast(), () -> homes.fleet.startTenant(tenant.id()));
        homes.streams(tenant.id());
        assertThat(triggers()).isEqualTo("4");
        writeBoth(order.getFirst(), order.getLast(), () -> homes.fleet.removeTenant(tenant.id(), false));
        assertThat(triggers()).isEqualTo("0");
      }
    }
  }

  private String triggers() {
    return target.value("SELECT count(*) FROM pg_trigger WHERE tgname LIKE '!helios%'");
  }
}
