package io.helios.repl.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.apply.DdlPolicy;
import io.helios.repl.capture.CaptureMode;
import io.helios.repl.pipeline.CopyLimits;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.pipeline.FleetSettings;
import io.helios.repl.pipeline.SourceSettings;
import io.helios.repl.pipeline.Surroundings;
import io.helios.repl.pipeline.TargetSettings;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.seal.Keyring;
import io.helios.repl.seal.MemoryKeyring;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.postgres.schema.DumpPolicy;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import io.helios.repl.tests.fixture.Database;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/** A fleet between two databases, and what a test asks of it. */
public final class Replication implements AutoCloseable {

  public static final Duration PATIENCE = Duration.ofSeconds(90);

  public final Database source;
  public final Database target;
  public final Queue<FleetEvent> events = new ConcurrentLinkedQueue<>();
  public final Keyring keyring = new MemoryKeyring(new byte[32]);
  public final MeterRegistry meters = new SimpleMeterRegistry();
  public final Fleet fleet;

  public Replication(Path directory, Database source, Database target, Tenancy tenancy, @Nullable TableFilter reference) {
    this(directory, source, target, tenancy, reference, null);
  }

  public Replication(
      Path directory,
      Database source,
      Database target,
      Tenancy tenancy,
      @Nullable TableFilter reference,
      @Nullable DdlPolicy ddl) {
    this(directory, source, source.settings(), target, target.settings(), tenancy, reference, ddl);
  }

  public Replication(
      Path directory,
      Database source,
      ConnectionSettings reader,
      Database target,
      ConnectionSettings applier,
      Tenancy tenancy,
      @Nullable TableFilter reference) {
    this(directory, source, reader, target, applier, tenancy, reference, null);
  }

  /** One tenant column, in surroundings of the test's own. */
  public Replication(Path directory, Database source, Database target, Surroundings surroundings) {
    this(
        directory, source, source.settings(), target, target.settings(), new Tenancy.ByColumn("tenant_id"), null, null,
        surroundings, new CaptureMode.Wal(), CopyLimits.DEFAULT);
  }

  /** One tenant column; copies step back beyond these limits. */
  public Replication(Path directory, Database source, Database target, CopyLimits limits) {
    this(
        directory, source, source.settings(), target, target.settings(), new Tenancy.ByColumn("tenant_id"), null, null,
        Surroundings.REAL, new CaptureMode.Wal(), limits);
  }

  /** Captured in this way. */
  public Replication(CaptureMode capture, Path directory, Database source, Database target, Tenancy tenancy) {
    this(capture, directory, source, target, tenancy, null);
  }

  /** Captured in this way, with tables that belong to nobody. */
  public Replication(
      CaptureMode capture,
      Path directory,
      Database source,
      Database target,
      Tenancy tenancy,
      @Nullable TableFilter reference) {
    this(
        directory, source, source.settings(), target, target.settings(), tenancy, reference, null, Surroundings.REAL,
        capture, CopyLimits.DEFAULT);
  }

  /** @param reader the login at the source */
  public Replication(
      CaptureMode capture,
      Path directory,
      Database source,
      ConnectionSettings reader,
      Database target,
      Tenancy tenancy) {
    this(directory, source, reader, target, target.settings(), tenancy, null, null, Surroundings.REAL, capture,
        CopyLimits.DEFAULT);
  }

  /** @param reader the login at the source; {@code applier}: the one at the target */
  public Replication(
      Path directory,
      Database source,
      ConnectionSettings reader,
      Database target,
      ConnectionSettings applier,
      Tenancy tenancy,
      @Nullable TableFilter reference,
      @Nullable DdlPolicy ddl) {
    this(directory, source, reader, target, applier, tenancy, reference, ddl, Surroundings.REAL,
        new CaptureMode.Wal(), CopyLimits.DEFAULT);
  }

  /** One tenant column; these tenants are known, and run, before anything of the source is looked at, as with a server's start. */
  public static Replication of(Path directory, Database source, Database target, List<String> running) {
    return new Replication(
        directory, source, source.settings(), target, target.settings(), new Tenancy.ByColumn("tenant_id"), null, null,
        Surroundings.REAL, new CaptureMode.Wal(), CopyLimits.DEFAULT, running);
  }

  private Replication(
      Path directory,
      Database source,
      ConnectionSettings reader,
      Database target,
      ConnectionSettings applier,
      Tenancy tenancy,
      @Nullable TableFilter reference,
      @Nullable DdlPolicy ddl,
      Surroundings surroundings,
      CaptureMode capture,
      CopyLimits limits) {
    this(directory, source, reader, target, applier, tenancy, reference, ddl, surroundings, capture, limits, List.of());
  }

  private Replication(
      Path directory,
      Database source,
      ConnectionSettings reader,
      Database target,
      ConnectionSettings applier,
      Tenancy tenancy,
      @Nullable TableFilter reference,
      @Nullable DdlPolicy ddl,
      Surroundings surroundings,
      CaptureMode capture,
      CopyLimits limits,
      List<String> running) {
    this.source = source;
    this.target = target;
    String slot = "helios_" + source.name();
    this.fleet =
        new Fleet(
            new FleetSettings(
                directory,
                List.of(
                    new SourceSettings(
                        "shop", reader, capture, tenancy, new TableFilter(List.of("*.*")), reference, slot, slot, "here")),
                List.of(new TargetSettings("copy", applier, "there", ddl)),
                1L << 30,
                1L << 28,
                1L << 30,
                2,
                3,
                limits,
                DumpPolicy.AUTO),
            keyring,
            meters,
            events::add,
            surroundings);
    running.forEach(name -> add(name, DesiredState.RUNNING));
    fleet.start();
  }

  public static UUID id(String name) {
    return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
  }

  public UUID add(String name, DesiredState desired) {
    UUID id = id(name);
    fleet.add(
        new Tenant(
            id, name, name, "shop", "copy", TableFilter.ALL, Tier.STANDARD, Duration.ofSeconds(5),
            ConflictPolicy.SOURCE_WINS, 1),
        desired);
    return id;
  }

  public UUID start(String name) {
    UUID id = add(name, DesiredState.CREATED);
    fleet.startTenant(id);
    becomes(id, TenantState.STREAMING);
    return id;
  }

  public TenantStatus becomes(UUID tenant, TenantState state) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(fleet.status(tenant).state())
                    .as(() -> String.valueOf(fleet.status(tenant).error()))
                    .isEqualTo(state));
    return fleet.status(tenant);
  }

  public void catchUp(UUID tenant) throws InterruptedException {
    Fleet.await(fleet.caughtUp(tenant), PATIENCE);
  }

  /** Both sides answer the same, and something. */
  public void equal(String sql) {
    assertThat(target.query(sql)).isEqualTo(source.query(sql)).isNotEmpty();
  }

  @Override
  public void close() {
    fleet.close();
  }
}
