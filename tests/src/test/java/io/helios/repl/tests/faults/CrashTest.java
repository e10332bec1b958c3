package io.helios.repl.tests.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.pipeline.Fleet;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * PostgreSQL dies, at the source or at the target, and comes back; the engine stays. An application goes on writing as long
 * as it can. In the end both sides are equal, with no conflict settled.
 */
class CrashTest {

  private static final String[] TABLES = {
    "CREATE TABLE orders (tenant_id text, id bigint, note text, PRIMARY KEY (tenant_id, id))",
    "CREATE TABLE visit (tenant_id text, page text)",
    "ALTER TABLE visit REPLICA IDENTITY FULL",
    "INSERT INTO orders SELECT 'a', i, 'x' FROM generate_series(1, 2000) i"
  };

  /** No fsync: killing processes loses nothing that they have given to the operating system. */
  private static final Map<String, String> PLAIN = Map.of("fsync", "off");

  /** Commits are told before they are written, and written seconds later. */
  private static final Map<String, String> FORGETFUL =
      Map.of("fsync", "off", "synchronous_commit", "off", "wal_writer_delay", "10s");

  @TempDir Path directory;

  private static Replication replicate(Path directory, Database source, Database target) {
    return new Replication(directory, source, target, new Tenancy.ByColumn("tenant_id"), null);
  }

  private static void equal(Replication replication) {
    replication.equal("SELECT * FROM orders ORDER BY 1, 2");
    replication.equal("SELECT tenant_id, page, count(*) FROM visit GROUP BY 1, 2 ORDER BY 1, 2");
    assertThat(replication.target.query("SELECT kind FROM helios.conflict")).isEmpty();
  }

  /** Writes until closed, whatever becomes of the server meanwhile. */
  private static final class Load implements AutoCloseable {

    private final Database source;
    private final Thread thread = Thread.ofPlatform().name("load").unstarted(this::run);
    private volatile boolean ends;

    Load(Database source) {
      this.source = source;
      thread.start();
    }

    private void run() {
      int i = 0;
      while (!ends) {
        try (Connection connection = source.connect();
            Statement statement = connection.createStatement()) {
          connection.setAutoCommit(false);
          for (; !ends; i++) {
            statement.execute("INSERT INTO visit VALUES ('a', 'page " + i % 7 + "')");
            statement.execute(
                "INSERT INTO orders VALUES ('a', " + (10_000 + i) + ", 'y')"
                    + " ON CONFLICT (tenant_id, id) DO UPDATE SET note = 'once more'");
            statement.execute("UPDATE orders SET note = note || '.' WHERE tenant_id = 'a' AND id = " + i % 2000);
            connection.commit();
            LockSupport.parkNanos(Duration.ofMillis(3).toNanos());
          }
        } catch (SQLException away) {
          LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
        }
      }
    }

    @Override
    public void close() throws InterruptedException {
      ends = true;
      thread.join();
    }
  }

  @Test
  void theSourceIsKilledAndRestartedUnderLoad() throws Exception {
    try (CrashServer server = new CrashServer(directory.resolve("source"), PLAIN)) {
      Database source = server.database();
      source.execute(TABLES);
      try (Replication replication =
          replicate(directory.resolve("data"), source, Database.create(Postgres.shared(17, "target")))) {
        UUID tenant = replication.start("a");
        try (Load load = new Load(source)) {
          replication.catchUp(tenant);
          server.crash();
          server.start();
          replication.catchUp(tenant);
          server.stop();
          server.start();
        }
        replication.catchUp(tenant);
        equal(replication);
        assertThat(Fleet.await(replication.fleet.verify(tenant, Replication.PATIENCE), Replication.PATIENCE).equal()).isTrue();
        assertThat(replication.events).noneMatch(event -> event.message().contains("NEEDS_RESYNC"));
      }
    }
  }

  @Test
  void theTargetIsKilledAndRestartedUnderLoadAndLosesNothingThoughItsCommitsAreAsynchronous() throws Exception {
    try (CrashServer server = new CrashServer(directory.resolve("target"), FORGETFUL)) {
      Database source = Database.create(Postgres.shared(17, "source"));
      source.execute(TABLES);
      Database target = server.database();
      try (Replication replication = replicate(directory.resolve("data"), source, target)) {
        UUID tenant = replication.start("a");
        // The copy has just been committed, and nothing after it.
        server.crash();
        server.start();
        assertThat(target.value("SELECT count(*) FROM orders")).isEqualTo("2000");
        try (Load load = new Load(source)) {
          replication.catchUp(tenant);
          await().atMost(Replication.PATIENCE).until(() -> replication.fleet.status(tenant).rowsPerSecond() > 0);
          Lsn acknowledged = Objects.requireNonNull(replication.fleet.status(tenant).appliedLsn());
          server.crash();
          server.start();
          assertThat(Lsn.parse(target.value("SELECT position FROM helios.replica")))
              .isGreaterThanOrEqualTo(acknowledged);
          replication.catchUp(tenant);
          server.stop();
          server.start();
        }
        replication.catchUp(tenant);
        equal(replication);
        assertThat(Fleet.await(replication.fleet.verify(tenant, Replication.PATIENCE), Replication.PATIENCE).equal()).isTrue();
        assertThat(replication.events).noneMatch(event -> event.message().contains("NEEDS_RESYNC"));
      }
    }
  }
}
