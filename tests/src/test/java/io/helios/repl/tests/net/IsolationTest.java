package io.helios.repl.tests.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.FleetSettings;
import io.helios.repl.pipeline.SourceSettings;
import io.helios.repl.pipeline.TargetSettings;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.seal.MemoryKeyring;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One tenant's trouble is its own: the others' lag and the source's WAL do not show it. Prints both. */
class IsolationTest {

  private static final String ORDERS =
      "CREATE TABLE orders (tenant_id text, id bigint, note text, PRIMARY KEY (tenant_id, id))";

  /** What a tenant may take of the journal, and what the slot may hold back. */
  private static final long QUOTA = 2 << 20;
  private static final long WAL_BUDGET = 1 << 20;

  private static final List<String> OTHERS = List.of("a", "b", "c");

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database near = Database.create(Postgres.shared(17, "target"));
  private final Database far = Database.create(Postgres.shared(17, "target"));
  private int stamps;

  private Fleet fleet(ConnectionSettings toFar) {
    String slot = "helios_" + source.name();
    Fleet fleet =
        new Fleet(
            new FleetSettings(
                directory,
                List.of(new SourceSettings(
                    "shop", source.settings(), new Tenancy.ByColumn("tenant_id"), new TableFilter(List.of("*.*")), null, slot,
                    slot, "here")),
                List.of(new TargetSettings("near", near.settings(), "there"), new TargetSettings("far", toFar, "there")),
                1L << 30,
                QUOTA,
                WAL_BUDGET,
                2,
                3),
            new MemoryKeyring(new byte[32]),
            new SimpleMeterRegistry(),
            event -> {});
    fleet.start();
    return fleet;
  }

  private static UUID start(Fleet fleet, String name, String target) {
    UUID id = UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
    fleet.add(
        new Tenant(
            id, name, name, "shop", target, TableFilter.ALL, Tier.STANDARD, Duration.ofSeconds(5), ConflictPolicy.SOURCE_WINS, 1),
        DesiredState.CREATED);
    fleet.startTenant(id);
    becomes(fleet, id, TenantState.STREAMING);
    return id;
  }

  private static void becomes(Fleet fleet, UUID tenant, TenantState state) {
    await()
        .atMost(Journey.BOUND)
        .untilAsserted(() -> assertThat(fleet.status(tenant).state())
            .as(() -> String.valueOf(fleet.status(tenant).error()))
            .isEqualTo(state));
  }

  /** Milliseconds from a commit of one of the others to its being visible at their target, in the middle of so many. */
  private double medianLag(int samples) throws SQLException, InterruptedException {
    List<Double> lags = new ArrayList<>();
    try (Connection from = source.connect();
        Statement write = from.createStatement();
        Connection to = near.connect();
        Statement look = to.createStatement()) {
      for (int i = 0; i < samples; i++) {
        int stamp = ++stamps;
        String other = OTHERS.get(stamp % OTHERS.size());
        write.execute("INSERT INTO orders VALUES ('" + other + "', " + stamp + ", 'stamp')");
        long committed = System.nanoTime();
        while (!shows(look, other, stamp)) {
          assertThat(System.nanoTime() - committed).as("nanoseconds waited").isLessThan(Journey.BOUND.toNanos());
          Thread.sleep(1);
        }
        lags.add((System.nanoTime() - committed) / 1e6);
      }
    }
    return lags.stream().sorted().skip(samples / 2).findFirst().orElseThrow();
  }

  private static boolean shows(Statement look, String tenant, int id) throws SQLException {
    try (ResultSet row =
        look.executeQuery("SELECT FROM orders WHERE tenant_id = '" + tenant + "' AND id = " + id)) {
      return row.next();
    }
  }

  /** WAL that our slot holds back: what it was told, and what the server keeps for it. */
  private long retained(String column) {
    return Long.parseLong(source.value(
        "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), " + column + ")::bigint FROM pg_replication_slots WHERE slot_name = 'helios_"
            + source.name() + "'"));
  }

  private void write(String tenant, int from, int rows) {
    source.execute(
        "INSERT INTO orders SELECT '" + tenant + "', i, (SELECT string_agg(md5(i::text || j), '') FROM generate_series(1, 12) j)"
            + " FROM generate_series(" + from + ", " + (from + rows - 1) + ") i");
  }

  @Test
  void aTargetThatIsDownForLongFillsItsTenantsQuotaAndNothingElse() throws Exception {
    source.execute(ORDERS);
    try (FaultProxy proxy = new FaultProxy(far.server().port());
        Fleet fleet = fleet(proxy.through(far.settings()))) {
      List<UUID> others = new ArrayList<>();
      for (String other : OTHERS) {
        others.add(start(fleet, other, "near"));
      }
      UUID away = start(fleet, "away", "far");
      medianLag(20);
      double lagBefore = medianLag(60);
      proxy.refuse();
      proxy.cut(true);

      long most = 0;
      List<Double> lags = new ArrayList<>();
      for (int round = 1; round <= 60 && fleet.status(away).state() != TenantState.NEEDS_RESYNC; round++) {
        write("away", round * 1_000_000, 500);
        lags.add(medianLag(10));
        most = Math.max(most, retained("confirmed_flush_lsn"));
      }
      becomes(fleet, away, TenantState.NEEDS_RESYNC);
      Problem problem = Objects.requireNonNull(fleet.status(away).error());
      assertThat(problem.code()).isEqualTo(ErrorCode.JOURNAL_OVERFLOW);
      assertThat(problem.hint()).contains("tenant resync");
      double lagDuring = lags.stream().sorted().skip(lags.size() / 2).findFirst().orElseThrow();
      System.out.printf(
          "others' median lag: %.1f ms before, %.1f ms while a target is down; WAL held back by the slot: at most %,d bytes"
              + " behind (budget %,d), %,d kept by the server%n",
          lagBefore, lagDuring, most, WAL_BUDGET, retained("restart_lsn"));
      // The slot is within its budget of what is captured, and what is captured soon is all there is.
      await().atMost(Journey.BOUND).until(() -> retained("confirmed_flush_lsn") <= 2 * WAL_BUDGET);
      for (UUID other : others) {
        assertThat(fleet.status(other).state()).isEqualTo(TenantState.STREAMING);
        assertThat(fleet.status(other).error()).isNull();
        Fleet.await(fleet.caughtUp(other), Journey.BOUND);
      }

      proxy.heal();
      fleet.resyncTenant(away);
      becomes(fleet, away, TenantState.STREAMING);
      Fleet.await(fleet.caughtUp(away), Journey.BOUND);
      assertThat(Fleet.await(fleet.verify(away, Journey.BOUND), Journey.BOUND).equal()).isTrue();
    }
  }

  @Test
  void aPoisonedTenantStopsByNameAndTheOthersGoOn() throws Exception {
    source.execute(ORDERS);
    try (Fleet fleet = fleet(far.settings())) {
      List<UUID> others = new ArrayList<>();
      for (String other : OTHERS) {
        others.add(start(fleet, other, "near"));
      }
      UUID poisoned = start(fleet, "poisoned", "near");
      near.execute("ALTER TABLE orders ADD CONSTRAINT harmless CHECK (note <> 'poison') NOT VALID");
      medianLag(20);
      double before = medianLag(60);
      int id = 0;
      double during = 0;
      // Each attempt meets the same row; its operator starts it again and again.
      for (int attempt = 0; attempt < 5; attempt++) {
        source.execute("INSERT INTO orders VALUES ('poisoned', " + ++id + ", 'poison')");
        becomes(fleet, poisoned, TenantState.FAILED);
        Problem problem = Objects.requireNonNull(fleet.status(poisoned).error());
        assertThat(problem.code()).isEqualTo(ErrorCode.ROW_REJECTED);
        assertThat(problem.why()).contains("harmless").doesNotContain("poison\"");
        assertThat(problem.table()).isEqualTo("public.orders");
        if (attempt < 4) {
          fleet.startTenant(poisoned);
        }
        during = Math.max(during, medianLag(12));
      }
      System.out.printf(
          "others' median lag: %.1f ms without, %.1f ms at worst beside a tenant that fails at every attempt%n", before, during);
      for (UUID other : others) {
        assertThat(fleet.status(other).state()).isEqualTo(TenantState.STREAMING);
        assertThat(fleet.status(other).error()).isNull();
        Fleet.await(fleet.caughtUp(other), Journey.BOUND);
      }

      near.execute("ALTER TABLE orders DROP CONSTRAINT harmless");
      fleet.startTenant(poisoned);
      becomes(fleet, poisoned, TenantState.STREAMING);
      Fleet.await(fleet.caughtUp(poisoned), Journey.BOUND);
      assertThat(near.value("SELECT count(*) FROM orders WHERE tenant_id = 'poisoned'")).isEqualTo(String.valueOf(id));
    }
  }

  @Test
  @Tag("long")
  void tenantsThatWaitForALockLetTheOthersGoOn() throws Exception {
    source.execute(
        ORDERS,
        "CREATE TABLE notes (tenant_id text, id bigint, PRIMARY KEY (tenant_id, id))");
    try (Fleet fleet = fleet(far.settings());
        Connection operator = near.connect();
        Statement statement = operator.createStatement()) {
      List<UUID> others = new ArrayList<>();
      for (String other : OTHERS) {
        others.add(start(fleet, other, "near"));
      }
      List<UUID> locked = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        locked.add(start(fleet, "locked" + i, "near"));
      }
      medianLag(20);
      double before = medianLag(60);
      operator.setAutoCommit(false);
      statement.execute("LOCK TABLE notes IN ACCESS EXCLUSIVE MODE");
      source.execute("INSERT INTO notes SELECT 'locked' || i, n FROM generate_series(0, 7) i, generate_series(1, 10) n");
      for (UUID tenant : locked) {
        await().atMost(Journey.BOUND).until(() -> {
          Problem problem = fleet.status(tenant).error();
          return problem != null && problem.code() == ErrorCode.TARGET_LOCKED;
        });
      }
      double during = medianLag(60);
      System.out.printf(
          "others' median lag: %.1f ms without, %.1f ms beside %d tenants that wait for a lock%n", before, during, locked.size());
      for (UUID other : others) {
        Fleet.await(fleet.caughtUp(other), Journey.BOUND);
        assertThat(fleet.status(other).error()).isNull();
      }
      assertThat(near.query("SELECT FROM pg_locks WHERE relation = 'notes'::regclass AND mode = 'AccessExclusiveLock' AND granted"))
          .as("the lock is still held").hasSize(1);
      operator.rollback();
      for (UUID tenant : locked) {
        Fleet.await(fleet.caughtUp(tenant), Journey.BOUND);
        await().atMost(Journey.BOUND).untilAsserted(() -> assertThat(fleet.status(tenant).error()).isNull());
      }
      assertThat(near.value("SELECT count(*) FROM notes")).isEqualTo("80");
    }
  }
}
