package io.helios.repl.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.pipeline.CopyLimits;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.pipeline.TenantVerification;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.gaps.OwnServer;
import io.helios.repl.verify.VerifySettings;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Copies that others feel step back, and go on when they do not. */
class CopyUnderLoadTest {

  private static final String ORDERS =
      "CREATE TABLE orders (tenant_id text, id bigint, note text, PRIMARY KEY (tenant_id, id))";

  /** A day for each buffer: what is held stands still as far as a test can see. */
  private static final CopyLimits STRICT = new CopyLimits(Duration.ofSeconds(1), Duration.ofMillis(200), 1);

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  private static List<String> told(Replication replication) {
    return replication.events.stream()
        .filter(event -> event.kind().equals("copy-throttled"))
        .map(FleetEvent::message)
        .toList();
  }

  @Test
  void aCopyStandsStillWhileAnotherTenantLagsOrTheTargetAnswersSlowlyAndGoesOnAfterwards() throws Exception {
    source.execute(
        ORDERS, "INSERT INTO orders VALUES ('a', 1, 'x')", "INSERT INTO orders SELECT 'b', i, 'y' FROM generate_series(1, 5000) i");
    try (Replication replication = new Replication(directory, source, target, STRICT)) {
      UUID a = replication.start("a");
      UUID b = replication.add("b", DesiredState.CREATED);
      try (Connection holder = target.connect(); Statement hold = holder.createStatement()) {
        holder.setAutoCommit(false);
        hold.execute("SELECT FROM orders WHERE tenant_id = 'a' FOR UPDATE");
        source.execute("UPDATE orders SET note = 'z' WHERE tenant_id = 'a'");
        await()
            .atMost(Replication.PATIENCE)
            .until(() -> lag(replication.fleet.status(a)) > 1);
        replication.fleet.startTenant(b);
        await()
            .atMost(Replication.PATIENCE)
            .until(() -> replication.fleet.status(b).copy().throttled() != null && inside(b, replication));
        assertThat(replication.fleet.status(b).copy().throttled()).matches("lag of tenant \"a\" .* over 1.0 s");
        assertThat(replication.fleet.status(b).copy().bytes()).isZero();
        assertThat(told(replication)).singleElement().asString().startsWith("copy throttled: lag of tenant \"a\"");
        String probe = probe();
        signal("-STOP", probe);
        try {
          await()
              .atMost(Replication.PATIENCE)
              .until(() -> String.valueOf(replication.fleet.status(b).copy().throttled()).startsWith("a small query at target \"copy\""));
          holder.rollback();
          replication.catchUp(a);
          assertThat(replication.fleet.status(b).copy().bytes()).isZero();
        } finally {
          signal("-CONT", probe);
        }
      }
      assertThat(replication.becomes(b, TenantState.STREAMING).copy().throttled()).isNull();
      assertThat(told(replication)).last().isEqualTo("the copy goes on at full speed");
      replication.catchUp(b);
      replication.equal("SELECT * FROM orders ORDER BY tenant_id, id");
    }
  }

  @Test
  void aVerificationReadsNothingMoreWhileAnotherTenantLagsAndEndsAfterwards() throws Exception {
    source.execute(ORDERS, "INSERT INTO orders VALUES ('a', 1, 'x')", "INSERT INTO orders SELECT 'b', i, 'y' FROM generate_series(1, 100) i");
    try (Replication replication = new Replication(directory, source, target, STRICT)) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      try (Connection holder = target.connect(); Statement hold = holder.createStatement()) {
        holder.setAutoCommit(false);
        hold.execute("SELECT FROM orders WHERE tenant_id = 'a' FOR UPDATE");
        source.execute("UPDATE orders SET note = 'z' WHERE tenant_id = 'a'");
        await().atMost(Replication.PATIENCE).until(() -> lag(replication.fleet.status(a)) > 1);
        TenantVerification verification = replication.fleet.verify(b, VerifySettings.DEFAULT, null, evidence -> {});
        await().atMost(Replication.PATIENCE).until(() -> verification.progress().bytesExpected() > 0);
        assertThat(replication.events)
            .anySatisfy(event -> {
              assertThat(event.kind()).isEqualTo("verification-throttled");
              assertThat(event.message()).startsWith("verification throttled: lag of tenant \"a\"");
            });
        assertThat(verification.result()).isNotDone();
        assertThat(verification.progress().rows()).isZero();
        holder.rollback();
        assertThat(Fleet.await(verification.result(), Replication.PATIENCE).equal()).isTrue();
      }
    }
  }

  @Test
  @Tag("long")
  void aCopyStandsStillWhileAStandbyOfTheTargetDoesNotReplay() throws Exception {
    try (OwnServer own = OwnServer.start(directory.resolve("primary"));
        OwnServer standby = own.standby(directory.resolve("standby"), "")) {
      standby.start();
      Database here = own.database(Postgres.createDatabase(own.server()));
      source.execute(
          ORDERS, "INSERT INTO orders VALUES ('a', 1, 'x')", "INSERT INTO orders SELECT 'b', i, 'y' FROM generate_series(1, 5000) i");
      try (Replication replication = new Replication(directory.resolve("fleet"), source, here, STRICT);
          Connection holder = here.connect();
          Statement hold = holder.createStatement()) {
        UUID a = replication.start("a");
        Database replica = standby.database("postgres");
        replica.execute("SELECT pg_wal_replay_pause()");
        // By so much more than the other tenant will be that looks a second apart cannot take one for the other.
        await()
            .atMost(Replication.PATIENCE)
            .until(
                () -> {
                  unreplayed(here);
                  return !here.query("SELECT 1 FROM pg_stat_replication WHERE replay_lag > '5 s'").isEmpty();
                });
        // It holds the copy until the target was asked about its standbys for the first time.
        holder.setAutoCommit(false);
        hold.execute("SELECT FROM orders WHERE tenant_id = 'a' FOR UPDATE");
        source.execute("UPDATE orders SET note = 'z' WHERE tenant_id = 'a'");
        await().atMost(Replication.PATIENCE).until(() -> lag(replication.fleet.status(a)) > 1);
        UUID b = replication.add("b", DesiredState.CREATED);
        replication.fleet.startTenant(b);
        await()
            .atMost(Replication.PATIENCE)
            .until(
                () -> {
                  unreplayed(here);
                  return String.valueOf(replication.fleet.status(b).copy().throttled())
                      .startsWith("lag of standby \"walreceiver\" of target \"copy\"");
                });
        holder.rollback();
        replication.catchUp(a);
        assertThat(replication.fleet.status(b).copy().bytes()).isZero();
        replica.execute("SELECT pg_wal_replay_resume()");
        replication.becomes(b, TenantState.STREAMING);
      }
    }
  }

  /** A standby tells how far it is when something has come, and else every ten seconds only. */
  private static void unreplayed(Database primary) {
    primary.execute("SELECT pg_logical_emit_message(true, 'test', 'not replayed')");
  }

  /** The process of the target's server that is asked how busy it is, between two questions. */
  private String probe() {
    String asked =
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle'"
            + " AND application_name = 'helios-repl/load' AND query LIKE '%replay_lag%'";
    await().atMost(Replication.PATIENCE).until(() -> !target.query(asked).isEmpty());
    return target.value(asked);
  }

  private static void signal(String signal, String process) throws Exception {
    assertThat(new ProcessBuilder("kill", signal, process).start().waitFor()).isZero();
  }

  /** Its session at the target is in the middle of COPY, with no row yet. */
  private boolean inside(UUID tenant, Replication replication) {
    return replication.fleet.status(tenant).copy().bytes() == 0
        && !target
            .query("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY %FROM STDIN%' AND state = 'active'")
            .isEmpty();
  }

  private static double lag(TenantStatus status) {
    Double lag = status.lagSeconds();
    return lag == null ? 0 : lag;
  }

  @Test
  void withoutLoadNoCopyWaits() throws Exception {
    source.execute(ORDERS, "INSERT INTO orders SELECT 't' || i % 4, i, repeat('y', 100) FROM generate_series(1, 20000) i");
    try (Replication replication =
        new Replication(directory, source, target, new CopyLimits(Duration.ofSeconds(30), Duration.ofSeconds(30), 1))) {
      for (String tenant : List.of("t0", "t1", "t2", "t3")) {
        replication.fleet.startTenant(replication.add(tenant, DesiredState.CREATED));
      }
      replication.fleet.statuses().keySet().forEach(tenant -> replication.becomes(tenant, TenantState.STREAMING));
      assertThat(told(replication)).as("who is held is told of at once").isEmpty();
      assertThat(replication.fleet.statuses().values()).allMatch(status -> status.copy().rows() == 5000);
    }
  }
}
