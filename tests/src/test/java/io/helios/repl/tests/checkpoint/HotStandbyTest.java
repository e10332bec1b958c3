package io.helios.repl.tests.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.status.TenantState;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.fixture.Roles;
import io.helios.repl.tests.gaps.OwnServer;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The source is a standby, where nothing can be written and nothing shows what its primary has begun. */
@Tag("long")
class HotStandbyTest {

  private static final String ALL = "SELECT * FROM orders WHERE tenant_id = 'a' ORDER BY id";

  @TempDir Path directory;

  @Test
  void aStandbyIsPolledLateCommitsIncludedAndItsPromotionIsAGap() throws Exception {
    try (OwnServer primary = OwnServer.start(directory.resolve("primary"))) {
      Database written = primary.database(Postgres.createDatabase(primary.server()));
      Database target = Database.create(Postgres.shared(17, "target"));
      written.execute(
          "CREATE SEQUENCE versions",
          "CREATE TABLE orders (tenant_id text DEFAULT 'a', id bigint, note text, changed bigint DEFAULT nextval('versions'),"
              + " PRIMARY KEY (tenant_id, id))",
          "CREATE INDEX ON orders (changed)",
          "INSERT INTO orders (id) SELECT i FROM generate_series(1, 100) i");
      String role = Polling.reader(written).user();
      try (OwnServer standby = primary.standby(directory.resolve("standby"), "")) {
        standby.start();
        Database read = standby.database(written.name());
        ConnectionSettings reader = Roles.login(read, role);
        try (Replication replication = Polling.replicate(directory.resolve("fleet"), read, reader, target)) {
          UUID a = replication.start("a");
          try (Polling.Session early = Polling.begin(written)) {
            String value = early.value("SELECT nextval('versions')");
            for (int i = 200; i < 205; i++) {
              written.execute("INSERT INTO orders (id) VALUES (" + i + ")");
              String id = String.valueOf(i);
              await().atMost(Replication.PATIENCE).until(() -> !target.query("SELECT 1 FROM orders WHERE id = " + id).isEmpty());
              replication.catchUp(a);
            }
            early.run(
                "INSERT INTO orders VALUES ('a', 1000, 'late', " + value + ")",
                "SAVEPOINT s",
                "UPDATE orders SET note = 'later', changed = " + value + " WHERE id = 7");
            Polling.polls(replication, a, 3);
            early.commit();
          }
          await().atMost(Replication.PATIENCE).untilAsserted(() -> assertThat(target.query(ALL)).isEqualTo(written.query(ALL)));
          assertThat(target.query(ALL)).hasSize(106);
          assertThat(Fleet.await(replication.fleet.verify(a, Replication.PATIENCE), Replication.PATIENCE).equal()).isTrue();
        }
        assertThat(read.value("SELECT pg_promote()")).isEqualTo("t");
        await().atMost(Replication.PATIENCE).until(() -> read.value("SELECT timeline_id FROM pg_control_checkpoint()").equals("2"));
        try (Replication replication = Polling.replicate(directory.resolve("fleet"), read, reader, target)) {
          UUID a = replication.add("a", DesiredState.RUNNING);
          replication.becomes(a, TenantState.NEEDS_RESYNC);
          assertThat(Objects.requireNonNull(replication.fleet.status(a).error()).code()).isEqualTo(ErrorCode.SOURCE_PROMOTED);
          replication.fleet.resyncTenant(a);
          replication.becomes(a, TenantState.STREAMING);
          read.execute("INSERT INTO orders (id) VALUES (2000)");
          replication.catchUp(a);
          replication.equal(ALL);
        }
      }
    }
  }
}
