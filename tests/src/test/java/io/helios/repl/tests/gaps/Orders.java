package io.helios.repl.tests.gaps;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The tables that tests of gaps replicate, one of them without a key, so that nothing comes twice unseen. */
record Orders(Path directory, Database source, Database target) {

  void create() {
    source.execute(
        "CREATE TABLE orders (tenant_id text, id bigint, note text, PRIMARY KEY (tenant_id, id))",
        "CREATE TABLE visit (tenant_id text, page text)",
        "ALTER TABLE visit REPLICA IDENTITY FULL");
    write("a", 1, 20);
    write("b", 1, 20);
  }

  Replication replicate() {
    return new Replication(directory, source, target, new Tenancy.ByColumn("tenant_id"), null);
  }

  void write(String tenant, int from, int to) {
    String numbers = "generate_series(" + from + ", " + to + ") i";
    source.execute(
        "INSERT INTO orders SELECT '" + tenant + "', i, 'x' FROM " + numbers,
        "INSERT INTO visit SELECT '" + tenant + "', 'page ' || i % 3 FROM " + numbers,
        "UPDATE orders SET note = note || 'y' WHERE tenant_id = '" + tenant + "' AND id % 7 = 0");
  }

  void equal(Replication replication) {
    replication.equal("SELECT * FROM orders ORDER BY 1, 2");
    replication.equal("SELECT tenant_id, page, count(*) FROM visit GROUP BY 1, 2 ORDER BY 1, 2");
  }

  String slot() {
    return "helios_" + source.name();
  }

  /** Everything that both tenants have is released but for the last transaction. */
  void awaitRelease() {
    String slot =
        "SELECT confirmed_flush_lsn >= '%s' FROM pg_replication_slots WHERE slot_name = '" + slot() + "'";
    String now = source.value("SELECT pg_current_wal_lsn()");
    write("a", 900_001, 900_002);
    write("b", 900_001, 900_002);
    await().atMost(Replication.PATIENCE).until(() -> "t".equals(source.value(slot.formatted(now))));
  }

  /** The server has noticed that we are gone. */
  void awaitSlotFree() {
    String active = "SELECT active FROM pg_replication_slots WHERE slot_name = '" + slot() + "'";
    await().atMost(Replication.PATIENCE).until(() -> "f".equals(source.value(active)));
  }

  /** The tenant has a gap of that name, and its hint, carried out, brings it back. */
  static Problem gap(Replication replication, UUID tenant, @Nullable ErrorCode code) {
    Problem problem = Objects.requireNonNull(replication.becomes(tenant, TenantState.NEEDS_RESYNC).error());
    if (code != null) {
      assertThat(problem.code()).as(problem.toString()).isEqualTo(code);
    }
    assertThat(problem.hint()).contains("tenant resync");
    return problem;
  }

  void resync(Replication replication, UUID... tenants) throws InterruptedException {
    for (UUID tenant : tenants) {
      replication.fleet.resyncTenant(tenant);
    }
    for (UUID tenant : tenants) {
      replication.becomes(tenant, TenantState.STREAMING);
    }
    write("a", 5000, 5010);
    write("b", 5000, 5010);
    for (UUID tenant : tenants) {
      replication.catchUp(tenant);
    }
    await().atMost(Replication.PATIENCE).untilAsserted(() -> equal(replication));
  }
}
