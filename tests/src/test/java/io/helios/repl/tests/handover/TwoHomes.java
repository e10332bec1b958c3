package io.helios.repl.tests.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.pipeline.FleetSettings;
import io.helios.repl.pipeline.Handover;
import io.helios.repl.pipeline.SourceSettings;
import io.helios.repl.pipeline.TargetSettings;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.seal.Keyring;
import io.helios.repl.seal.MemoryKeyring;
import io.helios.repl.status.EndpointStatus;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import io.helios.repl.tests.fixture.Database;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A fleet, restarted when asked, between two databases that tenants go to and fro between; there may be more of each. */
public final class TwoHomes implements AutoCloseable {

  public static final Duration PATIENCE = Duration.ofSeconds(60);

  public final Database one;
  public final Database two;
  public final Queue<FleetEvent> events = new ConcurrentLinkedQueue<>();
  private final Keyring keyring = new MemoryKeyring(new byte[32]);
  private final Path directory;
  private final Tenancy tenancy;
  private final List<Database> sources;
  private final List<Database> targets;
  public Fleet fleet;

  public TwoHomes(Path directory, Database one, Database two, Tenancy tenancy) {
    this(directory, List.of(one), List.of(two), tenancy);
  }

  /** The first source and the first target are {@link #one} and {@link #two}. */
  public TwoHomes(Path directory, List<Database> sources, List<Database> targets, Tenancy tenancy) {
    this.directory = directory;
    this.one = sources.getFirst();
    this.two = targets.getFirst();
    this.sources = sources;
    this.targets = targets;
    this.tenancy = tenancy;
    this.fleet = open();
    fleet.start();
  }

  private Fleet open() {
    return new Fleet(
        new FleetSettings(
            directory,
            sources.stream().map(this::source).toList(),
            targets.stream().map(target -> new TargetSettings(target.name(), target.settings(), "there")).toList(),
            1L << 30,
            1L << 28,
            1L << 30,
            2,
            3),
        keyring,
        new SimpleMeterRegistry(),
        events::add);
  }

  private SourceSettings source(Database source) {
    String slot = "helios_" + source.name();
    return new SourceSettings(
        source.name(), source.settings(), tenancy, new TableFilter(List.of("*.*")), null, slot, slot, "here");
  }

  /** The same, from what is on disk; the tenants as who restarts the fleet knows them. */
  public void restart(Tenant... tenants) {
    fleet.close();
    fleet = open();
    for (Tenant tenant : tenants) {
      fleet.add(tenant, DesiredState.RUNNING);
    }
    fleet.start();
  }

  public Tenant start(String name) {
    Tenant tenant = declare(name, name, one, two);
    fleet.startTenant(tenant.id());
    streams(tenant.id());
    return tenant;
  }

  /** A tenant that is not started yet. */
  public Tenant declare(String name, String key, Database from, Database to) {
    UUID id = UUID.nameUUIDFromBytes((from.name() + name).getBytes(StandardCharsets.UTF_8));
    Tenant tenant =
        new Tenant(
            id, name, key, from.name(), to.name(), TableFilter.ALL, Tier.STANDARD, Duration.ofSeconds(5),
            ConflictPolicy.SOURCE_WINS, 1);
    fleet.add(tenant, DesiredState.CREATED);
    return tenant;
  }

  public void streams(UUID tenant) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(fleet.status(tenant).state())
                    .as(() -> String.valueOf(fleet.status(tenant).error()))
                    .isEqualTo(TenantState.STREAMING));
  }

  public Handover handover(Tenant tenant) {
    return fleet.handover(tenant.id());
  }

  /** A cutover without a word of traffic: the tenant as it is afterwards, and how long its home was closed. */
  public Tenant cutOver(Tenant tenant, long epoch) throws InterruptedException {
    Handover handover = handover(tenant);
    try (Handover.Fence _ = handover.fence(epoch, Duration.ofMillis(500))) {
      assertThat(handover.awaitPromoted(epoch, PATIENCE)).isTrue();
    }
    Tenant turned = handover.turn(epoch);
    streams(tenant.id());
    return turned;
  }

  /** Waits until everything that has committed there by now has been seen by who captures it. */
  public void captured(Database database) {
    Lsn now = Lsn.parse(database.value("SELECT pg_current_wal_insert_lsn()"));
    database.execute("SELECT pg_logical_emit_message(true, 'test', 'behind it')");
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                fleet.sources().stream()
                    .filter(source -> source.name().equals(database.name()))
                    .map(EndpointStatus::position)
                    .anyMatch(seen -> seen != null && seen.isAfter(now)));
  }

  public Database home(Tenant tenant) {
    return tenant.source().equals(one.name()) ? one : two;
  }

  public Database follower(Tenant tenant) {
    return tenant.source().equals(one.name()) ? two : one;
  }

  public void catchUp(Tenant tenant) throws InterruptedException {
    Fleet.await(fleet.caughtUp(tenant.id()), PATIENCE);
  }

  @Override
  public void close() {
    fleet.close();
  }
}
