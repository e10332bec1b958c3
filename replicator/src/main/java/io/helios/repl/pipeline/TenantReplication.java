package io.helios.repl.pipeline;

import io.helios.repl.apply.DdlPolicy;
import io.helios.repl.capture.CaptureMode;
import io.helios.repl.postgres.ConnectionStrings;
import io.helios.repl.seal.MemoryKeyring;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.status.Verification;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Consumer;
import javax.crypto.SecretKey;
import org.jspecify.annotations.Nullable;

/**
 * One tenant's replication inside an application, on the very classes that the server runs.
 *
 * <pre>{@code
 * try (TenantReplication replication = TenantReplication.builder()
 *     .source(Source.at("postgresql://helios@db-us/shop").tenantColumn("tenant_id").tenantKey("123")
 *         .tables("public.users", "public.orders*").lagTarget(Duration.ofSeconds(5)))
 *     .target(Target.at("postgresql://helios@db-eu/shop").onConflict(ConflictPolicy.SOURCE_WINS))
 *     .zstdLevel(3).key(aes256).dataDirectory(Path.of("helios-data"))
 *     .build()) {
 *   replication.start();
 *   ...
 * }
 * }</pre>
 *
 * The key seals the journal on disk: keep it, for without it what the journal holds cannot be read again. Any thread.
 */
public final class TenantReplication implements AutoCloseable {

  private final Fleet fleet;
  private final Tenant tenant;

  private TenantReplication(Fleet fleet, Tenant tenant) {
    this.fleet = fleet;
    this.tenant = tenant;
  }

  public static Builder builder() {
    return new Builder();
  }

  /** Copies what has not been copied, then streams. Returns at once; {@link #status} tells how it goes. */
  public void start() {
    fleet.startTenant(tenant.id());
  }

  public TenantStatus status() {
    return fleet.status(tenant.id());
  }

  /** Blocks until everything that had committed at the source before this call is committed at the target. */
  public void awaitCaughtUp(Duration patience) throws InterruptedException {
    Fleet.await(fleet.caughtUp(tenant.id()), patience);
  }

  /** Compares both sides at one point of the WAL while both are live. Blocks. */
  public Verification verify(Duration patience) throws InterruptedException {
    return Fleet.await(fleet.verify(tenant.id(), patience), patience);
  }

  /** Stops, and keeps everything that is needed to go on from here; so does {@link #close}. */
  public void stop() {
    fleet.close();
  }

  @Override
  public void close() {
    stop();
  }

  /** Where the tenant is read from. */
  public static final class Source {
    private final String uri;
    private Tenancy tenancy = new Tenancy.ByDatabase();
    private String key = "";
    private TableFilter tables = TableFilter.ALL;
    private @Nullable TableFilter referenceTables;
    private Duration lagTarget = Duration.ofSeconds(5);
    private String name = "source";
    private CaptureMode capture = new CaptureMode.Wal();

    private Source(String uri) {
      this.uri = uri;
    }

    /** A libpq URI; the password may come from PGPASSFILE. */
    public static Source at(String uri) {
      return new Source(uri);
    }

    /** Names publication and slot: {@code helios_<name>}. */
    public Source name(String sourceName) {
      this.name = sourceName;
      return this;
    }

    public Source tenantColumn(String column) {
      this.tenancy = new Tenancy.ByColumn(column);
      return this;
    }

    /** For example {@code tenant_{key}}. */
    public Source tenantSchema(String pattern) {
      this.tenancy = new Tenancy.BySchema(pattern);
      return this;
    }

    public Source wholeDatabase() {
      this.tenancy = new Tenancy.ByDatabase();
      return this;
    }

    /** The tenant's value in the tenant column, or in the schema pattern. */
    public Source tenantKey(String tenantKey) {
      this.key = tenantKey;
      return this;
    }

    /** Globs of {@code schema.table}; a leading {@code !} excludes. */
    public Source tables(String... globs) {
      this.tables = new TableFilter(List.of(globs));
      return this;
    }

    public Source referenceTables(String... globs) {
      this.referenceTables = new TableFilter(List.of(globs));
      return this;
    }

    /**
     * Polls this column instead of reading the WAL, which needs no more than SELECT. Deletes are not seen: see
     * {@link #checkpoint(CaptureMode.Checkpoint)}.
     */
    public Source checkpoint(String column) {
      return checkpoint(new CaptureMode.Checkpoint(column));
    }

    /** Polls a column, with everything that can be said about it. */
    public Source checkpoint(CaptureMode.Checkpoint how) {
      this.capture = how;
      return this;
    }

    public Source lagTarget(Duration target) {
      this.lagTarget = target;
      return this;
    }
  }

  /** Where the tenant's read-only copy is. */
  public static final class Target {
    private final String uri;
    private ConflictPolicy conflicts = ConflictPolicy.SOURCE_WINS;
    private String region = "target";
    private @Nullable DdlPolicy ddl;

    private Target(String uri) {
      this.uri = uri;
    }

    public static Target at(String uri) {
      return new Target(uri);
    }

    public Target onConflict(ConflictPolicy policy) {
      this.conflicts = policy;
      return this;
    }

    /**
     * What becomes of changes of the source's schema. Without it they are carried out on tables that were created here,
     * and stop the replication elsewhere.
     */
    public Target ddl(DdlPolicy policy) {
      this.ddl = policy;
      return this;
    }

    public Target region(String name) {
      this.region = name;
      return this;
    }
  }

  /** Collects the parts. Source, target, key and data directory are needed; the rest has defaults. */
  public static final class Builder {
    private @Nullable Source source;
    private @Nullable Target target;
    private @Nullable SecretKey key;
    private @Nullable Path dataDirectory;
    private int zstdLevel = 3;
    private int applyWorkers = 2;
    private long journalBytes = 20L << 30;
    private long walBudget = 1L << 30;
    private MeterRegistry meters = new CompositeMeterRegistry();
    private Consumer<FleetEvent> events = event -> {};

    private Builder() {}

    public Builder source(Source from) {
      this.source = from;
      return this;
    }

    public Builder target(Target to) {
      this.target = to;
      return this;
    }

    /** An AES-256 key: 32 bytes. */
    public Builder key(SecretKey aes256) {
      this.key = aes256;
      return this;
    }

    /** Where the journal lives; belongs to this replication alone. */
    public Builder dataDirectory(Path directory) {
      this.dataDirectory = directory;
      return this;
    }

    public Builder zstdLevel(int level) {
      this.zstdLevel = level;
      return this;
    }

    /** What the journal may take on disk, in bytes. */
    public Builder journalBytes(long bytes) {
      this.journalBytes = bytes;
      return this;
    }

    public Builder meters(MeterRegistry registry) {
      this.meters = registry;
      return this;
    }

    /** Told of each state change and each trouble, on an engine's thread: be quick. */
    public Builder events(Consumer<FleetEvent> listener) {
      this.events = listener;
      return this;
    }

    /** Opens the journal; touches no database yet. */
    public TenantReplication build() {
      Source from = Objects.requireNonNull(source, "a source is needed");
      Target to = Objects.requireNonNull(target, "a target is needed");
      SecretKey secret = Objects.requireNonNull(key, "an AES-256 key is needed");
      Path directory = Objects.requireNonNull(dataDirectory, "a data directory is needed");
      SourceSettings sourceSettings =
          new SourceSettings(
              from.name,
              ConnectionStrings.parse(from.uri, null),
              from.capture,
              from.tenancy,
              from.tables,
              from.referenceTables,
              "helios_" + from.name,
              "helios_" + from.name,
              "source");
      TargetSettings targetSettings = new TargetSettings("target", ConnectionStrings.parse(to.uri, null), to.region, to.ddl);
      String name = from.key.isEmpty() ? sourceSettings.connection().database() : from.key;
      UUID id =
          UUID.nameUUIDFromBytes(
              (sourceSettings.connection().place() + "\0" + name).getBytes(StandardCharsets.UTF_8));
      Tenant tenant =
          new Tenant(
              id,
              name,
              from.key,
              from.name,
              "target",
              TableFilter.ALL,
              Tier.STANDARD,
              from.lagTarget,
              to.conflicts,
              1);
      FleetSettings settings =
          new FleetSettings(
              directory,
              List.of(sourceSettings),
              List.of(targetSettings),
              journalBytes,
              journalBytes,
              walBudget,
              applyWorkers,
              zstdLevel);
      Fleet fleet = new Fleet(settings, new MemoryKeyring(secret.getEncoded()), meters, events);
      fleet.add(tenant, DesiredState.CREATED);
      fleet.start();
      return new TenantReplication(fleet, tenant);
    }
  }
}
