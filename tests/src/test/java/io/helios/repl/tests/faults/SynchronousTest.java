package io.helios.repl.tests.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.capture.CaptureMode;
import io.helios.repl.capture.Synchronous;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.status.Finding;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tier;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A commit of a synchronous tenant is acknowledged when its replica has it, whatever dies; and by policy if that takes too long. */
class SynchronousTest {

  /** No fsync: killing processes loses nothing that they have given to the operating system. */
  private static final Map<String, String> SETTINGS = Map.of("fsync", "off", "synchronous_commit", "local");

  private static final Duration SOON = Duration.ofSeconds(1);

  @TempDir Path directory;

  private CrashServer server;
  private Database source;
  private Database target;

  @BeforeEach
  void open() throws Exception {
    server = new CrashServer(directory.resolve("source"), SETTINGS);
    source = server.database();
    target = Database.create(Postgres.shared(17, "target"));
    source.execute(
        "CREATE TABLE orders (tenant_id text, id bigint, note text, PRIMARY KEY (tenant_id, id))",
        "ALTER SYSTEM SET synchronous_standby_names = 'helios_" + source.name() + "'",
        "SELECT pg_reload_conf()");
  }

  @AfterEach
  void close() throws Exception {
    server.close();
  }

  private Replication replicate(@Nullable Duration degradeAfter) {
    return new Replication(
        new CaptureMode.Wal(new Synchronous(Set.of(Tier.STANDARD), degradeAfter)),
        directory.resolve("data"), source, target, new Tenancy.ByColumn("tenant_id"));
  }

  private static boolean waitedFor(Replication replication, boolean now) {
    return replication.events.stream()
        .filter(event -> event.kind().equals("synchronous"))
        .reduce((earlier, later) -> later)
        .filter(last -> last.message().contains("no longer") != now)
        .isPresent();
  }

  private UUID start(Replication replication) {
    UUID tenant = replication.start("a");
    await().atMost(Replication.PATIENCE).until(() -> waitedFor(replication, true));
    return tenant;
  }

  /** Returns when the server has acknowledged it. */
  private void write(String commit, int id) {
    try (Connection connection = source.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SET synchronous_commit = " + commit);
      statement.execute("INSERT INTO orders VALUES ('a', " + id + ", 'x')");
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private CompletableFuture<Void> writing(int id) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread.ofPlatform().daemon().start(() -> {
      try {
        write("remote_apply", id);
        done.complete(null);
      } catch (RuntimeException e) {
        done.completeExceptionally(e);
      }
    });
    return done;
  }

  private boolean isThere(int id) {
    return target.value("SELECT count(*) FROM orders WHERE id = " + id).equals("1");
  }

  private Set<String> rows() {
    return target.query("SELECT id FROM orders").stream().collect(Collectors.toSet());
  }

  private void awaitWaiting() {
    await().atMost(Replication.PATIENCE).until(
        () -> source.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'").equals("1"));
  }

  /** Nothing can be applied until it is closed. */
  private Connection stall() throws SQLException {
    Connection connection = target.connect();
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE");
    }
    return connection;
  }

  private static double degraded(Replication replication) {
    return replication.meters.get("helios.repl.synchronous.degraded").tag("source", "shop").gauge().value();
  }

  @Test
  void whatIsAcknowledgedIsAtTheReplica() {
    try (Replication replication = replicate(null)) {
      start(replication);
      for (int i = 1; i <= 50; i++) {
        write("remote_apply", i);
        assertThat(isThere(i)).as("row %d", i).isTrue();
      }
      assertThat(source.value("SELECT sync_state FROM pg_stat_replication")).isEqualTo("sync");
    }
  }

  @Test
  void aKilledSourceHasAcknowledgedNothingThatTheReplicaLacks() throws Exception {
    try (Replication replication = replicate(null)) {
      UUID tenant = start(replication);
      AtomicInteger next = new AtomicInteger();
      for (int round = 1; round <= 3; round++) {
        Set<String> acknowledged = new ConcurrentSkipListSet<>();
        List<Thread> writers = new ArrayList<>();
        for (int w = 0; w < 4; w++) {
          writers.add(Thread.ofPlatform().start(() -> {
            try (Connection connection = source.connect();
                Statement statement = connection.createStatement()) {
              statement.execute("SET synchronous_commit = remote_apply");
              while (true) {
                int id = next.incrementAndGet();
                statement.execute("INSERT INTO orders VALUES ('a', " + id + ", 'x')");
                acknowledged.add(String.valueOf(id));
              }
            } catch (SQLException killed) {
              // The last one of each writer is not known.
            }
          }));
        }
        for (int looks = 0; looks < 20; looks++) {
          int some = acknowledged.size();
          await().atMost(Replication.PATIENCE).until(() -> acknowledged.size() > some + 4);
          Set<String> told = Set.copyOf(acknowledged);
          assertThat(rows()).containsAll(told);
        }
        server.crash();
        for (Thread writer : writers) {
          writer.join();
        }
        assertThat(rows()).containsAll(acknowledged);
        server.start();
        replication.catchUp(tenant);
      }
      replication.equal("SELECT * FROM orders ORDER BY 1, 2");
    }
  }

  @Test
  void aReplicaThatFallsBehindIsWaitedForNoLongerThanIsAllowedAndAgainWhenItKeepsUp() throws Exception {
    try (Replication replication = replicate(SOON)) {
      start(replication);
      try (Connection _ = stall()) {
        CompletableFuture<Void> waiting = writing(1);
        awaitWaiting();
        write("local", 2);
        waiting.join();
        assertThat(waitedFor(replication, false)).isTrue();
        assertThat(replication.events).anyMatch(
            event -> event.problem() != null && event.problem().code() == ErrorCode.SYNCHRONY_DEGRADED);
        assertThat(replication.fleet.examine()).extracting(Finding::code).contains(ErrorCode.SYNCHRONY_DEGRADED);
        write("remote_apply", 3);
        await().atMost(Replication.PATIENCE).until(() -> degraded(replication) == 1);
      }
      await().atMost(Replication.PATIENCE).until(() -> waitedFor(replication, true));
      assertThat(replication.fleet.examine()).extracting(Finding::code).doesNotContain(ErrorCode.SYNCHRONY_DEGRADED);
      write("remote_apply", 4);
      assertThat(isThere(4)).isTrue();
      await().atMost(Replication.PATIENCE).until(() -> degraded(replication) == 0);
    }
  }

  @Test
  void aServerThatIsStartedAnewAcknowledgesNothingForWhoIsBehind() throws Exception {
    CompletableFuture<Void> waiting;
    try (Replication replication = replicate(null)) {
      start(replication);
      write("remote_apply", 1);
    }
    try (Connection _ = stall();
        Replication replication = replicate(null)) {
      UUID tenant = replication.add("a", DesiredState.RUNNING);
      replication.becomes(tenant, TenantState.STREAMING);
      waiting = writing(2);
      awaitWaiting();
      await().pollDelay(Duration.ofSeconds(3)).until(() -> !waiting.isDone());
    }
    try (Replication replication = replicate(null)) {
      replication.add("a", DesiredState.RUNNING);
      waiting.join();
      assertThat(isThere(2)).isTrue();
    }
  }

  @Test
  void whoeverIsPausedOrNotOfTheTierIsNotWaitedFor() {
    try (Replication replication = replicate(null)) {
      UUID tenant = start(replication);
      replication.fleet.pauseTenant(tenant);
      await().atMost(Replication.PATIENCE).until(() -> waitedFor(replication, false));
      write("remote_apply", 1);
      assertThat(isThere(1)).isFalse();
      replication.fleet.resumeTenant(tenant);
      await().atMost(Replication.PATIENCE).until(() -> waitedFor(replication, true));
      write("remote_apply", 2);
      assertThat(isThere(1) && isThere(2)).isTrue();
    }
  }

  @Test
  void aCheckSaysWhoWaitsForNobodyAndWhoWouldWaitForEver() {
    try (Replication replication = replicate(SOON)) {
      assertThat(replication.fleet.checkSource("shop")).extracting(Finding::code)
          .doesNotContain(ErrorCode.COMMITS_DO_NOT_WAIT, ErrorCode.COMMITS_WAIT_FOR_SLOT);
      source.execute("ALTER DATABASE " + source.name() + " SET synchronous_commit = on");
      await().until(() -> replication.fleet.checkSource("shop").stream()
          .anyMatch(finding -> finding.code() == ErrorCode.COMMITS_WAIT_FOR_SLOT));
      source.execute(
          "ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (other, helios)'",
          "SELECT pg_reload_conf()");
      await().until(() -> replication.fleet.checkSource("shop").stream()
          .anyMatch(finding -> finding.code() == ErrorCode.COMMITS_DO_NOT_WAIT));
    }
  }
}
