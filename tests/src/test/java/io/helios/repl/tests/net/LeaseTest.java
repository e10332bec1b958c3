package io.helios.repl.tests.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.helios.repl.apply.HomeLease;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.failover.coordination.Coordination;
import io.helios.repl.failover.lease.LeaseSettings;
import io.helios.repl.failover.lease.LeaseStatus;
import io.helios.repl.failover.lease.Leases;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.FleetSettings;
import io.helios.repl.pipeline.Handover;
import io.helios.repl.pipeline.SourceSettings;
import io.helios.repl.pipeline.TargetSettings;
import io.helios.repl.seal.MemoryKeyring;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.Fencing;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A tenant with fencing: lease, on real servers: the server's way to the source, and to the coordination, is cut; the tenant's own
 * clients reach the source all the time.
 */
@SuppressWarnings("NullAway.Init") // each test starts with a server of its own choice
class LeaseTest {

  private static final LeaseSettings SETTINGS = new LeaseSettings(Duration.ofMillis(600), Duration.ofMillis(200));
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path directory;

  private final Registers registers = new Registers();
  private Database one;
  private Database two;
  private FaultProxy way;
  private Fleet fleet;
  private Leases leases;
  private Tenant tenant;

  private void start(int major) {
    one = Database.create(Postgres.shared(major, "source"));
    two = Database.create(Postgres.shared(major, "target"));
    one.execute(
        "CREATE TABLE orders (tenant_id text, id bigserial, amount int, PRIMARY KEY (tenant_id, id))",
        "INSERT INTO orders (tenant_id, amount) VALUES ('a', 1), ('b', 1)");
    way = new FaultProxy(one.server().port());
    String slot = "helios_" + one.name();
    fleet =
        new Fleet(
            new FleetSettings(
                directory,
                List.of(
                    new SourceSettings(
                        one.name(), way.through(one.settings()), new Tenancy.ByColumn("tenant_id"),
                        new TableFilter(List.of("*.*")), null, slot, slot, "here")),
                List.of(new TargetSettings(two.name(), two.settings(), "there")),
                1L << 30, 1L << 28, 1L << 30, 2, 3),
            new MemoryKeyring(new byte[32]),
            new SimpleMeterRegistry(),
            event -> {});
    tenant = declared(Fencing.LEASE);
    fleet.add(tenant, DesiredState.CREATED);
    fleet.start();
    fleet.startTenant(tenant.id());
    await().atMost(PATIENCE).until(() -> fleet.status(tenant.id()).state() == TenantState.STREAMING);
    leases = leases("me");
    leases.start();
    await().atMost(PATIENCE).until(() -> fleet.leases().isSettled(tenant));
    writes();
  }

  private Tenant declared(Fencing fencing) {
    return new Tenant(
        UUID.nameUUIDFromBytes(new byte[] {1}), "a", "a", one.name(), two.name(), TableFilter.ALL, Tier.STANDARD,
        Duration.ofSeconds(5), ConflictPolicy.SOURCE_WINS, 1, fencing);
  }

  private Leases leases(String holder) {
    return new Leases(SETTINGS, fleet.leases(), fleet::tenants, registers, holder, event -> {});
  }

  @AfterEach
  void stop() {
    leases.close();
    fleet.close();
    way.close();
    one.drop();
    two.drop();
  }

  @Test
  void aSourceThatIsCutOffFromItsServerClosesByItselfAndOpensWhenItIsBack() {
    start(14);
    way.refuse();
    way.cut(true);
    closesInTime();
    one.execute("INSERT INTO orders (tenant_id, amount) VALUES ('b', 2)");
    way.heal();
    writes();
  }

  @Test
  @Tag("long")
  void soDoesOneWhoseLinkIsHalfOpen() {
    start(18);
    way.set(new FaultProxy.Swallow());
    closesInTime();
    way.heal();
    way.cut(true);
    writes();
  }

  @Test
  @Tag("long")
  void aRenewalThatComesLateOpensNothing() throws Exception {
    start(17);
    way.set(FaultProxy.Direction.TO_SERVER, new FaultProxy.Delay(SETTINGS.ttl().multipliedBy(2)));
    closesInTime();
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
    try (Connection client = one.connect()) {
      while (System.nanoTime() - until < 0) {
        assertThat(refused(client)).isNotNull();
      }
    }
    way.heal();
    way.cut(true);
    writes();
  }

  @Test
  @Tag("long")
  void aServerThatIsCutOffFromTheCoordinationRenewsNothing() {
    start(17);
    registers.cut = true;
    closesInTime();
    assertThat(leases.statuses()).extracting(LeaseStatus::given).containsOnly(false);
    assertThatThrownBy(() -> leases.untilOver(tenant))
        .isInstanceOfSatisfying(TransientException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.LEASE_NOT_HELD));
    registers.cut = false;
    writes();
  }

  @Test
  void whatIsWithheldIsOverWhenItWasSaidToBeAndNotRenewedUntilReleased() throws Exception {
    start(17);
    try (Connection client = one.connect()) {
      leases.withhold(tenant);
      long over = System.nanoTime() + leases.untilOver(tenant).toNanos();
      assertThat(leases.untilOver(tenant)).isPositive().isLessThanOrEqualTo(SETTINGS.over());
      long last = 0;
      for (int refusals = 0; System.nanoTime() - over < 0 || refusals < 10; ) {
        long begun = System.nanoTime();
        if (refused(client) == null) {
          last = begun;
        } else {
          refusals++;
        }
      }
      assertThat(last - over).as("a write was accepted after that").isNegative();
      assertThat(leases.untilOver(tenant)).isZero();
    }
    leases.release(tenant.id());
    writes();
  }

  @Test
  @Tag("long")
  void whoBeganWithinTheLeaseCannotCommitBehindIt() throws Exception {
    start(17);
    try (Connection client = one.connect()) {
      client.setAutoCommit(false);
      client.createStatement().execute("INSERT INTO orders (tenant_id, amount) VALUES ('a', 5), ('a', 6)");
      leases.withhold(tenant);
      await().atMost(PATIENCE).until(() -> leases.untilOver(tenant).isZero());
      assertThatThrownBy(client::commit)
          .isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("25006"))
          .hasMessageContaining("tenant \"a\"").hasMessageContaining("HR-8301");
    }
    assertThat(one.value("SELECT count(*) FROM orders WHERE amount IN (5, 6)")).isEqualTo("0");
    leases.release(tenant.id());
    writes();
    try (Connection client = one.connect()) {
      client.setAutoCommit(false);
      client.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      client.createStatement().execute("INSERT INTO orders (tenant_id, amount) VALUES ('a', 7)");
      awaitRenewals(10);
      client.createStatement().execute("INSERT INTO orders (tenant_id, amount) VALUES ('a', 8)");
      client.commit();
    }
    assertThat(one.value("SELECT count(*) FROM orders WHERE amount IN (7, 8)")).as("longer than a lease, and renewed").isEqualTo("2");
  }

  @Test
  @Tag("long")
  void aClockThatStandsBeforeTheRenewalFindsItClosed() throws Exception {
    start(17);
    leases.close();
    try (Connection connection = one.connect(); Connection client = one.connect()) {
      HomeLease lease = new HomeLease(connection, fleet.leases().owner(one.name()));
      long now = lease.clockMillis();
      lease.renew(now, 60_000);
      assertThat(refused(client)).isNull();
      lease.renew(now + 30_000, 60_000);
      assertThat(refused(client)).isNotNull();
      lease.renew(now - 60_001, 60_000);
      assertThat(refused(client)).isNotNull();
    }
  }

  @Test
  @Tag("long")
  void onlyWhoIsDeclaredSoAsksForALease() throws Exception {
    start(17);
    leases.close();
    try (Connection client = one.connect()) {
      await().atMost(PATIENCE).until(() -> refused(client) != null);
      fleet.change(declared(Fencing.EPOCH));
      leases = leases("me");
      leases.start();
      await().atMost(PATIENCE).until(() -> fleet.leases().isSettled(declared(Fencing.EPOCH)));
      assertThat(refused(client)).isNull();
      assertThatThrownBy(() -> leases.untilOver(declared(Fencing.EPOCH)))
          .isInstanceOfSatisfying(OperatorException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.LEASE_NOT_ARMED));
      assertThat(one.value("SELECT count(*) FROM pg_trigger WHERE tgname LIKE '!helios%'")).isEqualTo("0");
    }
  }

  @Test
  void anotherServerTakesItOnceItStandsStill() {
    start(17);
    leases.close();
    leases = leases("another");
    leases.start();
    String register = "lease/" + fleet.leases().owner(one.name());
    closesInTime();
    assertThat(registers.read(register).orElseThrow().value()).as("it is still the other one's").startsWith("me ");
    await().atMost(PATIENCE).until(() -> registers.read(register).orElseThrow().value().startsWith("another "));
    writes();
  }

  @Test
  void theNextHomeIsUnderALeaseFromItsFirstWriteOnAndACancelledMoveTakesNoneAway() throws Exception {
    start(17);
    Handover handover = fleet.handover(tenant);
    handover.arm();
    handover.disarm();
    assertThat(one.value("SELECT count(*) FROM pg_trigger WHERE tgname LIKE '!helios%'")).isNotEqualTo("0");
    handover.arm();
    try (Handover.Fence _ = handover.fence(2, Duration.ofSeconds(5))) {
      assertThat(handover.awaitPromoted(2, PATIENCE)).isTrue();
    }
    Tenant turned = handover.turn(2);
    assertThat(turned.fencing()).isEqualTo(Fencing.LEASE);
    try (Connection client = two.connect()) {
      await().atMost(PATIENCE).until(() -> refused(client) == null);
      leases.withhold(turned);
      assertThat(leases.untilOver(turned)).isPositive();
      await().atMost(PATIENCE).until(() -> leases.untilOver(turned).isZero());
      assertThat(refused(client)).contains("HR-8301");
    }
  }

  /** Every write that begins later than a lease after this is refused. */
  private void closesInTime() {
    long until = System.nanoTime() + SETTINGS.ttl().toNanos();
    try (Connection client = one.connect()) {
      long last = 0;
      for (int refusals = 0; refusals < 20; ) {
        long begun = System.nanoTime();
        String message = refused(client);
        if (message == null) {
          last = begun;
          refusals = 0;
        } else {
          assertThat(message).contains("tenant \"a\"").contains("HR-8301");
          refusals++;
        }
      }
      assertThat(last - until).as("accepted later than a lease after the cut").isNegative();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private void writes() {
    await().atMost(PATIENCE).until(() -> {
      try (Connection client = one.connect()) {
        return refused(client) == null;
      }
    });
  }

  private @Nullable String refused(Connection client) throws SQLException {
    try {
      client.createStatement().execute("INSERT INTO orders (tenant_id, amount) VALUES ('a', 2)");
      return null;
    } catch (SQLException e) {
      if (!"25006".equals(e.getSQLState())) {
        throw e;
      }
      return e.getMessage();
    }
  }

  private String register() {
    return one.value("SELECT relname FROM pg_class WHERE relname LIKE 'lease\\_%' AND relkind = 'S'");
  }

  private void awaitRenewals(int count) {
    for (int i = 0; i < count; i++) {
      String renewal = one.value("SELECT last_value FROM helios." + register());
      await().atMost(PATIENCE).until(() -> !one.value("SELECT last_value FROM helios." + register()).equals(renewal));
    }
  }

  /** Registers that several servers share, and that may be out of reach. */
  private static final class Registers implements Coordination {

    private final Map<String, Entry> entries = new TreeMap<>();
    private long versions;
    volatile boolean cut;

    private void reach() {
      if (cut) {
        throw new TransientException(new Problem(ErrorCode.UNREACHABLE, "no quorum answers", "it is cut off", "mend it"));
      }
    }

    @Override
    public synchronized Optional<Entry> read(String key) {
      reach();
      return Optional.ofNullable(entries.get(key));
    }

    @Override
    public synchronized List<Entry> list(String prefix) {
      reach();
      return entries.values().stream().filter(e -> e.key().startsWith(prefix)).toList();
    }

    @Override
    public synchronized boolean swap(String key, long version, @Nullable String value) {
      reach();
      Entry now = entries.get(key);
      if ((now == null ? 0 : now.version()) != version) {
        return false;
      }
      if (value == null) {
        entries.remove(key);
      } else {
        entries.put(key, new Entry(key, value, ++versions));
      }
      return true;
    }

    @Override
    public boolean isShared() {
      return true;
    }

    @Override
    public void close() {}
  }
}
