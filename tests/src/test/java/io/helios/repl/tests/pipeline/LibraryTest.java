package io.helios.repl.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.pipeline.TenantReplication;
import io.helios.repl.status.TenantState;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.nio.file.Path;
import java.time.Duration;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The thin whole path: one tenant, copied, streamed, equal. */
class LibraryTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  private TenantReplication replicate(String tenant) {
    return TenantReplication.builder()
        .source(
            TenantReplication.Source.at(source.uri())
                .name(source.name())
                .tenantColumn("tenant_id")
                .tenantKey(tenant)
                .tables("public.*"))
        .target(TenantReplication.Target.at(target.uri()))
        .key(new SecretKeySpec(new byte[32], "AES"))
        .dataDirectory(directory)
        .build();
  }

  private void becomesStreaming(TenantReplication replication) {
    await().atMost(PATIENCE).untilAsserted(() -> {
      assertThat(replication.status().error()).isNull();
      assertThat(replication.status().state()).isEqualTo(TenantState.STREAMING);
    });
  }

  @Test
  void aTenantIsCopiedThenStreamedAndNobodyElseIs() throws Exception {
    source.execute(
        "CREATE TABLE orders (tenant_id int, id bigint, note text, PRIMARY KEY (tenant_id, id))",
        "INSERT INTO orders SELECT t, i, 'before ' || i FROM generate_series(1, 3) t, generate_series(1, 1000) i");
    try (TenantReplication replication = replicate("2")) {
      replication.start();
      becomesStreaming(replication);
      source.execute(
          "INSERT INTO orders SELECT t, i, 'after ' || i FROM generate_series(1, 3) t, generate_series(1001, 2000) i",
          "UPDATE orders SET note = 'changed' WHERE id % 7 = 0",
          "DELETE FROM orders WHERE id % 11 = 0");
      replication.awaitCaughtUp(PATIENCE);
      String mine = "SELECT * FROM orders WHERE tenant_id = 2 ORDER BY id";
      assertThat(target.query(mine)).isEqualTo(source.query(mine)).isNotEmpty();
      assertThat(target.value("SELECT count(*) FROM orders WHERE tenant_id <> 2")).isEqualTo("0");
      assertThat(replication.verify(PATIENCE).equal()).isTrue();
    }
  }

  @Test
  void afterAStopItGoesOnWhereItWas() throws Exception {
    source.execute("CREATE TABLE orders (tenant_id int, id bigint, note text, PRIMARY KEY (tenant_id, id))");
    try (TenantReplication replication = replicate("1")) {
      replication.start();
      becomesStreaming(replication);
      source.execute("INSERT INTO orders SELECT 1, i, 'x' FROM generate_series(1, 100) i");
      replication.awaitCaughtUp(PATIENCE);
    }
    source.execute("INSERT INTO orders SELECT 1, i, 'y' FROM generate_series(101, 200) i");
    try (TenantReplication replication = replicate("1")) {
      replication.start();
      becomesStreaming(replication);
      replication.awaitCaughtUp(PATIENCE);
      assertThat(target.value("SELECT count(*) FROM orders")).isEqualTo("200");
      assertThat(replication.status().copy().rows()).isZero();
    }
  }

  @Test
  void polledByAColumnItNeedsNoMoreThanSelect() throws Exception {
    String role = "reader_of_" + source.name();
    source.execute(
        "CREATE TABLE orders (tenant_id int, id bigint, note text, updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),"
            + " PRIMARY KEY (tenant_id, id))",
        "CREATE INDEX ON orders (updated_at, id)",
        "INSERT INTO orders SELECT t, i, 'before ' || i FROM generate_series(1, 3) t, generate_series(1, 1000) i",
        "CREATE ROLE " + role + " LOGIN",
        "GRANT SELECT ON orders TO " + role);
    try (TenantReplication replication = TenantReplication.builder()
        .source(
            TenantReplication.Source.at(source.uri().replace("postgres@", role + "@"))
                .name(source.name())
                .tenantColumn("tenant_id")
                .tenantKey("2")
                .tables("public.*")
                .checkpoint("updated_at"))
        .target(TenantReplication.Target.at(target.uri()))
        .key(new SecretKeySpec(new byte[32], "AES"))
        .dataDirectory(directory)
        .build()) {
      replication.start();
      becomesStreaming(replication);
      source.execute(
          "INSERT INTO orders SELECT t, i, 'after ' || i FROM generate_series(1, 3) t, generate_series(1001, 2000) i",
          "UPDATE orders SET note = 'changed', updated_at = clock_timestamp() WHERE id % 7 = 0");
      replication.awaitCaughtUp(PATIENCE);
      String mine = "SELECT * FROM orders WHERE tenant_id = 2 ORDER BY id";
      assertThat(target.query(mine)).isEqualTo(source.query(mine)).hasSize(2000);
      assertThat(target.value("SELECT count(*) FROM orders WHERE tenant_id <> 2")).isEqualTo("0");
      assertThat(replication.status().conflicts()).isZero();
      assertThat(source.value("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()")).isEqualTo("0");
    }
  }
}
